"""How likely a person answers a dial, and when, learnt: given how long it has been in the air already.

The times (how long after the dial a person picks up, is known to be one; a machine picks up; it comes to nothing)
change slowly; the share of dials that a person answers changes within minutes. So the two are learnt apart: times
with a long memory, the share on two scales, the quick one as answers seen over answers expected, hazard by hazard, of
the dials in the air. That ratio does not wait for dials to ring out.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import erf, exp, log, sqrt

from dialer.campaigns.pacing.share import Share

BIN_S = 0.5
TIMES_TRUST = 6.0
TIMES_MEMORY = 1500.0
LONGEST_S, BEYOND_S = 120.0, 15.0
"""The times are known up to this, or so long after the ring time-out: a dial may ring longer than was configured."""
TAIL = 0.005
"""The share of dials that do, before anything is known; a person is as likely to answer one of them as any other."""


class Times:
    """A distribution over time since the dial, in bins of half a second."""

    def __init__(self, bins: int, prior: Sequence[float]) -> None:
        self._weights = [TIMES_TRUST * weight for weight in prior]
        self._bins = bins
        self._unit = 1.0
        self.cdf: list[float] = []
        self.refresh()

    def learn(self, seconds: float) -> None:
        self._unit *= 1 + 1 / TIMES_MEMORY
        self._weights[max(0, min(self._bins - 1, int(seconds / BIN_S)))] += self._unit
        if self._unit > 1e9:
            self._weights = [weight / self._unit for weight in self._weights]
            self._unit = 1.0

    def learned(self) -> list[float]:
        return [round(weight / self._unit, 4) for weight in self._weights]

    def recall(self, weights: Sequence[float], keep: float) -> None:
        """`keep`: how much of their weight counts still, 0..1."""
        if len(weights) == self._bins and sum(weights) > 0:
            self._weights, self._unit = [keep * (weight + 1e-6) for weight in weights], 1.0

    def learn_after(self, seconds: float, weight: float) -> None:
        """It would have been later than that, nobody knows when: in proportion to what is known (Efron 1967)."""
        first = max(0, min(self._bins - 1, int(seconds / BIN_S) + 1))
        later = sum(self._weights[first:])
        if later > 0:
            scale = 1 + weight * self._unit / later
            self._weights[first:] = [known * scale for known in self._weights[first:]]

    def refresh(self, later: Mapping[int, float] | None = None) -> None:
        """`cdf[i]` is the share up to i · BIN_S; three bins are smoothed into one. `later`: by bin, how many more are
        to come after it (Kaplan and Meier 1958): at first only the early ones have come."""
        w, later = self._weights, later or {}
        left, cdf, at_risk = 1.0, [0.0], sum(w) + self._unit * sum(later.values())
        for i, (before, at, after) in enumerate(zip([w[0], *w], w, [*w[1:], w[-1]], strict=False)):
            here = 0.25 * before + 0.5 * at + 0.25 * after
            left *= 1 - here / at_risk if here < at_risk > 1e-9 else 0.0
            at_risk -= here
            if i in later:
                at_risk -= self._unit * later[i]
            cdf.append(1 - left)
        cdf[-1] = 1.0
        self.cdf = cdf

    def before(self, seconds: float) -> float:
        place = seconds / BIN_S
        i = int(place)
        if i >= self._bins:
            return 1.0
        return self.cdf[i] + (self.cdf[i + 1] - self.cdf[i]) * (place - i)


class Answers:
    def __init__(self, ring_s: float) -> None:
        self._ring_s = ring_s
        self.bins = int(max(LONGEST_S, ring_s + BEYOND_S) / BIN_S)
        person = _beyond(_lognormal(self.bins, 10.0, 0.45, ring_s + 4), ring_s)
        self.share = Share()
        self._person = Times(self.bins, person)
        self._live = Times(self.bins, [0.0, 0.0, *person[:-2]])
        self._other = Times(self.bins, _beyond(_other(self.bins, ring_s), ring_s))
        self._machine = Times(self.bins, _beyond(_lognormal(self.bins, 12.0, 0.7, ring_s + 4), ring_s))
        self._machines = 0.3
        """Of the dials that no person answers, those that a machine does."""
        self._detect_person, self._detect_machine = [1.0] * 12, [1.0] * 12
        self._detection_s = 1.0
        self.points: list[float] = []
        self._hazard: list[float] = []
        self._within: dict[int, list[float]] = {}
        """By age in bins, each row made when it is asked for first: most never are."""
        self.refresh(6)

    # -- learning -----------------------------------------------------------------------------------

    def person(self, now: float, answered: float, known: float) -> None:
        """A dial was found to be a person: seconds from the dial until the answer, and until it was known."""
        self.share.resolved(now, 1)
        self._person.learn(answered)
        self._live.learn(known)
        _fade(self._detect_person, known - answered)
        self._detection_s += 0.02 * (known - answered - self._detection_s)

    def nobody(self, now: float, after: float, detection: float | None) -> None:
        """No person: seconds from the dial until it failed, or a machine picked up that took so long to know."""
        self.share.resolved(now, 0)
        if self.share.out:
            return
        self._other.learn(after)
        self._machines += 0.005 * ((detection is not None) - self._machines)
        if detection is not None:
            self._machine.learn(after)
            _fade(self._detect_machine, detection)

    def taken_back(self, now: float, after: float) -> None:
        """We ended a dial that nobody had answered for so many seconds."""
        if self.share.out:
            return
        i, share = max(0, min(self.bins - 1, int(after / BIN_S))), self.share.settled
        by_person = share * (1 - self._person.cdf[i])
        person = by_person / max(1e-6, by_person + (1 - share) * (1 - self._other.cdf[i]))
        self.share.resolved(now, min(0.99, person))
        self._person.learn_after(after, person)
        self._live.learn_after(after, person)
        self._other.learn_after(after, 1 - person)

    def learned(self) -> dict[str, list[float]]:
        return {
            "person": self._person.learned(), "live": self._live.learned(), "other": self._other.learned(),
            "machine": self._machine.learned(), "share": self.share.learned(),
            "detection": [self._machines, self._detection_s], "detect_person": [*self._detect_person],
            "detect_machine": [*self._detect_machine], "ring": [self._ring_s],
        }  # fmt: skip

    def recall(self, learned: Mapping[str, Sequence[float]], keep: float) -> None:
        """Of another ring time-out, the times say nothing."""
        for name, times in (
            ("person", self._person), ("live", self._live), ("other", self._other), ("machine", self._machine),
        ):  # fmt: skip
            if "ring" in learned and learned["ring"] == [self._ring_s]:
                times.recall(learned[name], keep)
        dials, persons = learned["share"]
        self.share.recall(dials, persons, keep)
        self._machines, self._detection_s = learned["detection"]
        for detect, name in ((self._detect_person, "detect_person"), (self._detect_machine, "detect_machine")):
            detect[:] = [float(weight) for weight in learned[name]][: len(detect)]
        self.refresh(len(self.points))

    @property
    def detection_s(self) -> float:
        """From a person's answer until it is known, on average."""
        return self._detection_s

    # -- asking -------------------------------------------------------------------------------------

    def refresh(self, points: int, ages: Mapping[int, int] | None = None) -> None:
        """Make the tables anew, with dials in the air counted by age in bins. `self.points` are the times at which a
        dial placed now would be live, all as likely."""
        persons, others = self._to_come(ages or {})
        for times, later in (
            (self._person, persons), (self._live, persons), (self._other, others), (self._machine, None),
        ):  # fmt: skip
            times.refresh(later)
        cdf, at = self._live.cdf, 0
        self.points = []
        for k in range(points):
            while cdf[at + 1] < (k + 0.5) / points:
                at += 1
            self.points.append((at + 0.5) * BIN_S)
        self._within = {}

    def _live_within(self, age: int) -> list[float]:
        """Of the dials that a person answers, the share live by each point, of those of this age in bins."""
        row = self._within.get(age)
        if row is None:
            live, answered = self._live, self._person.cdf[age]
            row = [max(0.0, live.before(age * BIN_S + point) - answered) for point in self.points]
            self._within[age] = row
        return row

    def _to_come(self, ages: Mapping[int, int]) -> tuple[dict[int, float], dict[int, float]]:
        """Of these dials, how many a person will answer after so many bins, and how many will come to nothing."""
        persons, others, share = {}, {}, self.share.value
        for age, count in ages.items():
            if 0 < age < self.bins - 1:
                person, other = share * (1 - self._person.cdf[age]), (1 - share) * (1 - self._other.cdf[age])
                if person + other > 1e-6:
                    persons[age - 1] = count * person / (person + other)
                    others[age - 1] = count * other / (person + other)
        return persons, others

    def fresh(self) -> list[float]:
        """The chances that a dial placed now is live by each point."""
        share = self.share.value
        return [share * chance for chance in self._live_within(0)]

    def demand(self, ages: Mapping[int, int]) -> list[tuple[int, list[float]]]:
        """For dials in the air, counted by age in bins: the chance of each to be live by each point."""
        share = self.share.value
        person, other = self._person.cdf, self._other.cdf
        last = self.bins - 1
        rows = []
        for age, count in ages.items():
            i = min(age, last)
            left = share * (1 - person[i]) + (1 - share) * (1 - other[i])
            scale = min(share / max(left, 1e-3), 1 / max(1 - person[i], 1e-6))
            rows.append((count, [min(1.0, scale * chance) for chance in self._live_within(i)]))
        return rows

    def expect(self, ages: Mapping[int, int], seconds: float) -> None:
        """Count the answers that these dials were to bring within the last `seconds`."""
        share = self.share.settled
        person, other = self._person.cdf, self._other.cdf
        last, total = self.bins - 2, 0.0
        for age, count in ages.items():
            i = min(age, last)
            left = share * (1 - person[i]) + (1 - share) * (1 - other[i])
            if left > 1e-3:
                total += count * share * (person[i + 1] - person[i]) / BIN_S / left
        self.share.expected(total * seconds, seconds)

    def picked_up(self, calls: Iterable[tuple[float, float]]) -> list[float]:
        """The chance of a person for each call that was answered so long after the dial, so many seconds ago."""
        share = self.share.value
        chances = []
        for after, ago in calls:
            i = max(0, min(self.bins - 1, int(after / BIN_S)))
            by_person = share * (self._person.cdf[i + 1] - self._person.cdf[i] + 1e-4)
            by_machine = (1 - share) * self._machines * (self._machine.cdf[i + 1] - self._machine.cdf[i] + 1e-4)
            by_person *= _later(self._detect_person, ago)
            by_machine *= _later(self._detect_machine, ago)
            chances.append(by_person / max(1e-9, by_person + by_machine))
        return chances


def _fade(weights: list[float], seconds: float) -> None:
    for i in range(len(weights)):
        weights[i] *= 0.995
    weights[max(0, min(len(weights) - 1, int(seconds / BIN_S)))] += 1.0


def _later(weights: Sequence[float], ago: float) -> float:
    """The share of detections that take longer than `ago`."""
    place = ago / BIN_S
    i = min(len(weights) - 1, int(place))
    return (sum(weights[i + 1 :]) + weights[i] * max(0.0, 1 - (place - i))) / sum(weights) + 1e-4


def _lognormal(bins: int, median: float, sigma: float, end: float) -> list[float]:
    def cdf(seconds: float) -> float:
        return 0.5 * (1 + erf(log(max(1e-3, min(seconds, end)) / median) / sigma / sqrt(2)))

    whole = cdf(end)
    return [(cdf((i + 1) * BIN_S) - cdf(i * BIN_S)) / whole for i in range(bins)]


def _beyond(weights: Sequence[float], ring_s: float) -> list[float]:
    """The same with a tail after the ring time-out."""
    first = min(len(weights) - 1, int((ring_s + 4) / BIN_S))
    tail = [0.0 if i < first else exp(-(i - first) * BIN_S / ring_s) for i in range(len(weights))]
    whole = sum(tail)
    return [(1 - TAIL) * weight + TAIL * more / whole for weight, more in zip(weights, tail, strict=True)]


def _other(bins: int, ring_s: float) -> list[float]:
    """No person: some fail or are a machine at once, most ring out or come to a machine late."""
    weights = [0.0] * bins
    for at, share in ((2.0, 0.25), (4.0, 0.1), (0.75 * ring_s + 2, 0.3), (ring_s + 2, 0.35)):
        for offset in (-2, -1, 0, 1, 2):
            weights[max(0, min(bins - 1, int(at / BIN_S) + offset))] += share / 5
    return weights
