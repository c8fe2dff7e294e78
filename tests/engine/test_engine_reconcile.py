"""What the engine believes after a break, case by case: the switch's listing against what was known."""

from collections.abc import Callable

from engine_rig import AGENTS, CAMPAIGN, HOTLINE, SURVEYED, SWITCH, Order, Rig, script, seen

from dialer.agents.model import Reserved
from dialer.calls import events as ev
from dialer.config.loader import load
from dialer.coordination.limits import Scope
from dialer.flows.commands import Collect, Hold, Reply


async def test_an_attempt_is_on_disk_when_its_originate_leaves(rig: Rig) -> None:
    found = []
    rig.switch.told = lambda order: found.append(
        rig.row("SELECT c.outcome, t.state FROM calls c JOIN contacts t ON t.id = c.contact_id WHERE c.id = ?",
                order.channel)
    ) if order.verb == "originate" and "leg" not in order.channel else None  # fmt: skip
    await rig.dial()
    assert found == [(None, "claimed")]


async def test_nothing_is_dialled_before_the_channels_are_known(rig: Rig) -> None:
    await rig.contacts(1)
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert len(rig.switch.given("originate")) == 1  # the agent's leg
    rig.link_up(seen(rig.switch.given("originate")[0].channel))
    await rig.quiet()
    assert len(rig.switch.given("originate")) == 2


async def test_after_a_crash_a_ringing_attempt_is_adopted_and_not_dialled_again(rig: Rig) -> None:
    call, leg = await rig.dial(contacts=1)
    await rig.crash()
    rig.link_up(seen(call, "ringing"), seen(leg))
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert rig.call_state(call) == "dialling"
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    assert (rig.call_state(call), rig.agent_state("ada")) == ("talking", "talking")
    assert rig.switch.given("bridge")[-1].detail == leg
    assert len(rig.switch.given("originate")) == 2


async def test_after_a_crash_a_ringing_attempt_has_its_agent_held_again_and_rings_on_without(rig: Rig) -> None:
    """No rule wants an agent held for it: whoever is free when the person answers will do."""
    call, leg = await rig.dial(contacts=1)
    await rig.crash()
    rig.link_up(seen(call, "ringing"), seen(leg))
    assert (rig.agent_state("ada"), rig.engine.floor.desk.by_call(call)) == ("reserved", "ada")
    rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    assert rig.switch.given("hangup") == []


async def test_after_a_crash_an_attempt_without_a_channel_is_lost_once_and_not_dialled_again(rig: Rig) -> None:
    call, leg = await rig.dial(contacts=1)
    await rig.crash()
    rig.link_up(seen(leg))
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert rig.outcome(call) == "lost"
    assert rig.store.settled[call] == 1
    assert rig.row("SELECT state, result FROM contacts") == ("done", "lost")
    assert len(rig.switch.given("originate")) == 2
    assert rig.engine.limits.used(Scope("campaign", CAMPAIGN)) == 0
    assert rig.agent_state("ada") == "idle"


async def test_after_a_crash_a_talk_goes_on_with_its_agent(rig: Rig) -> None:
    call, leg = await rig.talk()
    await rig.crash()
    rig.clock.move(3)
    rig.link_up(seen(call, bridge="b1"), seen(leg, bridge="b1"))
    assert (rig.call_state(call), rig.agent_state("ada")) == ("talking", "talking")
    rig.clock.move(10)
    rig.post(ev.Unbridged(call, rig.clock.now(), "b1"), ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert rig.agent_state("ada") == "wrap_up"
    assert round(rig.row("SELECT talk_s FROM calls")) == 13
    rig.clock.move(5)
    assert rig.agent_state("ada") == "idle"


async def test_after_a_crash_a_talk_that_ended_meanwhile_is_settled_and_its_agent_free(rig: Rig) -> None:
    call, leg = await rig.talk()
    await rig.crash()
    rig.link_up(seen(leg))
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert rig.agent_state("ada") == "wrap_up"
    assert rig.row("SELECT state, result FROM contacts") == ("done", "answered")


async def test_after_a_crash_a_leg_that_is_gone_is_logged_out(rig: Rig) -> None:
    rig.link_up()
    rig.log_in("ada")
    await rig.crash()
    rig.link_up()
    await rig.quiet()
    assert rig.agent_state("ada") == "logged_out"
    assert rig.row("SELECT count(*) FROM agent_sessions") == 0
    assert rig.engine.limits.used(Scope("switch", SWITCH)) == 0


async def test_an_agent_who_logs_in_anew_before_the_old_leg_is_found_keeps_the_new_one(rig: Rig) -> None:
    rig.link_up()
    old = rig.log_in("ada")
    await rig.crash()
    new = rig.log_in("ada")
    rig.switch.orders.clear()
    rig.link_up(seen(old), seen(new))
    await rig.quiet()
    assert rig.engine.floor.desk.state("ada").channel == new
    assert old in [order.channel for order in rig.switch.given("hangup")]
    assert rig.row("SELECT channel FROM agent_sessions") == new


async def test_after_a_crash_a_paused_agent_is_still_paused(rig: Rig) -> None:
    rig.link_up()
    leg = rig.log_in("ada")
    rig.engine.floor.command("ada", "pause", "lunch")
    await rig.crash()
    rig.link_up(seen(leg))
    assert rig.agent_state("ada") == "paused"


async def test_channels_of_an_earlier_life_that_nobody_knows_are_hung_up_and_no_others(rig: Rig) -> None:
    rig.link_up(seen("n1-abc-000001"), seen("1700000000.1"), seen("n2-abc-000001"))
    assert [order.channel for order in rig.switch.given("hangup")] == ["n1-abc-000001"]


async def test_a_caller_in_a_menu_goes_on_there_after_a_crash(rig: Rig) -> None:
    rig.link_up()
    await caller_in_menu(rig, "1.1")
    await rig.crash()
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    assert rig.call_state("1.1") is None, "it waits for the listing"
    rig.link_up(seen("1.1"))
    assert rig.call_state("1.1") == "flow"
    assert isinstance(rig.switch.orders[-1].detail, Collect)
    assert rig.row("SELECT count(*) FROM calls") == 1


async def test_a_caller_in_the_line_goes_on_waiting_after_a_crash(rig: Rig) -> None:
    rig.link_up()
    leg = rig.log_in("ada")
    rig.engine.floor.command("ada", "pause")
    rig.log_in("bob")
    rig.engine.floor.apply("bob", Reserved("other"))
    await caller_in_line(rig, "1.1")
    assert rig.call_state("1.1") == "queued"
    await rig.crash()
    rig.link_up(seen("1.1"), seen(leg), seen(rig.switch.given("originate")[1].channel))
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    assert rig.call_state("1.1") == "joining", "bob's dial did not outlive the crash: he is free for the caller"


async def test_a_call_is_not_gone_before_it_could_be_listed(rig: Rig) -> None:
    call, leg = await rig.dial()
    asked_at = rig.clock.now()
    rig.listing(seen(leg), asked_at=asked_at)
    assert rig.call_state(call) == "dialling"
    rig.clock.move(4)
    rig.listing(seen(leg))
    assert rig.call_state(call) is None


async def test_what_was_too_young_to_be_told_gone_is_looked_for_again(rig: Rig) -> None:
    call, leg = await rig.dial()
    rig.link_down()
    rig.clock.move(0.5)
    rig.link_up(seen(leg))
    assert rig.call_state(call) == "dialling"
    rig.switch.orders.clear()
    rig.clock.move(3)
    assert rig.switch.given("list_channels")
    rig.clock.move(0.1)
    rig.listing(seen(leg))
    await rig.quiet()
    assert rig.outcome(call) == "lost"


async def test_a_rebooted_switch_has_none_of_the_channels_from_before(rig: Rig) -> None:
    call, _ = await rig.dial()
    rig.link_down()
    rig.clock.move(1)
    rig.switch.up = True
    rig.post(ev.LinkUp(SWITCH, rig.clock.now(), rig.clock.now() - 0.5))
    rig.listing()
    await rig.quiet()
    assert rig.outcome(call) == "lost"
    assert rig.agent_state("ada") == "logged_out"


async def test_an_answer_missed_in_an_outage_is_learnt_from_the_listing(rig: Rig) -> None:
    call, leg = await rig.dial()
    rig.link_down()
    rig.clock.move(5)
    rig.link_up(seen(call), seen(leg))
    assert rig.call_state(call) == "answered"


async def test_the_end_of_a_talk_missed_in_an_outage_is_learnt_from_the_listing(rig: Rig) -> None:
    call, leg = await rig.talk(SURVEYED)
    rig.link_down()
    rig.clock.move(5)
    rig.link_up(seen(call), seen(leg))
    assert rig.call_state(call) == "returning"
    assert rig.agent_state("ada") in ("idle", "reserved")


async def test_a_joining_lost_with_the_link_is_learnt_from_the_listing(rig: Rig) -> None:
    call, leg = await rig.dial()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    assert rig.call_state(call) == "joining"
    rig.link_down()
    rig.post(ev.JoinFailed(call, now, "the link is lost"))
    rig.clock.move(1)
    rig.switch.orders.clear()
    rig.link_up(seen(call, bridge="b1"), seen(leg, bridge="b1"))
    assert (rig.call_state(call), rig.agent_state("ada")) == ("talking", "talking")
    assert rig.switch.given("bridge") == [], "a second bridge would part them"


async def test_a_call_joined_unseen_with_another_agent_than_the_one_held(rig: Rig) -> None:
    call, leg = await rig.dial()
    bob = rig.log_in("bob")
    await rig.quiet()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    rig.clock.move(1)
    rig.listing(seen(call, bridge="b1"), seen(leg), seen(bob, bridge="b1"))
    assert (rig.call_state(call), rig.agent_state("ada"), rig.agent_state("bob")) == ("talking", "idle", "talking")


async def test_nobody_is_joined_or_logged_out_while_the_link_is_down(rig: Rig) -> None:
    """Scripts go on while AMI is away: a caller may come to the line, and an agent come free."""
    rig.link_up()
    leg = rig.log_in("ada")
    rig.link_down()
    rig.switch.told = _refuse(rig)
    await caller_in_line(rig, "1.1")
    assert rig.call_state("1.1") == "queued"
    assert rig.agent_state("ada") == "idle"
    assert rig.switch.given("bridge") == []
    rig.switch.told = None
    rig.link_up(seen("1.1"), seen(leg))
    assert rig.call_state("1.1") == "joining"


async def test_a_leg_whose_agent_logged_out_in_an_outage_is_hung_up_after_it(rig: Rig) -> None:
    rig.link_up()
    leg = rig.log_in("ada")
    rig.link_down()
    rig.engine.floor.command("ada", "logout")
    rig.switch.orders.clear()
    rig.link_up(seen(leg))
    assert [order.channel for order in rig.switch.given("hangup")] == [leg]


async def test_the_leg_of_an_agent_taken_out_of_the_configuration_harms_nobody(rig: Rig) -> None:
    call, leg = await rig.dial()
    (rig.root / "configs/agents.yaml").write_text(
        '{"agents": {"bob": {"name": "Bob", "phone": "p-bob", "skills": ["sales"]}}}'
    )
    rig.link_down()
    assert await rig.reloader.reload() == []
    rig.post(ev.HungUp(call, rig.clock.now(), 17))
    rig.clock.move(10)
    rig.link_up(seen(leg))
    assert leg in [order.channel for order in rig.switch.given("hangup")]
    rig.listing()
    assert not rig.engine.floor.anyone()


async def test_an_attempt_of_a_campaign_that_is_gone_still_ends_its_contact(rig: Rig) -> None:
    call, leg = await rig.dial()
    (rig.root / f"configs/campaigns/{CAMPAIGN}.yaml").unlink()
    rig.configuration = load(rig.root, {})
    await rig.crash()
    rig.link_up(seen(leg))
    await rig.quiet()
    assert rig.outcome(call) == "lost"
    assert rig.row("SELECT state FROM contacts") == "done"


async def test_every_agent_is_adopted(rig: Rig) -> None:
    rig.link_up()
    legs = [rig.log_in(agent) for agent in AGENTS]
    await rig.crash()
    rig.link_up(*map(seen, legs))
    assert [rig.agent_state(agent) for agent in AGENTS] == ["idle"] * 3
    assert rig.engine.limits.used(Scope("switch", SWITCH)) == 3


async def test_an_echo_of_a_hang_up_and_a_late_script_bring_no_call_back(rig: Rig) -> None:
    rig.link_up()
    now = rig.clock.now()
    began = script("1.1", now, "inbound", "+49301", HOTLINE)
    hung_up = ev.HungUp("1.1", now, 16)
    rig.post(began, hung_up, hung_up, began, began)
    await rig.quiet()
    assert len(rig.engine.calls) == 0
    assert rig.store.settled["1.1"] == 1


# -- how ------------------------------------------------------------------------------------------------------


async def caller_in_menu(rig: Rig, channel: str) -> None:
    now = rig.clock.now()
    rig.post(script(channel, now, "inbound", "+49301", HOTLINE))
    rig.post(ev.Answered(channel, now), ev.ScriptReplied(channel, now, Reply()))
    await rig.quiet()
    assert isinstance(rig.switch.given("run")[-1].detail, Collect)


async def caller_in_line(rig: Rig, channel: str) -> None:
    await caller_in_menu(rig, channel)
    rig.post(ev.ScriptReplied(channel, rig.clock.now(), Reply(digits="1")))
    assert isinstance(rig.switch.given("run")[-1].detail, Hold)
    await rig.quiet()


def _refuse(rig: Rig) -> Callable[[Order], None]:
    """Without a link a bridge fails at once."""

    def refuse(order: Order) -> None:
        if order.verb == "bridge":
            rig.post(ev.JoinFailed(order.channel, rig.clock.now(), "no link"))

    return refuse
