"""The share of dials that a person answers, learnt: steadily while nothing changes, within some answers when it does.

The settled share is that of some 1,500 dials. What differs from it of late is the ratio of answers seen to answers
expected, hazard by hazard, of the dials in the air: that does not wait for dials to ring out. The ratio is taken over a
long memory while shorter ones agree with it as far as chance goes, and over a shorter one as they do not (Lepski 1990).
"""

from math import inf, sqrt

MEMORY = 1500.0
"""Dials."""
SCALES = (25.0, 100.0, 400.0)
"""Expected answers after which a ratio forgets, ..."""
QUICK_S = 60.0
"""... the shortest at least those of so many seconds, the others as many times that as they are longer."""
TRUST = 10.0
AGREE, DIFFER = 1.5, 2.5
"""In standard deviations: a shorter memory that is so near to the longer one says nothing, one so far says all."""
BREAK_SIGMAS = 3.2
RECALLED = 200.0
"""Dials that the share of an earlier life counts as, at most."""
OUTAGE_DIALS = 40.0
OUTAGE_S = 900.0
"""An outage longer than this is no outage: the list is like that."""
OUTAGE_HOPED = 5.0
OUT, BACK = 1 / 3, 0.4
"""Fewer than this of the persons to be expected are an outage, more than that are none any more."""
DROUGHT = 9.0
"""So many persons to be expected, and nobody: the same. By chance, once in e^9 answers."""
COLD_S, WARM_S = 30.0, 60.0
"""At first it is not known either when people answer, and what comes to nothing at once is seen before whoever answers:
so long silence and failures say nothing, and all after so much more."""
LEAST, MOST = 0.005, 0.98
PRIOR, PRIOR_DIALS = 0.4, 10.0
"""The share before anything is known, and as sure as after so many dials."""
BREAK_S = 120.0
"""So long after a break nothing is taken for an outage: what is settled is a guess from a few answers."""


class Ratio:
    """Answers seen and answers expected, with a memory of so many expected ones."""

    def __init__(self, memory: float) -> None:
        self._memory = memory
        self.seen = self.expected = 0.0

    def expect(self, answers: float, seconds: float) -> None:
        memory = self._memory
        if seconds > 0:
            memory *= max(1.0, answers / seconds * QUICK_S / SCALES[0])
        fade = max(0.0, 1 - answers / memory)
        self.seen *= fade
        self.expected = (self.expected + answers) * fade

    def sigmas(self, ratio: float) -> float:
        """How far what was seen is from that ratio, in standard deviations."""
        expected = self.expected * ratio
        return abs(self.seen - expected) / sqrt(expected + 1)

    def clear(self) -> None:
        self.seen = self.expected = 0.0


class Share:
    """The share of dials that a person answers."""

    def __init__(self) -> None:
        self._dials, self._persons = PRIOR_DIALS, PRIOR_DIALS * PRIOR
        self._ratios = [Ratio(memory) for memory in SCALES]
        self._recent, self._recent_persons = 0.0, 0.0
        self._out_since: float | None = None
        self._now = self._watched_s = self._drought = 0.0
        self.broken_at = -inf
        """When what was settled was last found to be over."""
        self.value = self.settled
        self.variation = 1.0
        """The standard deviation of the estimate over itself."""
        self._estimate()

    def learned(self) -> list[float]:
        return [self._dials, self._persons]

    def recall(self, dials: float, persons: float, keep: float) -> None:
        """Not for more than it is worth: people answer otherwise at another hour."""
        trust = max(10.0, keep * min(dials, RECALLED))
        self._dials, self._persons = trust, trust * min(MOST, max(LEAST, persons / dials))
        self._watched_s = COLD_S + WARM_S
        self._estimate()

    def turn(self, factor: float) -> None:
        """Another hour begins, in which people answer so many times as often."""
        self._persons = self._dials * min(MOST, max(LEAST, factor * self.settled))
        self._estimate()

    @property
    def settled(self) -> float:
        """On the long scale."""
        return self._persons / self._dials

    @property
    def out(self) -> bool:
        return self._out_since is not None

    def resolved(self, now: float, person: float) -> None:
        """A dial came to its end: 1 for a person, 0 for none, what is likely when it was taken back."""
        self._now = now
        keep = 1 - 1 / OUTAGE_DIALS
        self._recent = self._recent * keep + 1
        self._recent_persons = self._recent_persons * keep + person
        self._watch_outage(now)
        if self._out_since is None:
            fade = 1 - 1 / MEMORY
            self._dials = self._dials * fade + 1
            self._persons = self._persons * fade + person
            if person == 1:
                self._drought = 0.0
                for ratio in self._ratios:
                    ratio.seen += 1
                self._watch_break()
        self._estimate()

    def expected(self, answers: float, seconds: float) -> None:
        """So many answers were to be expected from the dials in the air in these last seconds."""
        self._now += seconds
        self._watched_s += seconds if answers > 0 else 0.0
        if self._out_since is None:
            for ratio in self._ratios:
                ratio.expect(answers, seconds)
            middle = self._ratios[1]
            self._drought += answers * min(1.0, (middle.seen + TRUST) / (middle.expected + TRUST))
            if self._drought > DROUGHT and self._warm == 1 and self._now - self.broken_at > BREAK_S:
                self._begin_outage(self._now)
                self._recent, self._recent_persons = OUTAGE_HOPED / self.settled, 0.0
            self._watch_break()
        self._estimate()

    def _estimate(self) -> None:
        *shorter, longest = self._ratios
        ratio = (longest.seen + TRUST) / (longest.expected + TRUST)
        known = longest.seen
        for scale in reversed(shorter):
            weight = min(1.0, max(0.0, (scale.sigmas(ratio) - AGREE) / (DIFFER - AGREE)))
            if weight > 0:
                own = (scale.seen + ratio) / (scale.expected + 1)
                ratio += weight * (own - ratio)
                known += weight * (scale.seen - known)
        if ratio < 1:
            ratio += (1 - self._warm) * (1 - ratio)
        settled = self.settled + (1 - self._warm) * max(0.0, PRIOR - self.settled)
        self.value = min(MOST, max(LEAST, settled * ratio))
        self.variation = sqrt(1 / (known + TRUST + 0.2 * self._persons))

    @property
    def _warm(self) -> float:
        """How much it says that people do not answer, 0..1."""
        return min(1.0, max(0.0, (self._watched_s - COLD_S) / WARM_S))

    def _watch_break(self) -> None:
        """Seen and expected are too far apart for chance: what was settled is over."""
        quick = self._ratios[0]
        if quick.sigmas(1.0) <= BREAK_SIGMAS or self._warm < 1:
            return
        now = min(MOST, max(LEAST, self.settled * (quick.seen + 1) / (quick.expected + 1)))
        self._dials = min(self._dials, 60.0)
        self._persons = now * self._dials
        self.broken_at = self._now
        self._clear()

    def _watch_outage(self, now: float) -> None:
        """Fewer than a third of the persons to be expected: dials fail for another reason than people."""
        hoped = self.settled * self._recent
        if self._out_since is None:
            sure = self._warm == 1 and now - self.broken_at > BREAK_S
            if sure and hoped >= OUTAGE_HOPED and self._recent_persons < OUT * hoped:
                self._begin_outage(now)
        elif self._recent_persons > BACK * hoped:
            self._out_since = None
            self._clear()
        elif now - self._out_since > OUTAGE_S:
            self._out_since = None
            self._dials, self._persons = 60.0, max(0.3, 60 * self._recent_persons / self._recent)
            self._clear()

    def _begin_outage(self, now: float) -> None:
        """What was expected before the last answers is expected when it is over."""
        quick, *_, long = self._ratios
        before = (long.seen - quick.seen + TRUST) / (long.expected - quick.expected + TRUST)
        self._persons *= min(1.5, max(1.0, before))
        self._out_since = now
        self._clear()

    def _clear(self) -> None:
        self._drought = 0.0
        for ratio in self._ratios:
            ratio.clear()
