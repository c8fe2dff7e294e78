"""A Control that holds a few things in memory and keeps what it was told: the engine's place in tests of the edge."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from audit_double import Trail
from mystery_double import Tested
from owner_double import Owned
from person_double import People
from quality_double import Heard
from recording_double import Recorded

from dialer.store.records import CampaignTotals, NewContact
from dialer.web.billing_port import FeeView, ForecastView, MonthBudgetView, SaleView
from dialer.web.desk_port import CallbackView, Wish
from dialer.web.port import (
    AgentVerb,
    AgentView,
    CallView,
    CampaignVerb,
    CampaignView,
    Health,
    LiveTotals,
    QueueView,
    RefusedError,
    UnknownError,
)

STATES: Mapping[str, str] = {
    "login": "calling",
    "ready": "idle",
    "pause": "paused",
    "logout": "logged_out",
    "hangup": "wrap_up",
    "end_wrap_up": "idle",
    "pause_recording": "talking",
    "resume_recording": "talking",
}
STATUSES: Mapping[str, str] = {"start": "running", "pause": "paused", "drain": "draining", "stop": "stopped"}


def anna(**changes: object) -> AgentView:
    view = AgentView(
        "anna",
        "Anna",
        "talking",
        time.time() - 75,
        ("sales", "de"),
        "main",
        "node1-abc-1",
        "acme",
        "winback",
        "+4930231250123",
        {"name": "Müller"},
        None,
    )
    return replace(view, **changes)  # type: ignore[arg-type]


@dataclass
class Plant:
    """`fault`, when set, is raised by every order. `held` holds imports back until it is set."""

    agents_by_id: dict[str, AgentView] = field(default_factory=lambda: {"anna": anna()})
    living: list[CallView] = field(
        default_factory=lambda: [
            CallView("node1-abc-1", "outbound", "talking", "acme", "winback", "+4930231250123", "anna", 1.0),
        ]
    )
    status: str = "running"
    now: Health = field(default_factory=lambda: Health({"main": "up"}, "up", False))
    faults: Sequence[str] = ()
    fault: Exception | None = None
    orders: list[tuple[object, ...]] = field(default_factory=list)
    held: asyncio.Event | None = None
    counts: Mapping[str, int] = field(
        default_factory=lambda: {"imported": 3, "known": 0, "duplicates": 2, "rejected": 1}
    )

    recordings: Recorded = field(default_factory=Recorded)
    trail: Trail = field(default_factory=Trail)

    @property
    def test_calls(self) -> Tested:
        return Tested()

    @property
    def quality(self) -> Heard:
        return Heard()

    @property
    def desks(self) -> "Desk":
        return Desk(self)

    @property
    def persons(self) -> People:
        return People(self.orders)

    @property
    def audit(self) -> Trail:
        return self.trail

    @property
    def owners(self) -> Owned:
        return Owned()

    @property
    def billing(self) -> "Bills":
        return Bills(self)

    def agent(self, agent: str) -> AgentView:
        if agent not in self.agents_by_id:
            raise UnknownError(f"there is no agent {agent}")
        return self.agents_by_id[agent]

    def agents(self) -> Sequence[AgentView]:
        return list(self.agents_by_id.values())

    def calls(self) -> Sequence[CallView]:
        return self.living

    def campaigns(self) -> Sequence[CampaignView]:
        totals = CampaignTotals("winback", {"due": 10, "claimed": 1, "done": 5}, {"busy": 2}, None)
        return [CampaignView("winback", "acme", self.status, "no_idle_agent", 1, 1, totals)]

    def queues(self) -> Sequence[QueueView]:
        return [QueueView("support", 2, 12.5)]

    def totals(self) -> LiveTotals:
        return LiveTotals(9, 5, 4, 1, {"answered": 4, "busy": 2})

    def health(self) -> Health:
        return self.now

    def _told(self, *order: object) -> None:
        if self.fault is not None:
            raise self.fault
        self.orders.append(order)

    async def command_agent(self, agent: str, verb: AgentVerb, reason: str = "") -> AgentView:
        if agent not in self.agents_by_id:
            raise UnknownError(f"there is no agent {agent}")
        self._told(agent, verb, reason)
        return (
            self.agents_by_id.setdefault(agent, anna()) if verb == "login" else anna(state=STATES[verb], reason=reason)
        )

    async def command_campaign(self, campaign: str, verb: CampaignVerb) -> CampaignView:
        self._campaign(campaign)
        self._told(campaign, verb)
        self.status = STATUSES[verb]
        return self.campaigns()[0]

    async def hang_up(self, call_id: str) -> None:
        if call_id != "node1-abc-1":
            raise UnknownError(f"there is no call {call_id}")
        self._told("hang_up", call_id)

    @property
    def steering(self) -> "Wheel":
        return Wheel(self)

    @property
    def callbacks(self) -> "Promises":
        return Promises(self)

    async def dispose(
        self, agent: str, disposition: str, call_id: str | None = None, wish: Wish | None = None
    ) -> None:
        if disposition not in ("sale", "refused"):
            raise RefusedError(f"{disposition} is none of the campaign's dispositions: sale, refused")
        self._told("dispose", agent, disposition, call_id, *([] if wish is None else [wish]))

    async def add_contact(self, campaign: str, contact: NewContact) -> int:
        self._campaign(campaign)
        self._told("contact", campaign, contact)
        return 7

    async def stop_calling(self, scope: str, number: str, source: str, until: float | None) -> None:
        if scope == "client:nobody":
            raise UnknownError("there is no client nobody")
        self._told("stop", scope, number, source, until)

    async def reload(self) -> Sequence[str]:
        self._told("reload")
        return self.faults

    async def import_list(
        self, campaign: str, path: str, progress: Callable[[int, int], None] | None = None, name: str | None = None
    ) -> Mapping[str, int]:
        self._campaign(campaign)
        self._told("import", campaign, path, name)
        if progress is not None:
            progress(50, 100)
        if self.held is not None:
            await self.held.wait()
        self.orders.append(("imported", campaign))
        return self.counts

    def _campaign(self, campaign: str) -> None:
        if campaign != "winback":
            raise UnknownError(f"there is no campaign {campaign}")


@dataclass
class Wheel:
    """Changes of the plant's campaigns."""

    plant: Plant

    async def change(self, campaign: str, values: Mapping[str, object]) -> CampaignView:
        self.plant._campaign(campaign)
        self.plant._told("change", campaign, dict(values))
        return replace(self.plant.campaigns()[0], overrides=values)

    async def reset(self, campaign: str) -> CampaignView:
        self.plant._campaign(campaign)
        self.plant._told("reset", campaign)
        return self.plant.campaigns()[0]

    async def recycle(self, campaign: str, results: Sequence[str], in_list: str | None) -> int:
        self.plant._campaign(campaign)
        self.plant._told("recycle", campaign, list(results), in_list)
        return 7


@dataclass
class Promises:
    """The plant's callbacks."""

    plant: Plant

    async def listed(self, campaign: str) -> Sequence[CallbackView]:
        self.plant._campaign(campaign)
        if ("cancel", campaign, 7) in self.plant.orders:
            return []
        return [CallbackView(7, campaign, 2e9, "anna", "+49…23", "anna", 1.9e9)]

    async def move(self, campaign: str, contact: int, at: float | None, to: str | None) -> None:
        self._known(campaign, contact)
        self.plant._told("move", campaign, contact, at, to)

    async def cancel(self, campaign: str, contact: int) -> None:
        self._known(campaign, contact)
        self.plant._told("cancel", campaign, contact)

    def _known(self, campaign: str, contact: int) -> None:
        self.plant._campaign(campaign)
        if contact != 7:
            raise UnknownError(f"nothing is promised to contact {contact}")


@dataclass
class Desk:
    """The agents' desktops of the plant."""

    plant: Plant

    async def dial(self, agent: str, campaign: str, number: str) -> AgentView:
        self.plant.agent(agent)
        self.plant._campaign(campaign)
        self.plant._told("dial", agent, campaign, number)
        return anna(state="reserved")

    async def accept(self, agent: str) -> AgentView:
        self.plant.agent(agent)
        self.plant._told("accept", agent)
        return anna(state="reserved")

    async def skip(self, agent: str, reason: str) -> AgentView:
        self.plant.agent(agent)
        self.plant._told("skip", agent, reason)
        return anna(state="reserved")


@dataclass
class Bills:
    """What is asked of the plant about money."""

    plant: Plant

    def fees(self) -> Sequence[FeeView]:
        return [FeeView("acme", "2026-11", "EUR", 1_764_000_000.0, "812.50", {"talk": "812.50", "tax": "154.38"},
                        ForecastView("1500.00", "1400.00", "1600.00"),
                        MonthBudgetView("1000", 0.8125, (0.5, 0.8), False))]

    async def record_sale(self, call_id: str, amount: Decimal, sale_id: str | None) -> SaleView:
        self._call(call_id)
        self.plant._told("sale", call_id, amount, sale_id)
        return SaleView(sale_id or f"{call_id}.1")

    async def cancel_sale(self, call_id: str, sale_id: str) -> None:
        self._call(call_id)
        self.plant._told("cancel", call_id, sale_id)

    async def save_score(self, call_id: str, score: Decimal) -> None:
        self._call(call_id)
        self.plant._told("score", call_id, score)

    def _call(self, call_id: str) -> None:
        if call_id != "node1-abc-1":
            raise UnknownError(f"no call {call_id}")
