"""Test calls, for tests of the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dialer.web.mystery_port import CardView, PlacedView, RuleView, TestCallView
from dialer.web.port import RefusedError, UnknownError

ID = "node1-abc-1"
TESTED = TestCallView(
    ID, "hotline", "acme", 1000.0, 1060.0, "main-1.2", None, [RuleView("queue", True, 2, "sales", "sales")], 100.0, [],
    100.0,
)  # fmt: skip


class Tested:
    async def listed(self, since: float, until: float, test: str | None) -> Sequence[TestCallView]:
        return [TESTED] if test in (None, TESTED.test) else []

    async def place(self, test: str) -> PlacedView:
        if test == "nothing":
            raise UnknownError("no test nothing")
        return PlacedView(ID)

    async def card(self, test_id: str, by: str, points: Mapping[str, int | None], comment: str) -> TestCallView:
        if test_id != ID:
            raise UnknownError(f"no test call {test_id}")
        if not points:
            raise RefusedError("no points for greeting")
        return replace(TESTED, cards=[CardView(by, 1.0, points, 50.0, comment)], score=75.0)
