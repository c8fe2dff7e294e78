"""Test calls while links are cut, engines die and the trunk is full: they stay tests, and none is placed twice."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_rig import DESK, FILES, SWITCH, Rig, script, seen, write_site

from dialer.calls import events as ev
from dialer.config.loader import load
from dialer.coordination.limits import Scope
from dialer.quality.mystery import due
from dialer.store.test_calls import TestCallRow

SHOWN = "+4915112300042"
TEST = {"test": "desk", "client": "acme", "number": DESK, "caller_ids": [SHOWN], "stays": "5s",
        "expect": {"outcome": "self_served"}}  # fmt: skip
DAILY = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}


def site(root: Path, test: dict[str, Any] = TEST, **switch: Any) -> Rig:
    plant = FILES["configs/plant.yaml"]
    switches = {SWITCH: plant["switches"][SWITCH] | switch}
    write_site(root, {**FILES, "configs/plant.yaml": plant | {"switches": switches},
                      "configs/test_calls/desk.yaml": test})  # fmt: skip
    return Rig(root)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = site(tmp_path)
    yield made
    await made.close()


async def place(rig: Rig) -> str:
    own = rig.engine.mystery.place(rig.configuration.test_calls["desk"])
    assert own is not None
    await rig.quiet()
    return own


def arrive(rig: Rig, own: str) -> None:
    now = rig.clock.now()
    rig.post(ev.Answered(own, now), script("in", now, "inbound", SHOWN, DESK), ev.Answered("in", now))


async def end(rig: Rig, *channels: str) -> None:
    rig.clock.move(3)
    for channel in channels:
        rig.post(ev.HungUp(channel, rig.clock.now(), 16))
    await rig.quiet()


async def row(rig: Rig, own: str) -> TestCallRow:
    await rig.quiet()
    found = await rig.store.test_calls.one(own)
    assert found is not None
    return found


def used(rig: Rig) -> int:
    return rig.engine.limits.used(Scope("switch", SWITCH))


def hung_up(rig: Rig) -> list[str]:
    return [order.channel for order in rig.switch.given("hangup")]


# -- links and crashes ------------------------------------------------------------------------------------------------


async def test_a_link_that_is_back_hangs_up_no_test_call(rig: Rig) -> None:
    rig.link_up()
    own = await place(rig)
    arrive(rig, own)
    rig.link_down()
    rig.link_up(seen(own), seen("in"))
    assert hung_up(rig) == []
    await end(rig, "in", own)
    assert (await row(rig, own)).by_rules is not None


async def test_an_end_that_nobody_told_is_seen_in_the_listing(rig: Rig) -> None:
    rig.link_up()
    own = await place(rig)
    arrive(rig, own)
    rig.post(ev.HungUp("in", rig.clock.now(), 16))
    rig.link_down()
    rig.clock.move(10)
    rig.link_up()
    assert (await row(rig, own)).by_rules is not None
    assert not rig.engine.mystery.knows(own)


async def test_killed_before_it_comes_in_it_is_a_test_all_the_same(rig: Rig) -> None:
    """Or the client would pay for it."""
    rig.link_up()
    own = await place(rig)
    await rig.crash()
    rig.link_up(seen(own, "ringing"))
    assert hung_up(rig) == [] and used(rig) == 1
    arrive(rig, own)
    assert rig.engine.mystery.is_test("in")
    await end(rig, "in", own)
    found = await row(rig, own)
    assert (found.call_id, found.fault) == ("in", None) and found.by_rules is not None
    assert used(rig) == 0


async def test_killed_while_it_is_there_it_is_judged_at_its_end(rig: Rig) -> None:
    rig.link_up()
    own = await place(rig)
    arrive(rig, own)
    await rig.crash()
    rig.link_up(seen(own), seen("in"))
    assert hung_up(rig) == [] and rig.engine.mystery.is_test("in")
    await end(rig, "in", own)
    assert (await row(rig, own)).by_rules is not None


async def test_nothing_goes_out_before_it_is_on_disk(rig: Rig) -> None:
    rig.link_up()
    own = rig.engine.mystery.place(rig.configuration.test_calls["desk"])
    assert own is not None and rig.switch.given("originate") == []
    await rig.quiet()
    assert [order.channel for order in rig.switch.given("originate")] == [own]


async def test_what_nobody_saw_the_end_of_has_no_score(rig: Rig) -> None:
    rig.link_up()
    own = await place(rig)
    arrive(rig, own)
    await rig.crash()
    rig.clock.move(10)
    rig.link_up()
    await rig.quiet()
    rig.engine.tick()
    found = await row(rig, own)
    assert (found.fault, found.by_rules, found.call_id) == ("lost", None, "in")


async def test_one_that_was_over_before_the_engine_was_back_is_lost_and_stays_a_test(rig: Rig) -> None:
    rig.link_up()
    own = await place(rig)
    arrive(rig, own)
    rig.post(ev.HungUp("in", rig.clock.now(), 16))
    await rig.crash()
    rig.clock.move(10)
    rig.link_up()
    rig.engine.tick()
    found = await row(rig, own)
    assert (found.fault, found.call_id) == ("lost", "in") and found.ended_at is not None
    assert not rig.engine.mystery.knows(own)


async def test_one_whose_test_is_not_configured_any_more_is_lost(rig: Rig) -> None:
    rig.link_up()
    own = await place(rig)
    await rig.quiet()
    (rig.root / "configs/test_calls/desk.yaml").unlink()
    rig.configuration = load(rig.root, {})
    await rig.crash()
    assert (await row(rig, own)).fault == "lost"


async def test_one_that_comes_in_as_its_own_side_hangs_up_is_a_test(rig: Rig) -> None:
    """The two are told over two sockets."""
    rig.link_up()
    own = await place(rig)
    rig.post(ev.HungUp(own, rig.clock.now(), 16))
    rig.post(script("in", rig.clock.now(), "inbound", SHOWN, DESK))
    assert rig.engine.mystery.is_test("in")
    await end(rig, "in")
    assert (await row(rig, own)).call_id == "in"


async def test_one_that_never_comes_in_is_over_soon(rig: Rig) -> None:
    rig.link_up()
    own = await place(rig)
    rig.post(ev.HungUp(own, rig.clock.now(), 17))
    rig.clock.move(30)
    rig.engine.tick()
    assert (await row(rig, own)).fault == "unanswered"


# -- when they are placed ---------------------------------------------------------------------------------------------


def moments(rig: Rig) -> list[float]:
    test = rig.configuration.test_calls["desk"]
    assert test.times is not None
    now, zone = rig.clock.now(), ZoneInfo(rig.configuration.clients["acme"].timezone)
    return list(due(test.test, test.times, now, now + 3 * 86_400.0, zone))


@pytest.fixture
async def daily(tmp_path: Path) -> AsyncIterator[Callable[..., Rig]]:
    made: list[Rig] = []

    def make(**switch: Any) -> Rig:
        made.append(site(tmp_path, TEST | {"times": DAILY}, **switch))
        return made[0]

    yield make
    for one in made:
        await one.close()


async def placed(rig: Rig) -> int:
    await rig.quiet()
    return len(rig.switch.given("originate"))


def without_a_link_at_the_moment(rig: Rig) -> None:
    rig.link_up()
    rig.engine.tick()
    rig.link_down()
    rig.clock.move(moments(rig)[0] - rig.clock.now() + 1.0)
    rig.engine.tick()


async def test_a_switch_that_is_away_at_the_moment_gets_it_when_it_is_back(daily: Callable[..., Rig]) -> None:
    rig = daily()
    without_a_link_at_the_moment(rig)
    assert await placed(rig) == 0
    rig.clock.move(60)
    rig.link_up()
    rig.engine.tick()
    rig.engine.tick()
    assert await placed(rig) == 1


async def test_one_that_waits_for_its_switch_goes_by_the_files_as_they_are_then(daily: Callable[..., Rig]) -> None:
    rig = daily()
    without_a_link_at_the_moment(rig)
    (rig.root / "configs/test_calls/desk.yaml").unlink()
    assert await rig.reloader.reload() == []
    rig.clock.move(60)
    rig.link_up()
    rig.engine.tick()
    assert await placed(rig) == 0


async def test_nobody_makes_up_for_it_much_later(daily: Callable[..., Rig]) -> None:
    rig = daily()
    without_a_link_at_the_moment(rig)
    rig.clock.move(400)
    rig.link_up()
    rig.engine.tick()
    assert await placed(rig) == 0


async def test_a_clock_that_goes_back_places_none_twice(daily: Callable[..., Rig]) -> None:
    rig = daily()
    rig.link_up()
    rig.clock.move(moments(rig)[0] - rig.clock.now() - 1.0)
    rig.engine.tick()
    for step in (2.0, -3.0, 2.0, 2.0):
        rig.clock.move(step)
        rig.engine.tick()
    assert await placed(rig) == 1


async def test_it_counts_in_the_calls_per_second_and_goes_before_the_campaigns(daily: Callable[..., Rig]) -> None:
    rig = daily(calls_per_second=1)
    rig.link_up()
    await rig.contacts(5, "surveyed")
    for agent in ("ada", "bob"):
        rig.log_in(agent)
    rig.switch.orders.clear()
    own, test = await place(rig), rig.configuration.test_calls["desk"]
    assert rig.engine.mystery.place(test) is not None, "one may go ahead of its turn"
    assert rig.engine.mystery.place(test) is None
    rig.engine.campaigns.set_status("surveyed", "running")
    await rig.quiet()
    assert await placed(rig) == 2 and used(rig) == 4
    rig.clock.move(1.1)
    rig.engine.tick()
    await rig.quiet()
    assert await placed(rig) == 2
    rig.clock.move(1.1)
    rig.engine.tick()
    await rig.quiet()
    assert await placed(rig) == 3
    await end(rig, own)


# -- what is heard ----------------------------------------------------------------------------------------------------


async def test_a_folder_that_cannot_be_read_does_not_end_the_ears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = site(tmp_path, TEST | {"expect": {"hears": [{"prompt": "hello"}]}}, recordings={"read": "talks"})

    def refused(path: Path, **_: Any) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refused)
    rig.engine.mystery.ears.sweep()
    await rig.close()


async def test_a_flow_that_has_changed_meanwhile_leaves_it_unheard(tmp_path: Path) -> None:
    rig = site(tmp_path, TEST | {"expect": {"outcome": "self_served", "hears": [{"prompt": "hello"}]}},
               recordings={"read": "talks"})  # fmt: skip
    rig.link_up()
    own = await place(rig)
    arrive(rig, own)
    flow = rig.engine.configuration.flow_for(DESK)
    assert flow is not None
    flow.nodes.pop("hello")
    await end(rig, own, "in")
    found = await row(rig, own)
    assert [rule["met"] for rule in found.rules or ()][1:] == [None]
    assert not rig.engine.mystery.knows(own)
    await rig.close()
