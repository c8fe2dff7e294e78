"""Routes for agents' desktops: contacts shown before the call, numbers dialled by hand."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from dialer.config.overrides import Changes
from dialer.config.scalars import E164, Name
from dialer.web import views
from dialer.web.desk_port import CallbackView
from dialer.web.port import AgentView, CampaignView
from dialer.web.requests import Line, Nothing, Request
from dialer.web.route import NAME, Ask, Route


class DialRequest(Request):
    campaign: Annotated[Name, Field(description="For which the call is made; the agent has its skills.")]
    number: Annotated[E164, Field(description="With + and the country's code.")]


class SkipRequest(Request):
    reason: Annotated[Line, Field(max_length=200, description="Why the contact is not called; kept.")] = ""


class ChangeRequest(Changes, Request):
    """Only what stands here is changed; it counts in place of the file until that says something new."""


class MoveRequest(Request):
    at: Annotated[AwareDatetime | None, Field(description="With its zone; left out, as it is.")] = None
    to: Annotated[Name | None, Field(description="An agent, or `anyone`; left out, as it is.")] = None


class RecycleRequest(Request):
    results: Annotated[
        list[Name], Field(min_length=1, max_length=100, description="Outcomes, dispositions or rules that ended them.")
    ]
    list_name: Annotated[
        Name | None, Field(alias="list", description="Only those of this list; left out, of all.")
    ] = None


@dataclass(frozen=True, slots=True)
class Recycled:
    recycled: int


async def _recycle(ask: Ask, body: RecycleRequest) -> Recycled:
    return Recycled(await ask.control.steering.recycle(ask.path["campaign"], body.results, body.list_name))


async def _agent(ask: Ask, body: None) -> object:
    return views.masked(ask.control.agent(ask.path["agent"]))


async def _dial(ask: Ask, body: DialRequest) -> object:
    return views.masked(await ask.control.desks.dial(ask.path["agent"], body.campaign, body.number))


async def _accept(ask: Ask, body: Nothing) -> object:
    return views.masked(await ask.control.desks.accept(ask.path["agent"]))


async def _skip(ask: Ask, body: SkipRequest) -> object:
    return views.masked(await ask.control.desks.skip(ask.path["agent"], body.reason))


async def _callbacks(ask: Ask, body: None) -> object:
    return await ask.control.callbacks.listed(ask.path["campaign"])


async def _move(ask: Ask, body: MoveRequest) -> None:
    at = None if body.at is None else body.at.timestamp()
    await ask.control.callbacks.move(ask.path["campaign"], int(ask.path["contact"]), at, body.to)


async def _cancel(ask: Ask, body: None) -> None:
    await ask.control.callbacks.cancel(ask.path["campaign"], int(ask.path["contact"]))


async def _change(ask: Ask, body: ChangeRequest) -> object:
    return await ask.control.steering.change(ask.path["campaign"], body.values())


async def _reset(ask: Ask, body: None) -> object:
    return await ask.control.steering.reset(ask.path["campaign"])


_CALLBACK: Final = {"campaign": NAME, "contact": "[0-9]{1,18}"}
_AGENT: Final = {"agent": NAME}

DESK_ROUTES: Final = (
    Route("GET", "/v1/agents/{agent}", "One agent: its state, its call, the contact it is shown.", _agent, AgentView,
          None, _AGENT, refusals=(404,)),
    Route("POST", "/v1/agents/{agent}/dial", "The agent calls a number by hand; refused with the rule that forbids it.",
          _dial, AgentView, DialRequest, _AGENT, refusals=(404, 409)),
    Route("POST", "/v1/agents/{agent}/preview/accept", "Call the contact that the agent is shown.", _accept, AgentView,
          Nothing, _AGENT, refusals=(404, 409)),
    Route("POST", "/v1/agents/{agent}/preview/skip", "Do not call the contact that the agent is shown, for now.", _skip,
          AgentView, SkipRequest, _AGENT, refusals=(404, 409)),
    Route("PATCH", "/v1/campaigns/{campaign}", "Change a campaign while it runs: its mode, limits, budget, share.",
          _change, CampaignView, ChangeRequest, {"campaign": NAME}, refusals=(404, 409)),
    Route("POST", "/v1/campaigns/{campaign}/recycle",
          "Call contacts again that are done with these results, as if for the first time. Caps and law still hold.",
          _recycle, Recycled, RecycleRequest, {"campaign": NAME}, 200, (404, 409)),
    Route("DELETE", "/v1/campaigns/{campaign}/overrides", "Undo every change: the campaign is as its file has it.",
          _reset, CampaignView, None, {"campaign": NAME}, refusals=(404, 409)),
    Route("GET", "/v1/campaigns/{campaign}/callbacks", "Calls promised to people, the earliest first; 1,000 at most.",
          _callbacks, list[CallbackView], None, {"campaign": NAME}, refusals=(404,)),
    Route("PATCH", "/v1/campaigns/{campaign}/callbacks/{contact}", "Give a callback another time or another agent.",
          _move, None, MoveRequest, _CALLBACK, 204, (404, 409)),
    Route("DELETE", "/v1/campaigns/{campaign}/callbacks/{contact}", "Cancel a callback: its contact is done.",
          _cancel, None, None, _CALLBACK, 204, (404,)),
)  # fmt: skip
