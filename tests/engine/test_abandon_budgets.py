"""Abandon budgets at work: counted at once, shown, remembered over a restart; what pacers learnt as well."""

from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, SURVEYED, Rig, script, write_site

from dialer.calls import events as ev
from dialer.calls.outcome import Outcome
from dialer.campaigns.pacing.windows import Standing
from dialer.engine.budgets import note_groups
from dialer.flows.commands import Reply

WINDOWS = {
    "windows": [{"max": "5%", "over": "1h"}, {"max": 1, "per": 100}], "group": "both", "message": {"en": "Sorry."},
}  # fmt: skip


def site(**more: Any) -> dict[str, Any]:
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    return {name: FILES[name] | {"abandon": WINDOWS, **more}}


def standing(rig: Rig, rule: str, window: str, campaign: str = CAMPAIGN) -> Standing:
    [found] = [
        one for one in rig.engine.budgets.standings(campaign) if (one.rule, one.window) == (rule, window)
    ]  # fmt: skip
    return found


async def restart(rig: Rig) -> None:
    await rig.crash()
    for name in rig.engine.campaigns.runs:
        people = await rig.store.people.since(name, 0.0)
        rig.engine.campaigns.remember(name, people, await rig.store.people.learned(name))


async def abandon(rig: Rig) -> str:
    """The agent's leg drops while it rings, and nobody else is there."""
    call, leg = await rig.dial()
    rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    rig.post(ev.ScriptReplied(call, now + 2.0, Reply("expired")))
    return call


async def test_who_is_abandoned_counts_before_the_message_is_over(rig: Rig) -> None:
    write_site(rig.root, site())
    assert await rig.reloader.reload() == []
    call = await abandon(rig)
    assert rig.call_state(call) == "ending"
    for rule, window in (("own", "30d"), ("own", "1h"), ("own", "100 answered"), ("both", "1h")):
        assert standing(rig, rule, window).abandoned == 1, (rule, window)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert standing(rig, "own", "1h").abandoned == 1, "and once"
    assert standing(rig, "own", "100 answered").left == 0


async def test_a_restart_forgets_no_budget(rig: Rig) -> None:
    write_site(rig.root, site())
    assert await rig.reloader.reload() == []
    call = await abandon(rig)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    rig.configuration = rig.engine.configuration
    before = [(one.rule, one.window, one.answered, one.left) for one in rig.engine.budgets.standings(CAMPAIGN)]
    await restart(rig)
    after = [(one.rule, one.window, one.answered, one.left) for one in rig.engine.budgets.standings(CAMPAIGN)]
    assert after == before
    assert standing(rig, "own", "1h").abandoned == 1
    [view] = [view for view in rig.control.campaigns() if view.id == CAMPAIGN]
    shown = {(one.rule, one.window): one.left for one in view.budgets}
    assert shown["own", "100 answered"] == 0


async def test_a_group_counts_all_of_its_campaigns(rig: Rig) -> None:
    name = f"configs/campaigns/{SURVEYED}.yaml"
    other = {name: FILES[name] | {"abandon": {**WINDOWS, "windows": WINDOWS["windows"][:1]}}}
    write_site(rig.root, {**site(), **other})
    assert await rig.reloader.reload() == []
    await abandon(rig)
    assert standing(rig, "both", "1h", SURVEYED).abandoned == 1
    assert standing(rig, "both", "30d", SURVEYED).abandoned == 1
    assert standing(rig, "own", "1h", SURVEYED).abandoned == 0


async def test_in_a_group_each_campaign_has_its_own_estimate_of_false_positives(rig: Rig) -> None:
    windows = {"windows": [{"max": "5%", "over": "1h", "false_positives": True}], "group": "both"}
    shares = {CAMPAIGN: 0.1, SURVEYED: 0.3}
    write_site(rig.root, {
        name: FILES[name] | {"abandon": windows, "machine": {"detect": True, "false_positives": share}}
        for campaign, share in shares.items() for name in [f"configs/campaigns/{campaign}.yaml"]
    })  # fmt: skip
    assert await rig.reloader.reload() == []
    for campaign in shares:
        for _ in range(10):
            rig.engine.budgets.count(campaign, "+493055500000", Outcome.MACHINE)
    assert round(standing(rig, "both", "1h").abandoned, 6) == 4
    rig.engine.budgets.measured(SURVEYED, false_positives=0.0)
    assert round(standing(rig, "both", "1h").abandoned, 6) == 1
    rig.engine.budgets.take()
    assert round(standing(rig, "both", "1h").abandoned, 6) == 1, "from what is remembered as well"


async def test_packs_hold_for_the_countries_that_are_called(rig: Rig) -> None:
    """Left out, `rules` are those of each number's country: what was abandoned in Germany is no matter of others'."""
    (rig.root / "configs/rules").mkdir(exist_ok=True)
    pack: dict[str, Any] = {
        "title": "T", "version": 1, "dated": "2026-01-01", "notice": "n", "sources": [{"rule": "r", "where": "w"}],
        "hours": [{"days": ["mon"], "from": "08:00", "to": "20:00"}],
        "abandon": {"some": {"most": "3%", "days": 30}, "few": {"most": 3, "answers": 100}},
    }  # fmt: skip
    packs = {
        "configs/rules/de.yaml": {"rules": "de", "countries": ["DE"], **pack},
        "configs/rules/it.yaml": {"rules": "it", "countries": ["IT"], **pack},
        "configs/rules/strict.yaml": {"rules": "strict", **pack},
    }
    name = f"configs/campaigns/{CAMPAIGN}.yaml"
    write_site(rig.root, {**packs, name: {key: value for key, value in FILES[name].items() if key != "rules"}})
    assert await rig.reloader.reload() == []
    rig.engine.budgets.count(CAMPAIGN, "+493055500000", Outcome.ABANDONED)
    found = {one.rule for one in rig.engine.budgets.standings(CAMPAIGN)}
    assert found == {"own", "de.some", "de.few"}
    rig.engine.budgets.count(CAMPAIGN, "+33123456789", Outcome.ABANDONED)
    assert {"strict.some", "strict.few"} <= {one.rule for one in rig.engine.budgets.standings(CAMPAIGN)}


async def test_a_spent_budget_holds_an_agent_for_each_dial(rig: Rig) -> None:
    write_site(rig.root, site(mode="predictive"))
    assert await rig.reloader.reload() == []
    call = await abandon(rig)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.contacts(9)
    rig.log_in("bob")
    for _ in range(4):
        rig.clock.move(1.1)
        await rig.quiet()
    assert rig.engine.campaigns.runs[CAMPAIGN].reason in ("abandon_budget", "no_idle_agent")
    assert rig.agent_state("bob") == "reserved"


async def test_what_was_learnt_outlives_the_engine(rig: Rig) -> None:
    call, _ = await rig.talk()
    rig.clock.move(50)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    rig.engine.campaigns.pacing.save_learned(now=True)
    await rig.quiet()
    saved = await rig.store.people.learned(CAMPAIGN)
    assert saved is not None and saved[1]["talk"][3] == 1, "one talk"
    await restart(rig)
    rig.engine.campaigns.pacing.save_learned(now=True)
    rig.engine.campaigns.pacing.tell(CAMPAIGN, [])
    rig.engine.campaigns.pacing.save_learned(now=True)
    await rig.quiet()
    again = await rig.store.people.learned(CAMPAIGN)
    assert again is not None and again[1]["talk"][3] == 1
    assert again[1]["answers"]["share"] == pytest.approx(saved[1]["answers"]["share"], rel=0.01)


async def test_a_clients_budget_counts_what_a_campaign_did_that_is_gone(rig: Rig) -> None:
    pack: dict[str, Any] = {
        "title": "T", "version": 1, "dated": "2026-01-01", "notice": "n", "sources": [{"rule": "r", "where": "w"}],
        "hours": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}],
    }  # fmt: skip
    few = {"few": {"most": 3, "answers": 100, "per": "client"}}
    names = [f"configs/campaigns/{name}.yaml" for name in (CAMPAIGN, SURVEYED)]
    (rig.root / "configs/rules").mkdir(exist_ok=True)
    write_site(rig.root, {
        "configs/rules/de.yaml": {"rules": "de", "countries": ["DE"], "abandon": few, **pack},
        "configs/rules/strict.yaml": {"rules": "strict", **pack},
        **{name: {key: value for key, value in FILES[name].items() if key != "rules"} for name in names},
    })  # fmt: skip
    assert await rig.reloader.reload() == []
    call = await abandon(rig)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    rig.engine.campaigns.set_status(CAMPAIGN, "stopped")
    assert standing(rig, "de.few", "100 answered", SURVEYED).abandoned == 1

    (rig.root / names[0]).unlink()
    assert await rig.reloader.reload() == []
    assert standing(rig, "de.few", "100 answered", SURVEYED).abandoned == 1
    rig.configuration = rig.engine.configuration
    await rig.crash()
    others = await rig.store.people.of_others(rig.configuration.campaigns, 0.0)
    assert [(name, one.client) for name, one in others.items()] == [(CAMPAIGN, "acme")]
    rig.engine.budgets.remember_gone(others)
    assert standing(rig, "de.few", "100 answered", SURVEYED).abandoned == 1


async def test_a_groups_budget_counts_what_a_campaign_did_that_is_gone(rig: Rig) -> None:
    """Also after a restart; in the group that it was in last."""
    name = f"configs/campaigns/{SURVEYED}.yaml"
    write_site(rig.root, {**site(), name: FILES[name] | {"abandon": WINDOWS}})
    assert await rig.reloader.reload() == []
    await note_groups(rig.engine)
    call = await abandon(rig)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    rig.engine.campaigns.set_status(CAMPAIGN, "stopped")
    (rig.root / f"configs/campaigns/{CAMPAIGN}.yaml").unlink()
    assert await rig.reloader.reload() == []
    assert standing(rig, "both", "30d", SURVEYED).abandoned == 1

    rig.configuration = rig.engine.configuration
    await rig.crash()
    rig.engine.budgets.remember_gone(await rig.store.people.of_others(rig.configuration.campaigns, 0.0))
    assert standing(rig, "both", "30d", SURVEYED).abandoned == 1
    assert standing(rig, "both", "1h", SURVEYED).abandoned == 1
    assert standing(rig, "own", "1h", SURVEYED).abandoned == 0


async def test_hours_of_the_day_are_those_of_the_campaigns_clock(rig: Rig) -> None:
    """Its hours' time zone, without them its schedule's, without that its client's; also when it changes."""
    pacing = rig.engine.campaigns.pacing

    async def zone() -> list[str]:
        pacing.tell(CAMPAIGN, [])
        pacing.save_learned(now=True)
        await rig.quiet()
        saved = await rig.store.people.learned(CAMPAIGN)
        assert saved is not None
        return list(saved[1]["hours"]["zone"])

    assert await zone() == ["UTC"]
    client = "configs/clients/acme.yaml"
    write_site(rig.root, {client: FILES[client] | {"timezone": "Asia/Kolkata"}})
    assert await rig.reloader.reload() == []
    assert await zone() == ["Asia/Kolkata"]
    hours = {"hours": "day", "timezone": "Europe/Berlin", "open": [{"days": ["mon"], "from": "08:00", "to": "20:00"}]}
    (rig.root / "configs/hours").mkdir(exist_ok=True)
    write_site(rig.root, {"configs/hours/day.yaml": hours, **site(hours="day")})
    assert await rig.reloader.reload() == []
    assert await zone() == ["Europe/Berlin"]
    await restart(rig)
    assert await zone() == ["Europe/Berlin"]
