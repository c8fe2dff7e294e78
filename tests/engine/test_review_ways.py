"""Every way to a dial keeps to the same limits, and a claim that is taken back leaves the contact as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, Rig, write_site
from test_callbacks import NUMBER, dialled, promise, tick

from dialer.calls import events as ev
from dialer.store.records import Stop
from dialer.web.port import RefusedError

CLIENT = "configs/clients/acme.yaml"


def site(root: Path, client: dict[str, Any] | None = None, **campaign: Any) -> Rig:
    files = {name: dict(document) for name, document in FILES.items()}
    files[CLIENT] |= client or {}
    files[f"configs/campaigns/{CAMPAIGN}.yaml"] |= {
        "agents": {"skills": ["sales"], "wrap_up": "0s"}, "retry": {"callback": {"after": "10m", "times": 1}},
        "dispositions": {"sale": {}, "later": {"callback": True}}, **campaign,
    }  # fmt: skip
    write_site(root, files)
    return Rig(root)


def before_the_dial(rig: Rig, happens: Callable[[], object]) -> None:
    """Once the contact is claimed on disk, and before it is dialled."""
    recheck = rig.engine.law.recheck

    def asked(*args: Any) -> Any:
        happens()
        return recheck(*args)

    rig.engine.law.recheck = asked  # type: ignore[method-assign]


@pytest.mark.parametrize("way", ["callback", "by hand"])
async def test_a_spent_budget_stops_every_way_to_a_dial(tmp_path: Path, way: str) -> None:
    rig = site(tmp_path, {"budget": {"month": 1000, "hard_stop": "outbound"}})
    await promise(rig, 60)
    rig.engine.fees.stops_outbound = lambda _client: True  # type: ignore[method-assign]
    if way == "callback":
        await tick(rig, 61)
        assert rig.row("SELECT state FROM contacts") == "callback"
    else:
        with pytest.raises(RefusedError, match="budget"):
            await rig.control.desks.dial("ada", CAMPAIGN, "+493055500009")
    assert dialled(rig) == [NUMBER]
    assert rig.agent_state("ada") == "idle"
    await rig.close()


@pytest.mark.parametrize("until", [None, 120.0])
async def test_a_promise_that_is_forbidden_at_the_last_moment_stands(tmp_path: Path, until: float | None) -> None:
    rig = site(tmp_path)
    await promise(rig, 60)
    now = rig.clock.now()
    stop = Stop("global", NUMBER, "api", now, None if until is None else now + until)
    before_the_dial(rig, lambda: rig.engine.law._stops.update({(NUMBER, "global"): stop}))
    await tick(rig, 60)
    assert dialled(rig) == [NUMBER]
    state = rig.row("SELECT state, result, next_at - ? FROM contacts", now)
    assert state[:2] == (("done", "do_not_call.global") if until is None else ("callback", None))
    assert until is None or state[2] == 120.0
    await rig.close()


async def test_nobody_is_dialled_for_an_agent_who_is_gone_before_the_dial(tmp_path: Path) -> None:
    rig = site(tmp_path)
    await promise(rig, 60)
    leg = rig.engine.floor.legs("main")
    channel = next(iter(leg))[0]
    pick = rig.store.pick

    def gone(*args: Any, **more: Any) -> Any:
        future = pick(*args, **more)
        rig.post(ev.HungUp(channel, rig.clock.now(), 16))
        return future

    rig.store.pick = gone  # type: ignore[method-assign]
    await tick(rig, 60)
    assert dialled(rig) == [NUMBER]
    assert rig.row("SELECT state FROM contacts") == "callback"
    await rig.close()


async def test_a_promise_whose_agent_is_away_takes_no_agent_from_the_pacer(tmp_path: Path) -> None:
    rig = site(tmp_path, callbacks={"grace": "15m", "then": "wait"})
    await promise(rig, 60)
    rig.log_in("bob")
    rig.engine.floor.command("ada", "pause")
    await tick(rig, 61)
    assert rig.engine.callbacks.needs(frozenset({"sales"})) == ()
    rig.engine.floor.command("ada", "ready")
    rig.engine.campaigns.set_status(CAMPAIGN, "paused")
    await tick(rig)
    assert rig.engine.callbacks.needs(frozenset({"sales"})) == (), "the campaign makes none"
    await rig.close()


async def test_who_is_done_stays_so_when_a_dial_by_hand_never_left(tmp_path: Path) -> None:
    rig = site(tmp_path)
    call, _ = await rig.talk()
    await rig.control.dispose("ada", "sale")
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await rig.quiet()
    again = rig.switch.given("originate")[-1].channel
    assert again != call
    rig.post(ev.OriginateFailed(again, rig.clock.now(), "the link broke", sent=False))
    await rig.quiet()
    assert rig.outcome(again) == "cancelled"
    assert rig.row("SELECT state, result FROM contacts") == ("done", "sale")
    await rig.close()


async def test_agents_do_not_wait_a_second_for_every_few_contacts_that_are_refused(tmp_path: Path) -> None:
    rig = site(tmp_path)
    await rig.contacts(601)
    now = rig.clock.now()
    await rig.store.stop([Stop("global", f"+4930555{index:05}", "api", now) for index in range(600)])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    for _ in range(8):
        rig.clock.move(0.1)
        await rig.quiet()
    assert dialled(rig) == ["+493055500600"]
    await rig.close()


async def test_a_promised_call_does_not_count_against_itself_in_the_rotation(tmp_path: Path) -> None:
    rotation = {"numbers": [{"number": "+493023125009"}], "max_per_day": 2}
    rig = site(tmp_path, {"caller_ids": rotation})
    await promise(rig, 60)
    await tick(rig, 60)
    assert rig.rows("SELECT our_number FROM calls") == [("+493023125009",)] * 2
    await rig.close()


async def test_a_promise_stands_when_somebody_dials_before_by_hand_and_reaches_nobody(tmp_path: Path) -> None:
    rig = site(tmp_path)
    await promise(rig, 3600)
    promised = rig.row("SELECT next_at FROM contacts")
    await rig.control.desks.dial("ada", CAMPAIGN, NUMBER)
    await rig.quiet()
    rig.post(ev.HungUp(rig.switch.given("originate")[-1].channel, rig.clock.now(), 17))
    await rig.quiet()
    assert rig.row("SELECT state, next_at FROM contacts") == ("callback", promised)
    await rig.close()
