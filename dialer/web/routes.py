"""The table of routes: what may be asked, with what body, and what comes back. OpenAPI is made from it."""

from dataclasses import dataclass
from typing import Final, cast, get_args

from dialer.campaigns.selection import FIRST
from dialer.store.records import NewContact
from dialer.web import views
from dialer.web.audit_routes import AUDIT_ROUTES
from dialer.web.billing_routes import BILLING_ROUTES
from dialer.web.desk_routes import DESK_ROUTES
from dialer.web.mystery_routes import MYSTERY_ROUTES
from dialer.web.person_routes import PERSON_ROUTES
from dialer.web.port import (
    AgentVerb,
    AgentView,
    CallView,
    CampaignVerb,
    CampaignView,
    LiveTotals,
    QueueView,
)
from dialer.web.problems import Problem, ProblemError
from dialer.web.quality_routes import QUALITY_ROUTES
from dialer.web.recording_routes import RECORDING_ROUTES
from dialer.web.requests import (
    AgentCommand,
    ContactRequest,
    DispositionRequest,
    ImportRequest,
    Nothing,
    StopRequest,
)
from dialer.web.route import CALL, NAME, Ask, Route


@dataclass(frozen=True, slots=True)
class Created:
    id: int


@dataclass(frozen=True, slots=True)
class Imported:
    imported: int
    known: int
    """In the list already, from an earlier file."""
    duplicates: int
    """Elsewhere already: earlier in the file, in another list, in another campaign of the client."""
    rejected: int


@dataclass(frozen=True, slots=True)
class Reloaded:
    reloaded: bool = True


async def _agents(ask: Ask, body: None) -> object:
    return views.agents(ask.control)


async def _command_agent(ask: Ask, body: AgentCommand) -> object:
    verb = cast(AgentVerb, ask.path["verb"])
    return views.masked(await ask.control.command_agent(ask.path["agent"], verb, body.reason))


async def _dispose(ask: Ask, body: DispositionRequest) -> None:
    wish = None if body.callback is None else body.callback.wish
    await ask.control.dispose(ask.path["agent"], body.disposition, body.call_id, wish)


async def _calls(ask: Ask, body: None) -> object:
    return views.calls(ask.control)


async def _hang_up(ask: Ask, body: None) -> None:
    await ask.control.hang_up(ask.path["call"])


async def _campaigns(ask: Ask, body: None) -> object:
    return ask.control.campaigns()


async def _command_campaign(ask: Ask, body: Nothing) -> object:
    return await ask.control.command_campaign(ask.path["campaign"], cast(CampaignVerb, ask.path["verb"]))


async def _add_contact(ask: Ask, body: ContactRequest) -> Created:
    others = tuple(number for number in dict.fromkeys(body.others) if number != body.number)
    rank = FIRST if body.first else 0.0
    contact = NewContact(body.number, dict(body.fields), body.next_at, others, body.list or "", rank)
    return Created(await ask.control.add_contact(ask.path["campaign"], contact))


async def _import(ask: Ask, body: ImportRequest) -> object:
    return Imported(**await ask.control.import_list(ask.path["campaign"], body.path, None, body.list))


async def _stop_calling(ask: Ask, body: StopRequest) -> None:
    await ask.control.stop_calling(body.scope, body.number, f"api {ask.who}", body.until)


async def _queues(ask: Ask, body: None) -> object:
    return ask.control.queues()


async def _totals(ask: Ask, body: None) -> object:
    return ask.control.totals()


async def _reload(ask: Ask, body: Nothing) -> Reloaded:
    faults = tuple(await ask.control.reload())
    if faults:
        message = f"the configuration has {len(faults)} fault(s); the one before stays in force"
        raise ProblemError(409, Problem("refused", message, faults=faults))
    return Reloaded()


_AGENT_VERBS = "|".join(get_args(AgentVerb))
_CAMPAIGN_VERBS = "|".join(get_args(CampaignVerb))

ROUTES: Final = (
    Route("GET", "/v1/agents", "Every agent and its state.", _agents, list[AgentView]),
    Route(
        "POST",
        "/v1/agents/{agent}/{verb}",
        "Log an agent in or out, make it ready, pause it, hang up its call, pause or resume its recording.",
        _command_agent,
        AgentView,
        AgentCommand,
        {"agent": NAME, "verb": _AGENT_VERBS},
        refusals=(404, 409),
    ),
    Route(
        "POST",
        "/v1/agents/{agent}/disposition",
        "Say what came of the agent's call; ends its wrap-up.",
        _dispose,
        None,
        DispositionRequest,
        {"agent": NAME},
        204,
        (404, 409),
    ),
    Route("GET", "/v1/calls", "Every living call.", _calls, list[CallView]),
    Route("DELETE", "/v1/calls/{call}", "Hang a call up.", _hang_up, None, None, {"call": CALL}, 204, (404, 409)),
    Route("GET", "/v1/campaigns", "Every campaign and where it stands.", _campaigns, list[CampaignView]),
    Route(
        "POST",
        "/v1/campaigns/{campaign}/{verb}",
        "Start, pause, drain or stop a campaign.",
        _command_campaign,
        CampaignView,
        Nothing,
        {"campaign": NAME, "verb": _CAMPAIGN_VERBS},
        refusals=(404, 409),
    ),
    Route(
        "POST",
        "/v1/campaigns/{campaign}/contacts",
        "Add one contact.",
        _add_contact,
        Created,
        ContactRequest,
        {"campaign": NAME},
        201,
        (404, 409),
    ),
    Route(
        "POST",
        "/v1/campaigns/{campaign}/import",
        "Import a list that lies on the engine's host. With `Accept: application/x-ndjson` the progress comes as "
        "lines of `{done, total}` in bytes, and the result as the last line.",
        _import,
        Imported,
        ImportRequest,
        {"campaign": NAME},
        refusals=(404, 409),
        seconds=3600.0,
    ),
    Route(
        "POST",
        "/v1/do-not-call",
        "Put a number on a do-not-call list. In force at once, also for what is already queued.",
        _stop_calling,
        None,
        StopRequest,
        {},
        204,
        (404, 409),
    ),
    Route("GET", "/v1/queues", "Every queue: how many wait, and how long.", _queues, list[QueueView]),
    Route("GET", "/v1/totals", "Counts since the engine started.", _totals, LiveTotals),
    Route(
        "POST",
        "/v1/reload",
        "Take the changed configuration, or refuse it whole.",
        _reload,
        Reloaded,
        Nothing,
        refusals=(409,),
        seconds=60.0,
    ),
    *AUDIT_ROUTES,
    *DESK_ROUTES,
    *PERSON_ROUTES,
    *BILLING_ROUTES,
    *QUALITY_ROUTES,
    *MYSTERY_ROUTES,
    *RECORDING_ROUTES,
)
