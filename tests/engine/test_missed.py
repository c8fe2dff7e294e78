"""Times and ends that nobody heard of are those that the switch has kept, not those of finding out."""

from engine_rig import CAMPAIGN, HOTLINE, SURVEYED, SWITCH, Rig, script, seen

from dialer.calls import events as ev
from dialer.flows.commands import Reply


async def test_answered_and_ended_while_the_engine_was_dead(rig: Rig) -> None:
    call, leg = await rig.dial()
    began = rig.clock.now()
    await rig.crash()
    rig.clock.move(600)
    notes = ev.Notes(began + 4.5, ended=ev.HungUp(call, began + 9.75, 34))
    rig.link_up(seen(leg), **{call: notes})
    await rig.quiet()
    assert rig.outcome(call) == "abandoned"
    assert rig.row("SELECT answered_at, ended_at, hung_up_by, cause FROM calls") == (
        began + 4.5, began + 9.75, "system", 34)
    assert rig.row("SELECT result FROM contacts") == "abandoned"
    assert rig.store.settled[call] == 1


async def test_a_machine_that_answered_meanwhile_is_one(rig: Rig) -> None:
    call, leg = await rig.dial()
    began = rig.clock.now()
    await rig.crash()
    rig.link_up(seen(leg), **{call: ev.Notes(began + 4, "machine", ended=ev.HungUp(call, began + 9, 16))})
    await rig.quiet()
    assert rig.outcome(call) == "machine"


async def test_a_talk_that_ended_while_the_engine_was_dead(rig: Rig) -> None:
    call, leg = await rig.talk()
    began = rig.clock.now()
    await rig.crash()
    rig.clock.move(600)
    rig.link_up(seen(leg), **{call: ev.Notes(began, joined_at=began, ended=ev.HungUp(call, began + 61.25, 16))})
    await rig.quiet()
    assert (rig.outcome(call), rig.agent_state("ada")) == ("answered", "wrap_up")
    assert rig.row("SELECT talk_s, ended_at FROM calls") == (61.25, began + 61.25)
    assert rig.row("SELECT hung_up_by FROM calls") == "customer"


async def test_a_talk_whose_agent_dropped_and_whose_customer_then_left(rig: Rig) -> None:
    call, _ = await rig.talk()
    began = rig.clock.now()
    await rig.crash()
    rig.clock.move(600)
    ended = ev.HungUp(call, began + 50, 34)
    rig.link_up(**{call: ev.Notes(began, joined_at=began, parted_at=began + 30, ended=ended)})
    await rig.quiet()
    assert rig.row("SELECT talk_s, ended_at FROM calls") == (30, began + 50)
    assert rig.agent_state("ada") == "logged_out"


async def test_a_talk_that_is_over_while_its_customer_lives(rig: Rig) -> None:
    call, leg = await rig.talk(SURVEYED)
    began = rig.clock.now()
    await rig.crash()
    rig.clock.move(20)
    rig.link_up(seen(call), seen(leg), **{call: ev.Notes(began, joined_at=began, parted_at=began + 7.5)})
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.row("SELECT talk_s FROM calls") == 7.5


async def test_a_second_talk_counts_from_its_own_beginning(rig: Rig) -> None:
    """The row has the beginning of the first one."""
    call, leg = await rig.talk(SURVEYED)
    began = rig.clock.now()
    rig.clock.move(10)
    rig.post(ev.AgentLost(call, began + 10, "ada"), script(call, began + 10, "outbound"))
    bob = rig.log_in("bob")
    await rig.quiet()
    assert rig.call_state(call) == "joining"
    rig.post(ev.Bridged(call, began + 15, "b2"))
    await rig.quiet()
    await rig.crash()
    rig.clock.move(60)
    ended = ev.HungUp(call, began + 35, 16)
    notes = ev.Notes(began, joined_at=began + 15, parted_at=began + 10, ended=ended)
    rig.link_up(seen(bob), seen(leg), **{call: notes})
    await rig.quiet()
    assert rig.row("SELECT talk_s FROM calls") == 10 + 20


async def test_a_caller_who_was_forwarded_when_the_engine_died(rig: Rig) -> None:
    rig.link_up()
    now = rig.clock.now()
    rig.post(script("1.1", now, "inbound", "+49301", HOTLINE), ev.Answered("1.1", now))
    rig.post(ev.ScriptReplied("1.1", now, Reply()))
    await rig.crash()
    rig.link_up(**{"1.1": ev.Notes(now, forwarded=True, ended=ev.HungUp("1.1", now + 40, 16))})
    await rig.quiet()
    assert rig.outcome("1.1") == "forwarded"
    assert rig.row("SELECT ended_at FROM calls") == now + 40


async def test_an_answer_in_an_outage_of_the_link_has_its_time(rig: Rig) -> None:
    call, leg = await rig.dial()
    began = rig.clock.now()
    rig.link_down()
    rig.clock.move(5)
    rig.link_up(seen(call), seen(leg), **{call: ev.Notes(began + 1.5)})
    live = rig.engine.calls.get(call)
    assert live is not None and live.call.answered_at == began + 1.5


async def test_a_talk_that_ended_in_an_outage_of_the_link(rig: Rig) -> None:
    call, leg = await rig.talk()
    began = rig.clock.now()
    rig.link_down()
    rig.clock.move(90)
    rig.link_up(seen(leg), **{call: ev.Notes(began, joined_at=began, ended=ev.HungUp(call, began + 12.5, 16))})
    await rig.quiet()
    assert rig.row("SELECT talk_s, ended_at FROM calls") == (12.5, began + 12.5)


async def test_a_joining_in_an_outage_has_its_time(rig: Rig) -> None:
    call, leg = await rig.dial()
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    rig.link_down()
    rig.post(ev.JoinFailed(call, now, "the link is lost"))
    rig.clock.move(2)
    rig.link_up(seen(call, bridge="b1"), seen(leg, bridge="b1"), **{call: ev.Notes(now, joined_at=now + 0.25)})
    rig.clock.move(1)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await rig.quiet()
    assert rig.row("SELECT talk_s FROM calls") == 2.75


async def test_a_channel_that_vanished_is_asked_about_before_it_is_given_up(rig: Rig) -> None:
    """The news of its end was lost, though no link broke."""
    call, leg = await rig.talk()
    began = rig.clock.now()
    rig.clock.move(30)
    rig.switch.orders.clear()
    rig.post(ev.ChannelsListed(SWITCH, rig.clock.now(), rig.clock.now(), (seen(leg, bridge="b1"),)))
    assert [list(order.detail) for order in rig.switch.given("list_channels")] == [[call]]
    assert rig.call_state(call) == "talking"
    rig.listing(seen(leg), **{call: ev.Notes(began, ended=ev.HungUp(call, began + 8, 16))})
    await rig.quiet()
    assert rig.row("SELECT talk_s FROM calls") == 8


async def test_everything_in_doubt_is_asked_about_when_the_link_is_back(rig: Rig) -> None:
    call, leg = await rig.talk()
    rig.link_down()
    rig.switch.orders.clear()
    rig.link_up(seen(call, bridge="b1"), seen(leg, bridge="b1"))
    assert list(rig.switch.given("list_channels")[0].detail) == [call]
    await rig.crash()
    rig.switch.orders.clear()
    rig.link_up(seen(call, bridge="b1"), seen(leg, bridge="b1"))
    assert list(rig.switch.given("list_channels")[0].detail) == [call]


async def test_what_died_with_the_switch_ended_when_the_link_broke(rig: Rig) -> None:
    await rig.talk()
    began = rig.clock.now()
    rig.clock.move(20)
    rig.link_down()
    rig.clock.move(300)
    rig.switch.up = True
    rig.post(ev.LinkUp(SWITCH, rig.clock.now(), rig.clock.now() - 100))
    rig.listing()
    await rig.quiet()
    assert rig.row("SELECT talk_s, ended_at, hung_up_by, cause FROM calls") == (20, began + 20, "unknown", None)


async def test_what_died_with_switch_and_engine_ended_before_the_boot(rig: Rig) -> None:
    call, _ = await rig.talk()
    began = rig.clock.now()
    await rig.crash()
    rig.clock.move(300)
    rig.post(ev.LinkUp(SWITCH, rig.clock.now(), began + 40))
    rig.listing()
    await rig.quiet()
    assert rig.outcome(call) == "answered"
    assert rig.row("SELECT ended_at FROM calls") == began + 40


async def test_what_the_switch_kept_is_taken_out_once_the_call_is_on_disk(rig: Rig) -> None:
    call, _ = await rig.talk()
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    assert rig.switch.given("forget") == []
    await rig.quiet()
    assert [(order.channel, order.detail) for order in rig.switch.given("forget")] == [(call, rig.clock.now())]
    assert rig.row("SELECT campaign FROM calls") == CAMPAIGN
