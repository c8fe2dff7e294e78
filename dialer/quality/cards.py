"""What a person's points come to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dialer.config.score_cards import Criterion


@dataclass(frozen=True, slots=True)
class Scored:
    score: float
    """0 to 100; 0 where a critical criterion failed."""
    failed: tuple[str, ...]
    """Critical criteria with 0 points."""


def scored(criteria: Mapping[str, Criterion], points: Mapping[str, int | None]) -> Scored:
    """By weight, of what the call gave occasion for. Raises ValueError for points that the card does not have: every
    criterion needs its own, but an optional one."""
    if missing := sorted(name for name in criteria.keys() - points.keys() if not criteria[name].optional):
        raise ValueError(f"no points for {', '.join(missing)}")
    if unknown := sorted(points.keys() - criteria.keys()):
        raise ValueError(f"the card has no {', '.join(unknown)}; it has: {', '.join(criteria)}")
    weights = reached = 0.0
    for name, given in points.items():
        criterion = criteria[name]
        if given is None:
            if not criterion.optional:
                raise ValueError(f"{name} cannot be left out; 0 to {criterion.points} points")
            continue
        if not 0 <= given <= criterion.points:
            raise ValueError(f"{given} points for {name}; 0 to {criterion.points}")
        weight = criterion.points if criterion.weight is None else criterion.weight
        weights += weight
        reached += weight * given / criterion.points
    if not weights:
        raise ValueError("nothing is scored; give points for at least one criterion")
    failed = tuple(name for name, given in points.items() if given == 0 and criteria[name].critical)
    return Scored(0.0 if failed else 100.0 * reached / weights, failed)


@dataclass(frozen=True, slots=True)
class Given:
    """A card that counts: of its person the last about the recording."""

    recording: str
    by: str
    group: str
    """Whose results: an agent, a campaign, a client."""
    score: float
    passed: bool
    failed: Sequence[str]
    points: Mapping[str, Sequence[int | None]]
    """By criterion: given, and the most that could be."""


@dataclass(frozen=True, slots=True)
class Result:
    group: str
    recordings: int
    mean: float
    """0 to 100, of the recordings: of several persons' cards of one, their mean."""
    passed: int
    """Recordings that all who scored them passed."""
    failed: int
    """Recordings with a critical failure on anybody's card."""
    criteria: Mapping[str, float]
    """By criterion: the mean share of its points, 0 to 100."""


def results(cards: Iterable[Given]) -> list[Result]:
    groups: dict[str, list[Given]] = {}
    for card in cards:
        groups.setdefault(card.group, []).append(card)
    return [_result(group, own) for group, own in sorted(groups.items())]


def _result(group: str, cards: Sequence[Given]) -> Result:
    by_recording: dict[str, list[Given]] = {}
    for card in cards:
        by_recording.setdefault(card.recording, []).append(card)
    shares: dict[str, list[float]] = {}
    for card in cards:
        for name, (given, most) in card.points.items():
            if given is not None and most:
                shares.setdefault(name, []).append(100.0 * given / most)
    return Result(
        group, len(by_recording),
        _mean([_mean([card.score for card in own]) for own in by_recording.values()]),
        sum(all(card.passed for card in own) for own in by_recording.values()),
        sum(any(card.failed for card in own) for own in by_recording.values()),
        {name: _mean(found) for name, found in sorted(shares.items())},
    )  # fmt: skip


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
