"""Recordings, for tests of the edge."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dialer.engine.recording_files import header
from dialer.web.door import parts_of
from dialer.web.port import RefusedError, UnknownError
from dialer.web.recording_port import (
    Asked,
    Audio,
    Grouping,
    ListeningView,
    RecordingDetail,
    RecordingView,
    ResultView,
    SampleView,
    ScoreCardView,
)

ID = "main-1.2-18c"
RECORDED = RecordingView(
    ID, "main-1.2", "acme", None, "sales", "anna", "stereo", 1000.0, 1060.0, 60.0, 9000.0, [[1010.0, 1020.0]], None,
    None, None, None, None,
)  # fmt: skip
SOUND = b"\1\0\2\0" * 50_000


class Recorded:
    def __init__(self) -> None:
        self.listened: list[ListeningView] = []
        self.asked: list[object] = []

    def _known(self, recording: str) -> None:
        if recording != ID:
            raise UnknownError(f"no recording {recording}")

    async def listed(self, asked: Asked) -> Sequence[RecordingView]:
        self.asked.append(asked)
        return [RECORDED]

    async def one(self, recording: str) -> RecordingDetail:
        self._known(recording)
        return RecordingDetail(RECORDED, self.listened, [])

    async def audio(self, recording: str, by: str) -> Audio:
        self._known(recording)
        name, behalf = parts_of(by)
        self.listened.append(ListeningView(name, 1.0, behalf))
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(SOUND + b"later")
        return Audio(Path(file.name), header(len(SOUND), 2))

    async def hold(self, recording: str, reason: str | None) -> RecordingView:
        self._known(recording)
        return replace(RECORDED, hold=reason)

    async def delete(self, recording: str, reason: str) -> RecordingView:
        self._known(recording)
        if reason == "held":
            raise RefusedError("it is held: claim 4711")
        return replace(RECORDED, deleted_at=1.0, deleted_why="by_hand")

    async def samples(
        self, client: str | None, campaign: str | None, agent: str | None, period: str | None, scored: bool | None
    ) -> Sequence[SampleView]:
        self.asked.append((client, campaign, agent, period, scored))
        return [SampleView("client:acme", "2026-11", "service", 2000.0, RECORDED)]

    async def score(
        self, recording: str, by: str, points: Mapping[str, int | None], comment: str, card: str | None
    ) -> ScoreCardView:
        self._known(recording)
        if not points:
            raise RefusedError("no points for greeting")
        given = {name: (value, 100) for name, value in points.items()}
        name, behalf = parts_of(by)
        return ScoreCardView(card or "service", name, 3.0, given, 50.0, [], True, comment, True, behalf)

    async def scores(
        self, by: Grouping, month: str | None, client: str | None, campaign: str | None
    ) -> Sequence[ResultView]:
        self.asked.append((by, month, client, campaign))
        return [ResultView("anna", 1, 50.0, 1, 0, {"greeting": 50.0})]
