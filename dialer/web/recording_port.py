"""What the API may ask of the engine about recordings, and about what is said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

Grouping = Literal["agent", "campaign", "client"]


@dataclass(frozen=True, slots=True)
class RecordingView:
    """A talk's recording. It is told of also when its file is gone."""

    id: str
    call_id: str
    client: str
    campaign: str | None
    queue: str | None
    agent: str | None
    """None: of a file that nobody knew."""
    sound: str
    """mixed, stereo (the customer left) or agent (that side alone)."""
    began_at: float
    ended_at: float | None
    seconds: float | None
    """By the file; null for some seconds after the end."""
    until: float
    """When it is deleted."""
    pauses: Sequence[Sequence[float | None]]
    """From and to, epoch seconds: silence."""
    fault: str | None
    """not_started, no_file, or no_record (a file that nobody knew)."""
    hold: str | None
    """Why it is kept beyond `until`."""
    deleted_at: float | None
    deleted_why: str | None
    """expired, erased or by_hand."""
    removed_at: float | None
    """When its file was gone."""


@dataclass(frozen=True, slots=True)
class ListeningView:
    by: str
    """The holder of the token."""
    at: float
    on_behalf_of: str | None = None
    """As the holder said."""


@dataclass(frozen=True, slots=True)
class ScoreCardView:
    card: str
    by: str
    at: float
    points: Mapping[str, Sequence[int | None]]
    """By criterion: given (null: no occasion), and the most that could be."""
    score: float
    """0 to 100; 0 where a critical criterion failed."""
    failed: Sequence[str]
    """Critical criteria with 0 points."""
    passed: bool
    comment: str
    counts: bool
    """False for one that a later card of the same person corrects."""
    on_behalf_of: str | None = None
    """As the holder of the token said, which is `by`."""


@dataclass(frozen=True, slots=True)
class RecordingDetail:
    recording: RecordingView
    listened: Sequence[ListeningView]
    cards: Sequence[ScoreCardView]


@dataclass(frozen=True, slots=True)
class SampleView:
    """A recording that was drawn to be scored."""

    rule: str
    """client:NAME or campaign:NAME."""
    period: str
    """2026-11, or 2026-W47."""
    card: str
    drawn_at: float
    recording: RecordingView


@dataclass(frozen=True, slots=True)
class ResultView:
    group: str
    recordings: int
    """Scored, of the sample."""
    mean: float
    """0 to 100; of several persons' cards of a recording their mean."""
    passed: int
    failed: int
    """Recordings with a critical failure."""
    criteria: Mapping[str, float]
    """By criterion: the mean share of its points, 0 to 100."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A file of samples, and what makes it a WAV."""

    path: Path
    header: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """Which recordings; None: any."""

    since: float
    until: float
    client: str | None = None
    campaign: str | None = None
    agent: str | None = None
    call: str | None = None


class RecordingDesk(Protocol):
    """Every method raises UnknownError for a recording that there never was, RefusedError with what is wrong."""

    async def listed(self, asked: Asked) -> Sequence[RecordingView]: ...

    async def one(self, recording: str) -> RecordingDetail: ...

    async def audio(self, recording: str, by: str) -> Audio:
        """That somebody listens is on disk when this returns."""
        ...

    async def hold(self, recording: str, reason: str | None) -> RecordingView:
        """Kept until the hold ends; None ends it."""
        ...

    async def delete(self, recording: str, reason: str) -> RecordingView: ...

    async def samples(
        self, client: str | None, campaign: str | None, agent: str | None, period: str | None, scored: bool | None
    ) -> Sequence[SampleView]: ...

    async def score(
        self, recording: str, by: str, points: Mapping[str, int | None], comment: str, card: str | None
    ) -> ScoreCardView: ...

    async def scores(
        self, by: Grouping, month: str | None, client: str | None, campaign: str | None
    ) -> Sequence[ResultView]: ...
