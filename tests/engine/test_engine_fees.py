"""Fees of the running month in the engine: what rating says, also after a restart; budgets that alert and hold back."""

import asyncio
import json
import logging
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, SWITCH, Rig, write_site
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from dialer import fee_rating
from dialer.billing.forecast import Fees, Forecast
from dialer.calls.outcome import Outcome
from dialer.cli import app
from dialer.config.models import Store as Settings
from dialer.fee_meter import FeeMeter
from dialer.store.records import CallRecord
from dialer.web.port import RefusedError, UnknownError

CLIENT = "configs/clients/acme.yaml"
MONTH = "2023-11"
"""Of the rig's clock."""


def client(**more: Any) -> dict[str, Any]:
    return FILES | {CLIENT: FILES[CLIENT] | more}


@pytest.fixture
async def stopping(tmp_path: Path) -> Any:
    write_site(tmp_path, client(budget={"month": 1000, "alert_at": ["50%", "80%"], "hard_stop": "outbound"}))
    made = Rig(tmp_path)
    yield made
    await made.close()


def fees(net: str, month: str = MONTH) -> Fees:
    forecast = Forecast(Decimal("1500.00"), Decimal("1400.00"), Decimal("1600.00"))
    return Fees("acme", month, "EUR", 1_700_000_000.0, {"talk": Decimal(net), "tax": Decimal(10)}, forecast)


async def taken(rig: Rig, net: str, month: str = MONTH) -> None:
    rig.engine.fees.take([fees(net, month)])
    await rig.quiet()


async def test_each_threshold_alerts_once_a_month_also_over_a_restart(
    stopping: Rig, caplog: pytest.LogCaptureFixture,
) -> None:
    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records if "budget" in record.getMessage()]

    with caplog.at_level(logging.WARNING):
        await taken(stopping, "499.99")
        assert said() == []
        await taken(stopping, "850.00")
        await taken(stopping, "870.00")
        assert len(said()) == 2
        await stopping.crash()
        await stopping.engine.fees.inherit()
        await taken(stopping, "890.00")
        assert len(said()) == 2
        [view] = stopping.control.billing.fees()
        assert view.budget.alerts == (0.5, 0.8) and not view.budget.outbound_stopped
        await taken(stopping, "510.00", "2023-12")
        assert len(said()) == 3


async def test_a_spent_budget_holds_campaigns_back_until_it_is_raised(stopping: Rig) -> None:
    await stopping.contacts(3)
    stopping.link_up()
    stopping.log_in("ada")
    await taken(stopping, "1000.00")
    stopping.engine.campaigns.set_status(CAMPAIGN, "running")
    await stopping.quiet()
    assert stopping.engine.campaigns.runs[CAMPAIGN].reason == "budget"
    dialled = len(stopping.switch.given("originate"))
    stopping.clock.move(5)
    await stopping.quiet()
    assert len(stopping.switch.given("originate")) == dialled == 1  # the agent's own leg
    write_site(stopping.root, {CLIENT: FILES[CLIENT] | {"budget": {"month": 2000, "hard_stop": "outbound"}}})
    assert await stopping.reloader.reload() == []
    stopping.clock.move(2)
    await stopping.quiet()
    assert len(stopping.switch.given("originate")) == 2


async def test_a_restart_holds_back_before_the_first_rating(stopping: Rig) -> None:
    await taken(stopping, "1200.00")
    assert stopping.engine.fees.stops_outbound("acme")
    await stopping.crash()
    assert not stopping.engine.fees.stops_outbound("acme")
    await stopping.engine.fees.inherit()
    assert stopping.engine.fees.stops_outbound("acme")
    await taken(stopping, "900.00")  # a cancelled sale
    assert not stopping.engine.fees.stops_outbound("acme")


async def test_the_views_and_the_metrics_say_the_same(stopping: Rig) -> None:
    from dialer.web import views

    await taken(stopping, "850.00")
    [view] = stopping.control.billing.fees()
    assert (view.net, view.forecast.low, view.budget.used) == ("850.00", "1400.00", 0.85)
    page = stopping.engine.metrics.render(views.live(stopping.control))[0].decode()
    seen = {(one.name, frozenset(one.labels.items())): one.value
            for family in text_string_to_metric_families(page) for one in family.samples}
    for name, labels, value in (
        ("dialer_fee", {"term": "talk", "currency": "EUR"}, 850.0), ("dialer_budget", {"currency": "EUR"}, 1000.0),
        ("dialer_fee_forecast", {"bound": "low", "currency": "EUR"}, 1400.0), ("dialer_budget_used_ratio", {}, 0.85),
        ("dialer_budget_outbound_stopped", {}, 0.0), ("dialer_budget_alerts_total", {}, 2.0),
    ):
        assert seen[name, frozenset({"client": "acme", **labels}.items())] == value


def settled(index: int, at: float) -> CallRecord:
    return CallRecord(
        id=f"c{index}", direction="inbound", node="n1", switch=SWITCH, client="acme", number="+4911", our_number="+49",
        created_at=at, state="over", answered_at=at, queued_at=at, joined_at=at, ended_at=at + 61, talk_s=61.0,
        outcome=Outcome.ANSWERED)


async def test_what_the_meter_finds_is_what_rate_says_also_after_a_restart(tmp_path: Path) -> None:
    contract = [{"from": "2026-01-01", "monthly": 100, "talk": {"per_minute": 0.6537, "round": {"places": 4}},
                 "taxes": [{"tax": "VAT", "rate": "19%"}]}]
    files = client(contract=contract)
    plant = FILES["configs/plant.yaml"] | {"store": {"url": "sqlite:///engine.db"}}
    write_site(tmp_path, files | {"configs/plant.yaml": plant})
    rig = Rig(tmp_path)
    try:
        for index in range(25):
            await rig.store.settle(settled(index, time.time() - 70), None)
        first = await metered(rig)
        await rig.crash()
        assert rig.control.billing.fees() == []
        (tmp_path / CLIENT).write_text("client: acme\nmonthly: somewhere else")
        again = await metered(rig)  # by the configuration in force
        write_site(tmp_path, files | {"configs/plant.yaml": plant})
    finally:
        await rig.close()
    month = time.strftime("%Y-%m", time.gmtime())
    asked = ["rate", "acme", month, "--json", "--root", str(tmp_path)]
    done = await asyncio.to_thread(CliRunner().invoke, app, asked)
    told = json.loads(done.stdout)
    assert first == again == (Decimal(told["net"]), Decimal(told["tax"]))
    assert first[0] > 100


async def metered(rig: Rig) -> tuple[Decimal, Decimal]:
    meter = asyncio.create_task(FeeMeter(rig.engine).run())
    try:
        while not (found := rig.control.billing.fees()):
            assert not meter.done()
            await asyncio.sleep(0.05)
    finally:
        meter.cancel()
    return Decimal(found[0].net), Decimal(found[0].terms["tax"])


async def test_a_rating_that_fails_is_told_and_what_was_found_stays(
    stopping: Rig, caplog: pytest.LogCaptureFixture,
) -> None:
    await taken(stopping, "850.00")
    order = fee_rating.order_of(stopping.engine.configuration)
    await FeeMeter(stopping.engine)._once(replace(order, store=Settings(url="sqlite:////dev/null/none.db")))
    assert "could not be rated" in caplog.text
    assert stopping.control.billing.fees()[0].net == "850.00"


async def test_sales_and_scores_are_recorded_and_cancelled(rig: Rig) -> None:
    await rig.store.settle(settled(1, rig.clock.now()), None)
    await rig.store.settle(settled(2, rig.clock.now()), None)
    billing = rig.control.billing
    assert (await billing.record_sale("c1", Decimal("49.90"), None)).id == "c1.1"
    assert (await billing.record_sale("c1", Decimal("49.90"), "c1.1")).id == "c1.1"
    with pytest.raises(RefusedError, match="another sale"):
        await billing.record_sale("c1", Decimal("50.00"), "c1.1")
    with pytest.raises(RefusedError, match="cannot be the call's"):
        await billing.record_sale("c1", Decimal("50.00"), "c1")
    with pytest.raises(UnknownError):
        await billing.record_sale("nobody", Decimal(1), None)
    with pytest.raises(UnknownError, match="no sale"):
        await billing.cancel_sale("c2", "c1.1")
    await billing.cancel_sale("c1", "c1.1")
    assert (await rig.store.books.sale("c1.1")).cancelled_at == rig.clock.now()
    with pytest.raises(RefusedError, match="recorded sales"):
        await billing.cancel_sale("c1", "c1")
    await billing.save_score("c2", Decimal(96))
    facts = await rig.store.books.facts("acme", rig.clock.now() - 1, rig.clock.now() + 1)
    assert [(score.call_id, score.score) for score in facts.scores] == [("c2", Decimal(96))]
    with pytest.raises(UnknownError):
        await billing.save_score("nobody", Decimal(1))
