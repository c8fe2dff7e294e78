"""Test calls: when they are placed, what their own side does, and how they are scored."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dialer.config.test_calls import Expect, Heard, Step, TestCall, Times
from dialer.flows.fields import Recorded, Spoken
from dialer.quality.cards import scored
from dialer.quality.heard import Ruling

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEAST_DIGITS = 6
"""Of a caller's number that have to be the same: a carrier may bring it back in national form."""


def drawn(*of: object) -> float:
    """0..1, the same for the same: so that a restart places no test call twice."""
    text = "\0".join(map(str, of))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / 2**64


def moments(name: str, times: Times, day: date, zone: ZoneInfo) -> Iterator[float]:
    """Epoch seconds of a day's test calls, each in its own part of the time, so that they do not come in a heap."""
    if _DAYS[day.weekday()] not in times.days:
        return
    first, last = _at(day, times.from_, zone), _at(day, times.to, zone)
    part = (last - first) / times.per_day
    for index in range(times.per_day):
        yield first + part * (index + drawn(name, day, index))


def due(name: str, times: Times, since: float, until: float, zone: ZoneInfo) -> Iterator[float]:
    """The moments after `since`, up to `until`."""
    day, last = (datetime.fromtimestamp(at, zone).date() for at in (since, until))
    while day <= last:
        yield from (at for at in moments(name, times, day, zone) if since < at <= until)
        day += timedelta(days=1)


def _at(day: date, clock: str, zone: ZoneInfo) -> float:
    hours, minutes = map(int, clock.split(":"))
    days, hours = divmod(hours, 24)
    return datetime.combine(day + timedelta(days=days), time(hours, minutes), zone).timestamp()


def deeds(script: Sequence[Step]) -> list[int | str | Spoken | Recorded]:
    """What its own side does, one after another: whole seconds to wait, keys as Asterisk's SendDTMF takes them (`w` is
    half a second), or something to say."""
    found: list[int | str | Spoken | Recorded] = []
    for step in script:
        whole, half = divmod(round(2 * (step.wait or 0.0)), 2)
        keys = "w" * half + (step.press or "")
        if whole:
            found.append(whole)
        if keys and found and isinstance(found[-1], str):
            found[-1] += keys
        elif keys:
            found.append(keys)
        if step.say is not None:
            found.append(step.say)
    return found


def same_caller(sent: str, came: str) -> bool:
    """Whether a number is the one that was shown, in whatever form it comes back."""
    one, other = ("".join(filter(str.isdigit, number)).lstrip("0") for number in (sent, came))
    return len(other) >= LEAST_DIGITS and one.endswith(other)


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a test call where it came in."""

    queue: str | None
    node: str | None
    """Of the flow, the last."""
    outcome: str
    arrived_at: float
    answered_at: float | None
    joined_at: float | None
    language: str | None
    skills: Sequence[str]
    """Of the agent who took it."""
    mos: float | None
    """Of the worse direction; None: too short for a report."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule, and whether the call met it."""

    rule: str
    met: bool | None
    """None: it cannot be said."""
    weight: int
    wanted: str
    got: str


def judge(test: TestCall, came: Came, heard: Sequence[Ruling] = ()) -> list[Verdict]:
    """By every rule that the test has. `heard`: by ear, of each thing that should be heard; left out, it is unknown."""
    found = []
    for rule, wanted in test.expect.model_dump(exclude_none=True, exclude={"hears"}).items():
        met, got = _met(test.expect, rule, came)
        weight = test.weights.get(rule, 1)  # type: ignore[call-overload]
        found.append(Verdict(rule, met, weight, str(wanted), got))
    for index, one in enumerate(test.expect.hears or ()):
        ruling = heard[index] if heard else Ruling(None, "")
        found.append(Verdict("hears", ruling.met, test.weights.get("hears", 1), shown(one), ruling.got))
    return found


def shown(heard: Heard) -> str:
    """`prompt welcome from 2 s`."""
    values = {"prompt": heard.prompt, "tone": heard.tone, "speech": heard.speech, "silence": heard.silence}
    [what] = [f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
              for name, value in values.items() if value is not None]  # fmt: skip
    what += f" ({heard.language})" if heard.language else ""
    what += f" from {heard.from_:g} s" if heard.from_ else ""
    what += f" to {heard.to:g} s" if heard.to is not None else ""
    return f"never {what}" if heard.never else what


def _met(expect: Expect, rule: str, came: Came) -> tuple[bool | None, str]:
    match rule:
        case "queue" | "node" | "outcome" | "language":
            got = getattr(came, rule)
            return got == getattr(expect, rule), str(got or "")
        case "answered_within":
            at = came.joined_at if expect.queue is not None else came.answered_at
            if at is None:
                return False, ""
            return at - came.arrived_at <= (expect.answered_within or 0.0), f"{at - came.arrived_at:.1f}"
        case "agent_skill":
            return expect.agent_skill in came.skills, " ".join(came.skills)
        case _:
            met = None if came.mos is None else came.mos >= (expect.mos_at_least or 0.0)
            return met, "" if came.mos is None else f"{came.mos:.2f}"


def by_rules(verdicts: Sequence[Verdict]) -> float | None:
    """0 to 100: the weight of what was met, of what could be judged; None where nothing could."""
    judged = [verdict for verdict in verdicts if verdict.met is not None]
    of = sum(verdict.weight for verdict in judged)
    return 100.0 * sum(verdict.weight for verdict in judged if verdict.met) / of if of else None


def by_card(test: TestCall, points: Mapping[str, int | None]) -> float:
    """0 to 100. Raises ValueError for points that the card does not have: every item needs its own."""
    if test.card is None:
        raise ValueError(f"{test.test} has no score card; add `card:` to configs/test_calls/{test.test}.yaml")
    return scored(test.card.items, points).score


def score(test: TestCall, rules: float | None, card: float | None) -> float | None:
    """Both together, 0 to 100."""
    if card is None or test.card is None:
        return rules
    if rules is None:
        return card
    return rules * (1 - test.card.weight) + card * test.card.weight
