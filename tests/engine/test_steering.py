"""Campaigns by a schedule, and campaigns changed while they run."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_rig import CAMPAIGN, FILES, Rig, script, write_site

from dialer.calls import events as ev
from dialer.config.models import Hours
from dialer.store.records import NewContact
from dialer.web.port import RefusedError, UnknownError

FILE = f"configs/campaigns/{CAMPAIGN}.yaml"


def site(root: Path, **campaign: Any) -> None:
    files = {name: dict(document) for name, document in FILES.items()}
    files[FILE] |= campaign
    write_site(root, files)


def rewrite(rig: Rig, **campaign: Any) -> None:
    document = json.loads((rig.root / FILE).read_text()) | campaign
    (rig.root / FILE).write_text(json.dumps(document))


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path, limits={"channels": 10}, mode="progressive")
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


def dialled(rig: Rig) -> int:
    return sum(order.detail.exten == "outbound" for order in rig.switch.given("originate"))


# -- schedule ---------------------------------------------------------------------------------------------------------


def berlin(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


@pytest.fixture
async def timed(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path, schedule={
        "timezone": "Europe/Berlin", "last": "2023-11-21",
        "open": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "12:00"},
                 {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "13:00", "to": "17:00"}]})  # fmt: skip
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


def at(rig: Rig, text: str) -> str:
    """The status then."""
    rig.clock.move(berlin(text) - rig.clock.now())
    rig.engine.tick()
    return rig.status()


def begin(rig: Rig, text: str, saved: tuple[str, float] | None = None) -> str:
    rig.clock.move(berlin(text) - rig.clock.now())
    status = rig.engine.schedules.begin(CAMPAIGN, saved)
    if status != "stopped":
        rig.engine.campaigns.set_status(CAMPAIGN, status)  # type: ignore[arg-type]
    return rig.status()


async def test_it_starts_and_pauses_by_itself(timed: Rig) -> None:
    assert begin(timed, "2023-11-20T08:00") == "paused"
    times = ["08:59", "09:00", "11:59", "12:00", "13:00", "17:00"]
    assert [at(timed, f"2023-11-20T{time}") for time in times] == [
        "paused", "running", "running", "paused", "running", "paused"]  # fmt: skip
    assert timed.engine.campaigns.runs[CAMPAIGN].reason == "schedule"
    assert at(timed, "2023-11-21T09:30") == "running"
    assert at(timed, "2023-11-22T09:30") == "paused", "the day before was the last"


async def test_a_pause_by_hand_holds_until_the_next_window(timed: Rig) -> None:
    begin(timed, "2023-11-20T09:30")
    await timed.control.command_campaign(CAMPAIGN, "pause")
    assert at(timed, "2023-11-20T11:00") == "paused"
    assert at(timed, "2023-11-20T13:00") == "running"
    await timed.control.command_campaign(CAMPAIGN, "stop")
    assert at(timed, "2023-11-21T09:00") == "stopped", "who stops it starts it"
    await timed.control.command_campaign(CAMPAIGN, "start")
    assert at(timed, "2023-11-21T12:00") == "paused"


async def test_a_start_by_hand_holds_until_the_next_window_ends(timed: Rig) -> None:
    begin(timed, "2023-11-20T08:00")
    await timed.control.command_campaign(CAMPAIGN, "start")
    assert at(timed, "2023-11-20T08:30") == "running"
    assert at(timed, "2023-11-20T09:30") == "running"
    assert at(timed, "2023-11-20T12:00") == "paused"


@pytest.mark.parametrize(("saved", "wanted"), [
    (("paused", "2023-11-17T17:00"), "running"), (("paused", "2023-11-20T09:10"), "paused"),
    (("running", "2023-11-17T13:00"), "running"), (("stopped", "2023-11-17T17:00"), "stopped"),
    (("exhausted", "2023-11-17T15:00"), "running"),
])  # fmt: skip
async def test_what_the_engine_slept_through_is_made_up_for(timed: Rig, saved: Any, wanted: str) -> None:
    assert begin(timed, "2023-11-20T09:30", (saved[0], berlin(saved[1]))) == wanted


async def test_the_status_is_stored_with_its_time(timed: Rig) -> None:
    begin(timed, "2023-11-20T09:30")
    await timed.quiet()
    assert await timed.store.campaign_status_since(CAMPAIGN) == ("running", berlin("2023-11-20T09:30"))
    assert timed.engine.schedules.closes_in(timed.engine.campaigns.runs[CAMPAIGN], berlin("2023-11-20T11:50")) == 600.0


async def test_hours_that_close_before_the_window_does_count(timed: Rig) -> None:
    begin(timed, "2023-11-20T09:30")
    run = timed.engine.campaigns.runs[CAMPAIGN]
    hours = Hours.model_validate({"hours": "short", "timezone": "Europe/Berlin",
                                  "open": [{"days": ["mon"], "from": "08:00", "to": "11:00"}]})  # fmt: skip
    timed.engine.configuration = replace(timed.engine.configuration, hours={"short": hours})
    run.config = run.config.model_copy(update={"hours": "short"})
    left = timed.engine.schedules.closes_in(run, berlin("2023-11-20T10:59:30"))
    assert left == pytest.approx(30.0, abs=1.0)
    assert timed.engine.schedules.closes_in(run, berlin("2023-11-20T10:30")) is None


# -- live changes -----------------------------------------------------------------------------------------------------


async def test_the_mode_there_and_back_during_a_talk(rig: Rig) -> None:
    call, _ = await rig.talk()
    steering = rig.control.steering
    forecast = rig.engine.campaigns.pacing._joint.members[CAMPAIGN].forecast
    view = await steering.change(CAMPAIGN, {"mode": "predictive"})
    assert (view.mode, view.overrides) == ("predictive", {"mode": "predictive"})
    assert rig.call_state(call) == "talking"
    await steering.change(CAMPAIGN, {"mode": "preview"})
    await steering.change(CAMPAIGN, {"mode": "predictive", "limits.channels": 2})
    members = rig.engine.campaigns.pacing._joint.members
    assert members[CAMPAIGN].forecast is forecast, "what was learnt stays"
    now = rig.clock.now()
    rig.post(ev.HungUp(call, now, 16))
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert rig.engine.configuration.campaigns[CAMPAIGN].limits.channels == 2
    view = await steering.reset(CAMPAIGN)
    assert (view.mode, view.overrides) == ("progressive", {})
    assert rig.engine.configuration.campaigns[CAMPAIGN].limits.channels == 10


async def test_progressive_to_preview_shows_the_next_contact(rig: Rig) -> None:
    call, _ = await rig.dial(contacts=2)
    await rig.control.steering.change(CAMPAIGN, {"mode": "preview"})
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    assert rig.agent_state("ada") == "talking", "what was in the air goes on"
    rig.post(ev.HungUp(call, now, 16))
    rig.clock.move(6)
    await rig.quiet()
    assert rig.control.agent("ada").preview is not None
    assert dialled(rig) == 1


async def test_a_limit_holds_at_once(rig: Rig) -> None:
    await rig.control.steering.change(CAMPAIGN, {"limits.channels": 1})
    await rig.contacts(5)
    rig.link_up()
    for agent in ("ada", "bob", "cy"):
        rig.log_in(agent)
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert dialled(rig) == 1
    await rig.control.steering.change(CAMPAIGN, {"limits.channels": 2})
    await rig.quiet()
    assert dialled(rig) == 2
    await rig.control.steering.change(CAMPAIGN, {"limits.channels": None})
    rig.engine.tick()
    await rig.quiet()
    assert dialled(rig) == 3


async def test_kept_over_a_restart_until_the_file_says_something_new(rig: Rig) -> None:
    await rig.control.steering.change(CAMPAIGN, {"mode": "power", "ratio": 2.0, "limits.channels": 4})
    await rig.crash()
    rig.engine.overrides.restore(await rig.store.overrides())
    config = rig.engine.configuration.campaigns[CAMPAIGN]
    assert (config.mode, config.ratio, config.limits.channels) == ("power", 2.0, 4)
    rewrite(rig, ring_timeout="21s")
    assert await rig.control.reload() == []
    config = rig.engine.configuration.campaigns[CAMPAIGN]
    assert (config.mode, config.limits.channels, config.ring_timeout) == ("power", 4, 21.0)
    rewrite(rig, limits={"channels": 7})
    assert await rig.control.reload() == []
    config = rig.engine.configuration.campaigns[CAMPAIGN]
    assert (config.mode, config.limits.channels) == ("power", 7), "of this key the file says something new"
    await rig.quiet()
    assert sorted(row.key for row in await rig.store.overrides()) == ["mode", "ratio"]
    rewrite(rig, abandon={})
    assert await rig.control.reload() == []
    assert rig.engine.configuration.campaigns[CAMPAIGN].mode == "progressive", "power needs a message"


async def test_what_would_be_wrong_in_the_file_is_refused(rig: Rig) -> None:
    steering = rig.control.steering
    for values, why in (
        ({"mode": "agentless"}, "nothing to say"), ({"ratio": 2.0}, "no fixed ratio"), ({}, "nothing to change"),
        ({"mode": None}, "cannot be nothing"),
    ):
        with pytest.raises(RefusedError, match=why):
            await steering.change(CAMPAIGN, values)
    with pytest.raises(UnknownError):
        await steering.change("nothing", {"mode": "power"})
    assert await rig.store.overrides() == []
    assert rig.engine.configuration.campaigns[CAMPAIGN].mode == "progressive"


async def test_the_file_s_ratio_belongs_to_the_file_s_mode(tmp_path: Path) -> None:
    site(tmp_path, mode="power", ratio=2.0)
    rig = Rig(tmp_path)
    view = await rig.control.steering.change(CAMPAIGN, {"mode": "progressive"})
    assert view.mode == "progressive"
    view = await rig.control.steering.reset(CAMPAIGN)
    assert rig.engine.configuration.campaigns[CAMPAIGN].ratio == 2.0
    await rig.close()


# -- recycling --------------------------------------------------------------------------------------------------------


async def test_recycling_a_list_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    site(tmp_path, lists=[{"name": "cold", "file": "lists/cold.csv"}, {"name": "warm", "file": "lists/warm.csv"}])
    for name in ("cold", "warm"):
        (tmp_path / "configs" / "lists").mkdir(exist_ok=True)
        (tmp_path / "configs" / "lists" / f"{name}.csv").write_text("number\n")
    rig = Rig(tmp_path)
    await rig.store.add_contacts(CAMPAIGN, [NewContact("+493055500000", list="spring")])
    for known in ("cold", "spring"):
        assert await rig.control.steering.recycle(CAMPAIGN, ["busy"], known) == 0
    with pytest.raises(UnknownError, match="nobody ended as no_anser; did you mean `no_answer`"):
        await rig.control.steering.recycle(CAMPAIGN, ["busy", "no_anser"], None)
    with pytest.raises(UnknownError, match="has no list summer; lists: `cold`, `spring`, `warm`"):
        await rig.control.steering.recycle(CAMPAIGN, ["busy"], "summer")
    with pytest.raises(UnknownError, match="did you mean `warm`"):
        await rig.control.steering.recycle(CAMPAIGN, ["busy"], "warn")
    await rig.close()
