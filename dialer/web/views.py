"""What of the engine goes out: masked views, and the living figures of a scrape."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, replace

from dialer.fee_metrics import FeeLive
from dialer.machine_metrics import DetectionLive
from dialer.metrics import CampaignLive, Live
from dialer.numbers import mask
from dialer.pacing_metrics import PacingLive
from dialer.web.billing_port import FeeView
from dialer.web.desk_port import DetectionView
from dialer.web.port import AgentView, CallView, Control


def agents(control: Control) -> Sequence[AgentView]:
    return [masked(view) for view in control.agents()]


def masked(view: AgentView) -> AgentView:
    return view if view.number is None else replace(view, number=mask(view.number))


def calls(control: Control) -> Sequence[CallView]:
    return [replace(view, number=mask(view.number)) for view in control.calls()]


def _detection(view: DetectionView | None) -> DetectionLive | None:
    if view is None or view.rate is None:
        return None
    return DetectionLive(view.rate, view.low, view.high, view.samples)


def live(control: Control) -> Live:
    """Read on the event loop's thread, rendered on another."""
    health = control.health()
    return Live(
        agents=Counter(view.state for view in control.agents()),
        calls=Counter((view.direction, view.state) for view in control.calls()),
        campaigns={
            view.id: CampaignLive(
                view.client, view.status, view.dialling, view.talking, dict(view.totals.contacts),
                {(budget.rule, budget.window): budget.left for budget in view.budgets}, _detection(view.detection),
                view.lasts_s, view.running_low,
                None if view.pacing is None else PacingLive(*astuple(view.pacing)),
            )
            for view in control.campaigns()
        },
        queues={view.id: (view.waiting, view.longest_wait_s) for view in control.queues()},
        switches={name: state == "up" for name, state in health.switches.items()},
        fees=[_fee(view) for view in control.billing.fees()],
        store_up=health.store == "up",
        draining=health.draining,
    )


def _fee(view: FeeView) -> FeeLive:
    ahead, budget = view.forecast, view.budget
    return FeeLive(
        view.client, view.currency, view.at, {term: float(amount) for term, amount in view.terms.items()},
        {} if ahead is None else {
            "expected": float(ahead.expected), "low": float(ahead.low), "high": float(ahead.high)},
        None if budget is None else (float(budget.month), budget.used, budget.outbound_stopped),
    )
