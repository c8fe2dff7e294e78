"""Promises, previews and schedules whose other half is gone: the agent, the database, the hours, the engine itself."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, Rig, write_site
from test_callbacks import NUMBER, dialled, promise, site, tick

from dialer.calls.outcome import Outcome
from dialer.campaigns.schedule import DAYS
from dialer.config.loader import load
from dialer.service import Service
from dialer.store.errors import StoreError
from dialer.store.records import CallRecord
from dialer.store.store import Store
from dialer.web.port import RefusedError

WINTER = {"hours": "office", "timezone": "UTC", "open": [{"days": ["tue"], "from": "00:00", "to": "22:13"}]}
"""The rig's clock begins on a Tuesday at 22:13:20."""


async def test_a_promise_of_an_agent_who_is_gone_is_kept_by_another(tmp_path: Path) -> None:
    site(tmp_path, callbacks={"then": "wait"})
    rig = Rig(tmp_path)
    await promise(rig, 600)
    write_site(tmp_path, {"configs/agents.yaml": {"agents": {
        "bob": {"name": "Bob", "phone": "p-bob", "skills": ["sales"]}}}})
    assert await rig.reloader.reload() == []
    rig.log_in("bob")
    await tick(rig, 599)
    assert dialled(rig) == [NUMBER]
    await tick(rig, 2)
    assert dialled(rig) == [NUMBER, NUMBER]
    await rig.close()


async def test_a_shown_contact_that_the_database_refused_to_begin_is_due_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    site(tmp_path, mode="preview", preview={"time": "30s", "then": "skip"})
    rig = Rig(tmp_path)
    await rig.contacts(1)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()

    def refused(*_: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        future.set_exception(StoreError("out of order"))
        return future

    with monkeypatch.context() as patch:
        patch.setattr(rig.store, "begin", refused)
        with pytest.raises(RefusedError, match="out of order"):
            await rig.control.desks.accept("ada")
        await rig.quiet()
    assert rig.agent_state("ada") == "idle" or rig.control.agent("ada").preview is not None
    for _ in range(3):
        rig.clock.move(1.1)
        rig.engine.tick()
        await rig.quiet()
    assert rig.control.agent("ada").preview is not None, "shown again"
    await rig.close()


async def test_a_shown_contact_is_not_dialled_after_hours(tmp_path: Path) -> None:
    site(tmp_path, mode="preview", preview={"time": "30s", "then": "skip"}, hours="office")
    write_site(tmp_path, {"configs/hours/office.yaml": WINTER | {"open": [{"days": ["tue"], "from": "00:00",
                                                                         "to": "22:14"}]}})
    rig = Rig(tmp_path)
    await rig.contacts(1)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert rig.control.agent("ada").preview is not None
    rig.clock._now += 60  # 22:14:20
    with pytest.raises(RefusedError, match="hours are over"):
        await rig.control.desks.accept("ada")
    await rig.quiet()
    assert dialled(rig) == []
    assert rig.rows("SELECT state FROM contacts") == [("due",)]
    await rig.close()


async def test_a_campaign_whose_last_day_was_long_before_the_engine_came_back_stays_paused(tmp_path: Path) -> None:
    write_site(tmp_path)
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    open_ = [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}]
    schedule = {"timezone": "UTC", "open": open_, "last": "2023-11-01"}
    write_site(tmp_path, {name: FILES[name] | {"schedule": schedule}})
    rig = Rig(tmp_path)
    schedules, now = rig.engine.schedules, rig.clock.now()
    assert schedules.begin(CAMPAIGN, ("running", now - 30 * 86_400)) == "paused"
    rig.clock.move((DAYS + 10) * 86_400)
    assert schedules.begin(CAMPAIGN, ("running", now - 30 * 86_400)) == "paused"
    await rig.close()


async def test_a_campaign_that_is_put_back_knows_whom_it_abandoned(tmp_path: Path) -> None:
    """Also those of the calls that went on while it was out of the configuration."""
    write_site(tmp_path)
    configuration = load(tmp_path, {})
    store = Store.open(f"sqlite:///{tmp_path}/engine.db")
    service = Service(configuration, store, tmp_path, None)
    engine = service._engine
    await service._start_campaigns()
    engine.take(replace(configuration, campaigns={}), engine.sounds)
    abandoned = CallRecord(
        id="c1", direction="outbound", node="n1", switch="main", client="acme", campaign=CAMPAIGN, number=NUMBER,
        our_number="+4930", created_at=engine.clock.now(), state="over", outcome=Outcome.ABANDONED)
    await store.settle(abandoned, None)
    engine.take(configuration, engine.sounds)
    await service._start_campaigns()
    assert [one.answered for one in engine.budgets.standings(CAMPAIGN)][:1] == [1]
    await store.close()
