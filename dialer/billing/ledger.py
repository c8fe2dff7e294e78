"""The ledger only grows: what changes is taken back by an entry of its own, and said anew.

An entry's revision is even; the one that takes it back has the next, odd one; what then stands has the next even one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dialer.billing.entry import Entry

TAKEN_BACK = "taken back: "


def taken_back(entry: Entry) -> Entry:
    """Together with the entry it comes to nothing."""
    return replace(entry, quantity=-entry.quantity, amount=-entry.amount, reason=f"{TAKEN_BACK}{entry.reason}",
                   revision=entry.revision + 1)


def changes(latest: Mapping[str, Entry], rated: Iterable[Entry]) -> Iterator[Entry]:
    """What must be added to a ledger so that it says what was rated; `latest` has its last revision by key."""
    for entry in rated:
        before = latest.get(entry.key)
        if before is None:
            yield entry
        elif before.revision % 2:
            yield replace(entry, revision=before.revision + 1)
        elif replace(before, revision=0) != entry:
            yield taken_back(before)
            yield replace(entry, revision=before.revision + 2)
