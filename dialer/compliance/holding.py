"""Which packs hold for a campaign's calls, and for which numbers. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dialer.compliance.pack import Pack

STRICT = "strict"
"""The pack for numbers whose country has none."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The numbers that a pack holds for."""

    countries: frozenset[str] | None = None
    """ISO 3166; None: all numbers."""
    rest: bool = False
    """All countries but these, and numbers of none."""

    def covers(self, country: str | None) -> bool:
        return self.countries is None or (country in self.countries) is not self.rest


EVERYWHERE = Reach()


def holding(rules: Sequence[str] | None, packs: Mapping[str, Pack]) -> Iterator[tuple[Pack, Reach]]:
    """For a campaign with these `rules`: those that it names, for every number; where it names none, each pack for its
    countries and `strict` for the rest. Raises KeyError for one that is not there: nobody is called on a guess."""
    if rules is not None:
        yield from ((packs[name], EVERYWHERE) for name in rules)
        return
    taken = frozenset(country for pack in packs.values() for country in pack.countries)
    yield packs[STRICT], Reach(taken, rest=True)
    yield from ((pack, Reach(frozenset(pack.countries))) for name, pack in packs.items() if name != STRICT)
