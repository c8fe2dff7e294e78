"""What is asked of the engine about test calls: `web/mystery_port.TestCallDesk`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dialer.engine.mystery import points as as_points
from dialer.quality.mystery import by_card, score
from dialer.store.errors import StoreError
from dialer.store.test_calls import TestCallRow, TestCard
from dialer.web.door import parts_of
from dialer.web.mystery_port import CardView, PlacedView, RuleView, TestCallView
from dialer.web.port import RefusedError, UnknownError

if TYPE_CHECKING:
    from dialer.engine.core import Engine


class EngineTestCalls:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    async def listed(self, since: float, until: float, test: str | None) -> Sequence[TestCallView]:
        store = self._engine.store.test_calls
        try:
            rows = await store.placed(since, until, test)
            cards = await store.cards([row.id for row in rows])
        except StoreError as error:
            raise RefusedError(f"the store cannot be read: {error}") from error
        return [self._view(row, [card for card in cards if card.id == row.id]) for row in rows]

    async def place(self, test: str) -> PlacedView:
        found = self._engine.configuration.test_calls.get(test)
        if found is None:
            raise UnknownError(f"no test {test}")
        placed = self._engine.mystery.place(found)
        if placed is None:
            raise RefusedError("it cannot be placed now: the engine shuts down, or the switch has no room, no "
                               "link, or its calls per second are used up")
        return PlacedView(placed)

    async def card(self, test_id: str, by: str, points: Mapping[str, int | None], comment: str) -> TestCallView:
        store, now = self._engine.store, self._engine.clock.now()
        try:
            row = await store.test_calls.one(test_id)
            if row is None:
                raise UnknownError(f"no test call {test_id}")
            test = self._engine.configuration.test_calls.get(row.test)
            if test is None or row.call_id is None or row.rules is None:
                raise RefusedError("it is not over, did not come in, or its test is not in the configuration any more")
            await store.test_calls.save_card(TestCard(test_id, by, now, dict(points), by_card(test, points), comment))
            view = self._view(row, await store.test_calls.cards([test_id]))
            if view.score is not None:
                await store.books.save_score(row.call_id, now, as_points(view.score))
        except ValueError as error:
            raise RefusedError(str(error)) from error
        except StoreError as error:
            raise RefusedError(f"it could not be stored: {error}") from error
        return view

    def _view(self, row: TestCallRow, cards: Sequence[TestCard]) -> TestCallView:
        test = self._engine.configuration.test_calls.get(row.test)
        mean = sum(card.score for card in cards) / len(cards) if cards else None
        return TestCallView(
            id=row.id, test=row.test, client=row.client, placed_at=row.placed_at, ended_at=row.ended_at,
            call_id=row.call_id, fault=row.fault, rules=[RuleView(**rule) for rule in row.rules or ()],
            by_rules=row.by_rules,
            cards=[_card(card) for card in cards],
            score=row.by_rules if test is None else score(test, row.by_rules, mean),
            rang_at=row.rang_at, answered_at=row.answered_at, cause=row.cause, mos=row.mos,
        )  # fmt: skip


def _card(card: TestCard) -> CardView:
    by, behalf = parts_of(card.by)
    return CardView(by, card.at, card.points, card.score, card.comment, behalf)
