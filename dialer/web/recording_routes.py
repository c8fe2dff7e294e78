"""Routes about recordings, the samples drawn of them, and the score cards that persons fill in."""

from typing import Annotated, Final, cast, get_args

from pydantic import Field

from dialer.config.scalars import Name
from dialer.web.days import DAY, span_of
from dialer.web.recording_port import (
    Asked,
    Grouping,
    RecordingDetail,
    RecordingView,
    ResultView,
    SampleView,
    ScoreCardView,
)
from dialer.web.requests import Line, Request
from dialer.web.route import CALL, NAME, Ask, Route

PERIOD: Final = "[0-9]{4}-([0-9]{2}|W[0-9]{2})"
MONTH: Final = "[0-9]{4}-(0[1-9]|1[0-2])"
_WHOSE: Final = dict.fromkeys(("client", "campaign", "agent"), NAME)
_ID: Final = {"recording": CALL}


class ReasonRequest(Request):
    reason: Annotated[Line, Field(min_length=1, max_length=500)]


class ScoreCardRequest(Request):
    by: Annotated[Name | None, Field(description="On whose behalf, where it is not the token's holder who listened; a "
                                     "later card of the same person corrects the earlier.")] = None
    points: Annotated[
        dict[Name, Annotated[int, Field(ge=0, le=100)] | None],
        Field(max_length=100, description="By criterion; an optional one left out or null: the call gave no occasion."),
    ]
    comment: Annotated[Line, Field(max_length=1000)] = ""
    card: Annotated[Name | None, Field(description="Left out, the one that the sample names.")] = None


async def _listed(ask: Ask, body: None) -> object:
    named = {name: ask.query.get(name) for name in ("client", "campaign", "agent", "call")}
    since, until = span_of(ask)
    return await ask.control.recordings.listed(Asked(since, until, **named))


async def _one(ask: Ask, body: None) -> object:
    return await ask.control.recordings.one(ask.path["recording"])


async def _hold(ask: Ask, body: ReasonRequest) -> object:
    return await ask.control.recordings.hold(ask.path["recording"], body.reason)


async def _release(ask: Ask, body: None) -> object:
    return await ask.control.recordings.hold(ask.path["recording"], None)


async def _delete(ask: Ask, body: ReasonRequest) -> object:
    return await ask.control.recordings.delete(ask.path["recording"], body.reason)


async def _score(ask: Ask, body: ScoreCardRequest) -> object:
    by = str(ask.who.on_behalf(body.by))
    return await ask.control.recordings.score(ask.path["recording"], by, body.points, body.comment, body.card)


async def _samples(ask: Ask, body: None) -> object:
    scored = {"yes": True, "no": False}.get(ask.query.get("scored", ""))
    client, campaign, agent, period = map(ask.query.get, ("client", "campaign", "agent", "period"))
    return await ask.control.recordings.samples(client, campaign, agent, period, scored)


async def _scores(ask: Ask, body: None) -> object:
    by = cast(Grouping, ask.query.get("by", "agent"))
    return await ask.control.recordings.scores(
        by, ask.query.get("month"), ask.query.get("client"), ask.query.get("campaign"))


RECORDING_ROUTES: Final = (
    Route("GET", "/v1/recordings", "Recordings that began from one day to another (UTC; left out, today), at most "
          "1,000.", _listed, list[RecordingView], query={**_WHOSE, "call": CALL, "from": DAY, "to": DAY},
          refusals=(409,)),
    Route("GET", "/v1/recordings/{recording}", "One recording: who listened, and what was said of it.", _one,
          RecordingDetail, None, _ID, refusals=(404, 409)),
    Route("POST", "/v1/recordings/{recording}/delete", "Delete a recording before its time.", _delete, RecordingView,
          ReasonRequest, _ID, refusals=(404, 409)),
    Route("POST", "/v1/recordings/{recording}/hold", "Keep a recording beyond its time, until the hold ends.", _hold,
          RecordingView, ReasonRequest, _ID, refusals=(404, 409)),
    Route("DELETE", "/v1/recordings/{recording}/hold", "End the hold: it is deleted when its time is over.", _release,
          RecordingView, None, _ID, refusals=(404, 409)),
    Route("POST", "/v1/recordings/{recording}/card", "A person's score card of a recording.", _score, ScoreCardView,
          ScoreCardRequest, _ID, 201, (404, 409)),
    Route("GET", "/v1/samples", "Recordings drawn to be scored, in the order they were, at most 1,000: `scored` are "
          "all, those scored by somebody (yes) or by nobody (no).", _samples, list[SampleView],
          query={**_WHOSE, "period": PERIOD, "scored": "yes|no"}, refusals=(409,)),
    Route("GET", "/v1/scores", "What the sample of a month was scored (left out, this month; on the client's clock "
          "where one is named), by agent, campaign or client.", _scores, list[ResultView],
          query={"by": "|".join(get_args(Grouping)), "month": MONTH, "client": NAME, "campaign": NAME},
          refusals=(404, 409)),
)  # fmt: skip
