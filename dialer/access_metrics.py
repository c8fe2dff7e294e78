"""What Prometheus sees of who was refused by the API, and how much of its page a holder sees of some clients alone."""

import re
from collections.abc import Callable, Collection
from typing import Final, Literal

from dialer.exposition import Children

Why = Literal["no_token", "wrong_token", "no_right", "not_theirs"]
WHYS: Final[tuple[Why, ...]] = ("no_token", "wrong_token", "no_right", "not_theirs")


class AccessMetrics:
    def __init__(self, counter: Callable[..., Children]) -> None:
        self._denied = counter(
            "dialer_api_denials", "Requests refused: no_token, wrong_token, no_right (of the holder's role or over so "
            "many clients), not_theirs (another client's thing, or none).", "why")
        for why in WHYS:  # of a series that begins at 1 Prometheus sees no increase
            self._denied.inc(why, by=0)

    def denied(self, why: Why) -> None:
        self._denied.inc(why)


def only_of(page: bytes, clients: Collection[str]) -> bytes:
    """Of a page in Prometheus' or OpenMetrics' text those series that are of one of these clients by their label."""
    names = "|".join(map(re.escape, sorted(clients)))
    mine = re.compile(rf'^[a-z_]+\{{(?:.*,)?client="(?:{names})"[,}}]')
    lines = page.decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.startswith("#") or mine.match(line)).encode()
