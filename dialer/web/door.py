"""Who stands at the door: tokens and their holders, and the wait of those who guess."""

import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dialer.config.access import Holder
from dialer.config.access_checks import digest_of
from dialer.web.rights import OPERATOR_HOLDER

FREE: Final = 10
"""Refusals of an address that are answered at once."""
FORGOTTEN_S: Final = 60.0
"""After so long without a further one they are."""
FIRST_S: Final = 0.25
LONGEST_S: Final = 4.0
MOST_ADDRESSES: Final = 10_000
MOST_WAITING: Final = 100


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, for what is kept of it. As text `portal`, or `portal/maria` where it asks on maria's behalf."""

    holder: Holder
    on_behalf_of: str | None = None

    def on_behalf(self, name: str | None) -> "Who":
        """None: as it is."""
        return self if name is None else replace(self, on_behalf_of=name)

    def __str__(self) -> str:
        return self.holder.name if self.on_behalf_of is None else f"{self.holder.name}/{self.on_behalf_of}"


def parts_of(who: str) -> tuple[str, str | None]:
    """The holder's name and on whose behalf, of what was kept."""
    name, slash, behalf = who.partition("/")
    return name, behalf if slash else None


class Door:
    """`token`: of `web.token_env`. `others`: who else has one, as the configuration has them just now; None without
    such a file. Once closed, it stays so: a reload that takes the last token away lets nobody in."""

    def __init__(
        self, token: str | None = None, others: Callable[[], Sequence[Holder] | None] = lambda: None
    ) -> None:
        self._operator = replace(OPERATOR_HOLDER, digest=digest_of(token)) if token else None
        self._others = others
        self._was_named = False

    @property
    def named(self) -> bool:
        """Others than the operator may have tokens."""
        self._was_named = self._was_named or self._others() is not None
        return self._was_named

    @property
    def closed(self) -> bool:
        """Nobody comes in without a token."""
        return self._operator is not None or self.named

    def holder(self, token: str) -> Holder | None:
        """All digests are compared, each in constant time: how long it takes says nothing of any."""
        digest, found = digest_of(token), None
        for holder in self._all():
            if hmac.compare_digest(digest, holder.digest):
                found = holder
        return found

    def stands(self, holder: Holder) -> bool:
        """Whether what it opened may go on: its token is not revoked, and means the same as then."""
        return holder in self._all() if self.closed else True

    def _all(self) -> tuple[Holder, ...]:
        return (*(self._others() or ()), *filter(None, [self._operator]))


class Refusals:
    """How often each address was refused of late."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self.waiting = 0

    def wait_s(self, address: str, now: float) -> float:
        """One more refusal: how long its answer is held back. 0 when too many wait already."""
        count, since = self._counts.pop(address, (0, now))
        count = 1 if now - since > FORGOTTEN_S else count + 1
        self._counts[address] = count, now
        if len(self._counts) > MOST_ADDRESSES:
            self._counts.popitem(last=False)
        if count <= FREE or self.waiting >= MOST_WAITING:
            return 0.0
        return float(min(LONGEST_S, FIRST_S * 2.0 ** min(count - FREE - 1, 10)))

    def is_first(self, address: str) -> bool:
        """Of a spell: worth a line of the log."""
        return self._counts.get(address, (0, 0.0))[0] == 1
