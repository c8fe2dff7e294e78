"""How far a holder of a token reaches: whose a thing is that a request names, and what of an answer the holder may see.

Both are asked of every request: what a route forgot to refuse does not come out all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from dialer.config.access import Holder
from dialer.quality.record import LegVoice
from dialer.web.audit_port import AuditView
from dialer.web.billing_port import FeeView, SaleView
from dialer.web.desk_port import CallbackView
from dialer.web.desk_routes import Recycled
from dialer.web.mystery_port import PlacedView, TestCallView
from dialer.web.owner_port import Owners
from dialer.web.person_port import CertificateView, ConsentView, ShownView
from dialer.web.person_routes import Counted
from dialer.web.port import AgentView, CallView, CampaignView, Control, LiveTotals, QueueView, RefusedError
from dialer.web.problems import ProblemError, problem
from dialer.web.quality_port import CallQuality, ServiceView
from dialer.web.recording_port import RecordingDetail, RecordingView, ResultView, SampleView, ScoreCardView
from dialer.web.requests import Request
from dialer.web.rights import EVERYBODY, Need, Owner, Verdict, Whose, judge, scope
from dialer.web.routes import Created, Imported, Reloaded

_OWNED: Final = (CallView, FeeView, ConsentView, RecordingView, TestCallView, CertificateView, LegVoice)
"""They say whose they are."""
_CHECKED: Final = (
    AuditView, CallbackView, CallQuality, Counted, Created, Imported, LiveTotals, PlacedView, RecordingDetail, Recycled,
    Reloaded, ResultView, SaleView, ScoreCardView, ServiceView, ShownView,
)  # fmt: skip
"""They come of a request that was refused where its client was another's."""
TOLD_BY_BODY: Final[frozenset[Whose]] = frozenset({"agent", "client_told", "scope_told", "file_told"})
"""Whose it is cannot be said before the body is read."""


async def allow(
    control: Control, holder: Holder, need: Need, path: Mapping[str, str], query: Mapping[str, str],
    body: Request | None = None,
) -> None:
    """Raises ProblemError 403 or 404, RefusedError."""
    owner: Owner = None
    if scope(holder) is not None or holder.agent is not None:
        owner = await _owner(control, holder, need.whose, path, query, body)
    refuse(judge(holder, need.right, owner), need)


def refuse(verdict: Verdict, need: Need) -> None:
    """Raises ProblemError unless it is yes. Of another client's thing no more is said than of none at all."""
    match verdict:
        case "no_right":
            raise problem(403, "forbidden", f"the token's role has not the right `{need.right}`")
        case "too_wide":
            raise problem(403, "forbidden", "the token is for some clients alone: ask for one of them")
        case "not_theirs":
            raise NotTheirsError()


class NotTheirsError(ProblemError):
    def __init__(self) -> None:
        fault = problem(404, "unknown", "there is none of that name")
        super().__init__(fault.status, fault.problem)


async def _owner(
    control: Control, holder: Holder, whose: Whose, path: Mapping[str, str], query: Mapping[str, str],
    body: Request | None,
) -> Owner:  # fmt: skip
    match whose:
        case "plant":
            return EVERYBODY
        case "nobody" | "listed" | "answer":
            return _any(holder)
        case "agent":
            return _of_desk(control, holder, path["agent"], body)
        case "client_asked":
            return query.get("client") or _only(holder)
        case "client_told":
            return getattr(body, "client", None) or EVERYBODY
        case "scope_told":
            return _of_scope(control, str(getattr(body, "scope", "")))
        case "file_told":
            return _of_file(control.owners, holder, path["campaign"], str(getattr(body, "path", "")))
        case "figure":
            return _of_figure(control, query)
    return await _of_path(control.owners, whose, path)


async def _of_path(owners: Owners, whose: Whose, path: Mapping[str, str]) -> Owner:
    match whose:
        case "client":
            return path["client"]
        case "campaign":
            return owners.campaign(path["campaign"])
        case "call":
            return await owners.call(path["call"])
        case "recording":
            return await owners.recording(path["recording"])
        case "test":
            return owners.test(path["test"])
        case "test_call":
            return await owners.test_call(path["call"])
    raise LookupError(f"nothing says whose a {whose} is")


def _any(holder: Holder) -> Owner:
    """One of the holder's own: what it sees is decided by what comes out."""
    clients = scope(holder)
    return next(iter(clients)) if clients else EVERYBODY


def _only(holder: Holder) -> Owner:
    clients = scope(holder) or ()
    return next(iter(clients)) if len(clients) == 1 else EVERYBODY


def _of_desk(control: Control, holder: Holder, agent: str, body: Request | None) -> Owner:
    """Raises NotTheirsError for a desk that is not the holder's, or where another client's call is."""
    clients = scope(holder)
    if holder.agent not in (None, agent):
        raise NotTheirsError()
    if clients is None:
        return None
    if agent not in control.owners.staff(clients):
        return None
    busy_for = control.agent(agent).client
    if body is not None and busy_for is not None and busy_for not in clients:
        raise RefusedError("the agent is at other work")
    if hasattr(body, "disposition") and control.owners.talked_for(agent) not in (None, *clients):
        raise RefusedError("the agent's last call is another one, or there was none")
    if (campaign := getattr(body, "campaign", None)) is not None:
        return control.owners.campaign(campaign)
    return _any(holder)


def _of_scope(control: Control, told: str) -> Owner:
    kind, _, name = told.partition(":")
    match kind:
        case "client":
            return name
        case "campaign":
            return control.owners.campaign(name)
    return EVERYBODY


def _of_file(owners: Owners, holder: Holder, campaign: str, file: str) -> Owner:
    client = owners.campaign(campaign)
    mine = client in (scope(holder) or ())
    return EVERYBODY if mine and not owners.names_list(campaign, file) else client


def _of_figure(control: Control, query: Mapping[str, str]) -> Owner:
    """An agent works for several: its figures are of the whole plant."""
    match [(name, query[name]) for name in ("client", "campaign", "queue", "agent") if name in query]:
        case [("client", name)]:
            return name
        case [("campaign", name)]:
            return control.owners.campaign(name)
        case [("queue", name)]:
            return control.owners.queue(name)
    return EVERYBODY


def narrowed(holder: Holder, need: Need, query: Mapping[str, str]) -> Mapping[str, str]:
    """The query with the holder's only client, where it says none. `allow` has refused a holder of several."""
    clients = scope(holder)
    if need.whose != "client_asked" or clients is None or "client" in query:
        return query
    return {**query, "client": next(iter(clients))}


# -- what comes out -------------------------------------------------------------------------------------------------


def visible(control: Control, holder: Holder, answer: Any) -> Any:
    """What of an answer the holder may see. Raises NotTheirsError when nothing of a single thing is left."""
    clients = scope(holder)
    if clients is None or answer is None:
        return answer
    sight = _Sight(control, holder, clients)
    if isinstance(answer, Sequence) and not isinstance(answer, str):
        return [seen for one in answer if (seen := sight.of(one)) is not None]
    if (seen := sight.of(answer)) is None:
        raise NotTheirsError()
    return seen


class _Sight:
    """Of one answer."""

    def __init__(self, control: Control, holder: Holder, clients: frozenset[str]) -> None:
        self._owners, self._holder, self._clients = control.owners, holder, clients

    def of(self, one: Any) -> Any:
        clients = self._clients
        match one:
            case AgentView():
                return self._agent(one)
            case CampaignView():
                return self._campaign(one) if one.client in clients else None
            case QueueView():
                return one if self._owners.queue(one.id) in clients else None
            case SampleView():
                return one if one.recording.client in clients else None
        if isinstance(one, _OWNED):
            return one if one.client in clients else None
        if isinstance(one, _CHECKED):
            return one
        raise TypeError(f"nothing says who may see a {type(one).__name__}")

    @cached_property
    def _staff(self) -> Mapping[str, frozenset[str]]:
        return self._owners.staff(self._clients)

    def _agent(self, view: AgentView) -> AgentView | None:
        """Without what it does for others."""
        skills = self._staff.get(view.id)
        if skills is None:
            return None
        view = replace(view, skills=tuple(skill for skill in view.skills if skill in skills))
        if view.client is None or view.client in self._clients:
            return view
        return replace(
            view, call_id=None, client=None, campaign=None, number=None, fields={}, preview=None, recording=None)

    def _campaign(self, view: CampaignView) -> CampaignView:
        """A client is not told how the agents are shared, nor what others abandon in the same group."""
        if self._holder.role != "client":
            return view
        budgets = [budget for budget in view.budgets if not budget.rule.startswith("group:")]
        return replace(view, reason="", pacing=None, budgets=budgets)
