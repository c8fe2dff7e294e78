"""Routes about test calls: what became of them, one now, a person's score card."""

from typing import Annotated, Final

from pydantic import Field

from dialer.config.scalars import Name
from dialer.web.days import DAY, span_of
from dialer.web.mystery_port import PlacedView, TestCallView
from dialer.web.requests import Line, Request
from dialer.web.route import CALL, NAME, Ask, Route


class CardRequest(Request):
    by: Annotated[Name | None, Field(description="On whose behalf, where it is not the token's holder who listened; a "
                                     "later card of the same person replaces the earlier.")] = None
    points: Annotated[
        dict[Name, Annotated[int, Field(ge=0, le=100)] | None],
        Field(max_length=100, description="By item; an optional one left out or null: the call gave no occasion."),
    ]
    comment: Annotated[Line, Field(max_length=1000)] = ""


async def _listed(ask: Ask, body: None) -> object:
    return await ask.control.test_calls.listed(*span_of(ask), ask.query.get("test"))


async def _place(ask: Ask, body: None) -> object:
    return await ask.control.test_calls.place(ask.path["test"])


async def _card(ask: Ask, body: CardRequest) -> object:
    by = str(ask.who.on_behalf(body.by))
    return await ask.control.test_calls.card(ask.path["call"], by, body.points, body.comment)


MYSTERY_ROUTES: Final = (
    Route("GET", "/v1/test-calls", "Test calls placed from one day to another (UTC; left out, today), at most 1,000.",
          _listed, list[TestCallView], query={"test": NAME, "from": DAY, "to": DAY}, refusals=(409,)),
    Route("POST", "/v1/test-calls/{test}/place", "Place a test call at once.", _place, PlacedView, None,
          {"test": NAME}, 201, (404, 409)),
    Route("POST", "/v1/test-calls/{call}/card", "A person's score card of a test call, by the test call's id.", _card,
          TestCallView, CardRequest, {"call": CALL}, 200, (404, 409)),
)  # fmt: skip
