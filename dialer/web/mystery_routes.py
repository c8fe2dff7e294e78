"""Routes about test calls: what became of them, one now, a person's score card."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final

from pydantic import Field

from dialer.config.scalars import Name
from dialer.web.mystery_port import PlacedView, TestCallView
from dialer.web.problems import problem
from dialer.web.quality_routes import DAY
from dialer.web.requests import Line, Request
from dialer.web.route import CALL, NAME, Ask, Route

DAYS_MOST: Final = 366


class CardRequest(Request):
    by: Annotated[Name, Field(description="Who listened; a later card of the same person replaces the earlier.")]
    points: Annotated[
        dict[Name, Annotated[int, Field(ge=0, le=100)] | None],
        Field(max_length=100, description="By item, of every item; null where the call gave no occasion."),
    ]
    comment: Annotated[Line, Field(max_length=1000)] = ""


async def _listed(ask: Ask, body: None) -> object:
    first = _day(ask, "from") or _day(ask, "to") or datetime.now(UTC).date()
    last = _day(ask, "to") or first
    since, until = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    return await ask.control.test_calls.listed(since.timestamp(), until.timestamp(), ask.query.get("test"))


def _day(ask: Ask, name: str) -> date | None:
    try:
        found = date.fromisoformat(ask.query[name]) if name in ask.query else None
    except ValueError:
        found = date.min
    if found is not None and not 1970 <= found.year <= 9000:
        raise problem(400, "invalid", f"`{name}` is not a day: write year-month-day, 2026-11-22")
    return found


async def _place(ask: Ask, body: None) -> object:
    return await ask.control.test_calls.place(ask.path["test"])


async def _card(ask: Ask, body: CardRequest) -> object:
    return await ask.control.test_calls.card(ask.path["call"], body.by, body.points, body.comment)


MYSTERY_ROUTES: Final = (
    Route("GET", "/v1/test-calls", "Test calls placed from one day to another (UTC; left out, today), at most 1,000.",
          _listed, list[TestCallView], query={"test": NAME, "from": DAY, "to": DAY}, refusals=(409,)),
    Route("POST", "/v1/test-calls/{test}/place", "Place a test call at once.", _place, PlacedView, None,
          {"test": NAME}, 201, (404, 409)),
    Route("POST", "/v1/test-calls/{call}/card", "A person's score card of a test call, by the test call's id.", _card,
          TestCallView, CardRequest, {"call": CALL}, 200, (404, 409)),
)  # fmt: skip
