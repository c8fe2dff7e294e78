"""Joining a customer and an agent: who is to blame when it fails, and whose leg it may be."""

from engine_rig import HOTLINE, Rig, script, seen

from dialer.calls import events as ev
from dialer.flows.commands import Dial, Reply


async def test_an_agent_lost_while_the_dial_rang_is_not_taken_out_of_another_talk(rig: Rig) -> None:
    first, leg = await rig.dial(contacts=2)
    rig.post(ev.HungUp(leg, rig.clock.now(), 16))
    again = rig.log_in("ada")
    await rig.quiet()
    second = rig.switch.given("originate")[-1].channel
    assert second not in (first, again)
    now = rig.clock.now()
    rig.post(ev.Answered(second, now), script(second, now, "outbound"), ev.Bridged(second, now, "b2"))
    assert rig.call_state(second) == "talking"
    rig.switch.orders.clear()
    rig.post(ev.Answered(first, now), script(first, now, "outbound"))
    assert rig.switch.given("bridge") == []
    assert rig.call_state(first) == "queued"
    assert rig.agent_state("ada") == "talking"


async def test_an_agent_taken_out_of_the_configuration_while_the_dial_rang(rig: Rig) -> None:
    """His leg is gone, the person who answers waits for another agent."""
    call, leg = await rig.dial()
    (rig.root / "configs/agents.yaml").write_text(
        '{"agents": {"bob": {"name": "Bob", "phone": "p-bob", "skills": ["sales"]}}}'
    )
    assert await rig.reloader.reload() == []
    now = rig.clock.now()
    rig.post(ev.HungUp(leg, now, 16))
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    assert rig.call_state(call) == "queued"
    rig.log_in("bob")
    assert rig.call_state(call) == "joining"


async def test_callers_who_hang_up_while_they_are_joined_log_no_agent_out(rig: Rig) -> None:
    """AMI Bridge may be refused for a dead customer some milliseconds before the news of the hang-up."""
    rig.link_up()
    rig.log_in("ada")
    rig.log_in("bob")
    refuse = True

    def told(order):  # type: ignore[no-untyped-def]
        if order.verb == "bridge" and refuse:
            rig.post(ev.JoinFailed(order.channel, rig.clock.now(), "Channel1 does not exist", blame="customer"))

    rig.switch.told = told
    rig.post(script("1.1", rig.clock.now(), "inbound", "+49301", HOTLINE))
    await answered(rig, "1.1")
    assert len(rig.switch.given("bridge")) == 1, "no storm of bridges"
    rig.post(ev.HungUp("1.1", rig.clock.now(), 16))
    await rig.quiet()
    assert rig.outcome("1.1") == "abandoned"
    assert [rig.agent_state("ada"), rig.agent_state("bob")] == ["idle", "idle"]


async def test_a_late_refusal_does_not_part_the_customer_from_the_next_agent(rig: Rig) -> None:
    call, leg = await rig.dial()
    bob = rig.log_in("bob")
    await rig.quiet()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    assert rig.call_state(call) == "joining"
    rig.post(ev.HungUp(leg, now, 16))
    assert rig.switch.given("bridge")[-1].detail == bob
    rig.post(ev.JoinFailed(call, now, "Channel2 does not exist", blame="agent", leg=leg))
    assert rig.call_state(call) == "joining"
    assert len(rig.switch.given("bridge")) == 2
    rig.post(ev.Bridged(call, now, "b1"))
    assert (rig.call_state(call), rig.agent_state("bob")) == ("talking", "talking")


async def test_a_slow_bridge_is_not_asked_for_twice(rig: Rig) -> None:
    """On a real Asterisk the second would part the two for good: one in a new bridge, the other back in its loop."""
    call, leg = await rig.dial()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    rig.switch.orders.clear()
    rig.clock.move(2.1)
    assert [order.verb for order in rig.switch.orders] == ["list_channels"]
    rig.post(ev.Bridged(call, rig.clock.now(), "b1"))
    rig.listing(seen(call, bridge="b1"), seen(leg, bridge="b1"))
    assert (rig.call_state(call), rig.agent_state("ada")) == ("talking", "talking")
    assert rig.switch.given("bridge") == []


async def test_a_bridge_that_never_formed_is_asked_for_again_when_the_channels_are_told(rig: Rig) -> None:
    call, leg = await rig.dial()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    rig.listing(seen(call), seen(leg))
    assert len(rig.switch.given("bridge")) == 1, "it has only just been asked for"
    rig.clock.move(2.1)
    rig.listing(seen(call), seen(leg))
    assert len(rig.switch.given("bridge")) == 2
    assert rig.call_state(call) == "joining"


async def test_a_bridge_of_which_nothing_is_heard_ends_all_the_same(rig: Rig) -> None:
    call, _ = await rig.dial()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    rig.clock.move(9.5)
    assert len(rig.switch.given("bridge")) == 2


async def test_who_hangs_up_on_a_forwarded_call_was_forwarded(rig: Rig) -> None:
    rig.link_up()
    now = rig.clock.now()
    rig.post(script("1.1", now, "inbound", "+49301", HOTLINE))
    rig.engine.calls.get("1.1").script.command = Dial("+49301", "", 20)  # type: ignore[union-attr]
    rig.post(ev.Bridged("1.1", now, "b1"), ev.ScriptEnded("1.1", now), ev.HungUp("1.1", now + 9, 16))
    await rig.quiet()
    assert rig.outcome("1.1") == "forwarded"


# -- how ------------------------------------------------------------------------------------------------------


async def answered(rig: Rig, channel: str) -> None:
    """Through the menu into the line."""
    now = rig.clock.now()
    rig.post(ev.Answered(channel, now), ev.ScriptReplied(channel, now, Reply()))
    rig.post(ev.ScriptReplied(channel, now, Reply(digits="1")))
    await rig.quiet()


async def test_a_phone_that_logs_in_while_the_channels_are_listed_stays_logged_in(rig: Rig) -> None:
    rig.link_up()
    asked_at = rig.clock.now()
    rig.clock.move(0.05)
    rig.post(script("1.1", rig.clock.now(), "agent", caller="p-ada"))
    assert rig.agent_state("ada") == "paused"
    rig.listing(asked_at=asked_at)
    assert rig.agent_state("ada") == "paused"
    rig.clock.move(10)
    rig.listing()
    assert rig.agent_state("ada") == "logged_out"
