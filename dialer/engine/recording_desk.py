"""What is asked of the engine about recordings: `web/recording_port.RecordingDesk`."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dialer.billing.months import bounds, month_at, parse_month
from dialer.config.score_cards import ScoreCard
from dialer.engine import recording_files as files
from dialer.quality import cards
from dialer.store.erasure import ERASED
from dialer.store.errors import StoreError
from dialer.store.recordings import Listening, RecordingRow, Sought
from dialer.store.scores import CardRow, SampleSought
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

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


class EngineRecordings:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._book = engine.store.recordings
        self._scores = engine.store.scores

    # -- recordings ---------------------------------------------------------------------------------

    async def listed(self, asked: Asked) -> Sequence[RecordingView]:
        with _stored():
            rows = await self._book.found(
                Sought(asked.since, asked.until, asked.client, asked.campaign, asked.agent, asked.call))
        return [view(row) for row in rows]

    async def one(self, recording: str) -> RecordingDetail:
        row = await self._row(recording)
        with _stored():
            listened = await self._book.listeners(recording)
            given = await self._scores.cards_of([recording])
        last = {card.by: card for card in given}
        return RecordingDetail(
            view(row), [ListeningView(by, one.at, behalf) for one in listened for by, behalf in [parts_of(one.by)]],
            [_card_view(card, card is last[card.by]) for card in given],
        )  # fmt: skip

    async def audio(self, recording: str, by: str) -> Audio:
        row = await self._row(recording)
        path = files.path_of(self._engine.configuration, row)
        if row.deleted_at is not None:
            raise RefusedError(f"it was deleted: {row.deleted_why}")
        if row.ended_at is None:
            raise RefusedError("the talk is not over")
        try:
            seconds = None if path is None else await asyncio.to_thread(files.seconds_of, path, row.channels)
        except OSError as error:
            raise RefusedError(f"the file cannot be read: {error.strerror}") from error
        if path is None or seconds is None:
            raise RefusedError("there is no file of it")
        with _stored():
            await self._book.listened(Listening(recording, by, self._engine.clock.now()))
        data = round(seconds * files.RATE_HZ) * files.WIDTH * row.channels
        return Audio(path, files.header(data, row.channels))

    async def hold(self, recording: str, reason: str | None) -> RecordingView:
        row = await self._row(recording)
        with _stored():
            if not await self._book.hold(recording, reason):
                raise RefusedError(f"it was deleted: {(await self._row(recording)).deleted_why}")
            call = await self._engine.store.call(row.call_id)
            if reason is None and call is not None and call.number.startswith(ERASED):
                await self._book.delete(recording, self._engine.clock.now(), "erased")  # it was owed since
        return view(await self._row(recording))

    async def delete(self, recording: str, reason: str) -> RecordingView:
        row = await self._row(recording)
        if row.ended_at is None:
            raise RefusedError("the talk is not over")
        at = self._engine.clock.now()
        with _stored():
            if not await self._book.delete(recording, at, "by_hand"):
                row = await self._row(recording)
                raise RefusedError(f"it is held: {row.hold}" if row.hold else f"it was deleted: {row.deleted_why}")
            log.info("a recording is deleted by hand: %s", reason, extra={"call": row.call_id})
            await self._engine.recording_keeper.remove(at)
        return view(await self._row(recording))

    async def _row(self, recording: str) -> RecordingRow:
        with _stored():
            row = await self._book.one(recording)
        if row is None:
            raise UnknownError(f"no recording {recording}")
        return row

    # -- samples and cards --------------------------------------------------------------------------

    async def samples(
        self, client: str | None, campaign: str | None, agent: str | None, period: str | None, scored: bool | None
    ) -> Sequence[SampleView]:
        with _stored():
            found = await self._scores.sampled(SampleSought(client, campaign, agent, period, scored))
        return [SampleView(one.rule, one.period, one.card, one.drawn_at, view(row)) for one, row in found]

    async def score(
        self, recording: str, by: str, points: Mapping[str, int | None], comment: str, card: str | None
    ) -> ScoreCardView:
        row = await self._row(recording)
        if row.ended_at is None:
            raise RefusedError("the talk is not over")
        with _stored():
            sample = await self._scores.sample_of(recording)
        config = self._card(card or (sample.card if sample is not None else None))
        try:
            scored = cards.scored(config.criteria, points)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        passed = not scored.failed and scored.score >= config.passes
        most = {name: (given, config.criteria[name].points) for name, given in points.items()}
        filled = CardRow(recording, config.card, by, self._engine.clock.now(), most, scored.score, scored.failed,
                         passed, comment)  # fmt: skip
        with _stored():
            await self._scores.add_card(filled)
        result = "failed" if scored.failed else "passed" if passed else "below"
        self._engine.metrics.recordings.card(row.client, row.campaign, result, scored.score)
        return _card_view(filled, counts=True)

    def _card(self, name: str | None) -> ScoreCard:
        known = self._engine.configuration.score_cards
        if name is None:
            raise RefusedError("it is in no sample: say by which `card` it is scored")
        if name not in known:
            raise RefusedError(f"no score card {name}; there are: {', '.join(known) or 'none'}")
        return known[name]

    async def scores(
        self, by: Grouping, month: str | None, client: str | None, campaign: str | None
    ) -> Sequence[ResultView]:
        configuration = self._engine.configuration
        if client is not None and client not in configuration.clients:
            raise UnknownError(f"no client {client}")
        zone = ZoneInfo(configuration.clients[client].timezone if client is not None else "UTC")
        try:
            when = parse_month(month) if month is not None else month_at(self._engine.clock.now(), zone)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        with _stored():
            found = await self._scores.counting(*bounds(when, zone), client, campaign)
        given = [
            cards.Given(card.recording_id, card.by, getattr(row, by) or "", card.score, card.passed, card.failed,
                        card.points)
            for card, row in found
        ]  # fmt: skip
        return [
            ResultView(one.group, one.recordings, one.mean, one.passed, one.failed, one.criteria)
            for one in cards.results(given)
        ]


def view(row: RecordingRow) -> RecordingView:
    return RecordingView(**{one.name: getattr(row, one.name) for one in fields(RecordingView)})


def _card_view(card: CardRow, counts: bool) -> ScoreCardView:
    by, behalf = parts_of(card.by)
    return ScoreCardView(card.card, by, card.at, card.points, card.score, card.failed, card.passed, card.comment,
                         counts, behalf)  # fmt: skip


@contextmanager
def _stored() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise RefusedError(f"the store did not do it: {error}") from error
