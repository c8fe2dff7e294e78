"""AsteriskSwitch through outages: what is sent again (nothing), and what the engine hears of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from hostile_ami import BANNER, HostileAmi, Peer
from hypothesis import given
from hypothesis import strategies as st

from dialer.calls.events import (
    ChannelsListed,
    HungUp,
    JoinFailed,
    LinkDown,
    LinkUp,
    Notes,
    OriginateFailed,
    SwitchEvent,
)
from dialer.config.models import Ami, SwitchConfig
from dialer.switch.ami import Pace
from dialer.switch.asterisk import AsteriskSwitch, Backoff
from dialer.switch.fastagi import ScriptServer
from dialer.switch.notes import family
from dialer.switch.port import OriginateOrder, Switch

ORDER = OriginateOrder("c-1", "PJSIP/+4930555@trunk", "+49301", 20.0, "outbound", {"DIALER_DETECT": "1"})


@dataclass
class Rig:
    ami: HostileAmi
    switch: AsteriskSwitch
    events: "asyncio.Queue[SwitchEvent]"
    task: "asyncio.Task[None]"

    async def event(self) -> SwitchEvent:
        async with asyncio.timeout(10):
            return await self.events.get()

    async def up(self) -> Peer:
        """The next connection, brought up; its LinkUp is taken."""
        peer = await self.ami.peer()
        await peer.come_up()
        assert isinstance(await self.event(), LinkUp)
        return peer

    async def down(self) -> LinkDown:
        event = await self.event()
        assert isinstance(event, LinkDown)
        return event


@asynccontextmanager
async def rig(backoff: Backoff = Backoff(first_s=0.005, most_s=0.01), pace: Pace = Pace()) -> AsyncIterator[Rig]:  # noqa: B008
    events: asyncio.Queue[SwitchEvent] = asyncio.Queue()
    async with HostileAmi() as ami:
        config = SwitchConfig(ami=Ami(port=ami.port, user="dialer"))
        scripts = ScriptServer(events.put_nowait)
        switch = AsteriskSwitch("main", config, "secret", events.put_nowait, scripts, pace=pace, backoff=backoff)
        task = asyncio.create_task(switch.serve())
        try:
            yield Rig(ami, switch, events, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_the_port_is_kept() -> None:
    async with rig() as it:
        switch: Switch = it.switch
        assert (switch.name, switch.up) == ("main", False)


async def test_up_after_login_and_boot() -> None:
    async with rig() as it:
        peer = await it.ami.peer()
        peer.send(BANNER)
        peer.answer(await peer.expect("Login"))
        peer.answer(await peer.expect("Nothing") if it.switch.up else {"actionid": "x"})
        assert not it.switch.up  # logged in, but still booting
        peer.send(b"Event: FullyBooted\r\nUptime: 5\r\n\r\n")
        peer.answer(await peer.expect("CoreStatus"))
        event = await it.event()
        assert isinstance(event, LinkUp)
        assert event.booted_at == pytest.approx(event.at - 5, abs=2)
        assert it.switch.up


async def test_a_switch_that_never_boots_is_told_with_the_likely_reason() -> None:
    async with rig(Backoff(first_s=0.005, most_s=0.01, boot_s=0.01)) as it:
        peer = await it.ami.peer()
        peer.answer(await peer.expect("Login"))
        assert "read = system" in (await it.down()).reason


async def test_an_originate_in_flight_is_never_sent_again() -> None:
    async with rig() as it:
        first = await it.up()
        it.switch.originate(ORDER)
        await first.expect("Originate")
        first.cut()
        await it.down()
        second = await it.up()
        it.switch.list_channels()
        await second.expect("CoreShowChannels")  # with no other action before it
        assert it.events.empty()  # whether it went out is for the listing to say


async def test_an_originate_in_an_outage_fails_at_once_and_is_not_kept() -> None:
    async with rig() as it:
        (await it.up()).cut()
        await it.down()
        it.switch.originate(ORDER)
        assert it.events.empty()  # never before the order returned
        event = await it.event()
        assert isinstance(event, OriginateFailed)
        assert (event.channel, event.reason, event.sent) == ("c-1", "no link", False)
        second = await it.up()
        it.switch.list_channels()
        await second.expect("CoreShowChannels")


async def test_an_originate_on_a_link_just_lost_never_left() -> None:
    async with rig() as it:
        await it.up()
        assert it.switch._link is not None
        it.switch._link.drop("cut")
        it.switch.originate(ORDER)
        told = [await it.event(), await it.event()]
        assert [event.sent for event in told if isinstance(event, OriginateFailed)] == [False]


async def test_a_secret_that_cannot_be_sent_is_told() -> None:
    async with rig() as it:
        it.switch._secret = "secret\n"
        assert "control character in Secret" in (await it.down()).reason
        assert it.ami.accepted >= 1


async def test_an_order_that_must_not_reach_the_wire() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.originate(OriginateOrder("c-1", "PJSIP/1&PJSIP/2", "", 20.0, "outbound"))
        event = await it.event()
        assert isinstance(event, OriginateFailed)
        assert event.reason.startswith("refused: ")
        it.switch.hangup("/.*/")
        it.switch.park_agent("a\r\nX: 1")
        it.switch.list_channels()
        await peer.expect("CoreShowChannels")


async def test_an_originate_on_the_wire() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.originate(ORDER)
        action = await peer.expect("Originate")
        assert action["actionid"] == "originate:c-1"  # by which its failure is known again
        assert {key: action[key] for key in ("channelid", "async", "exten", "timeout", "variable")} == {
            "channelid": "c-1", "async": "true", "exten": "outbound", "timeout": "20000", "variable": "DIALER_DETECT=1",
        }  # fmt: skip
        peer.answer(action, "Error", "Extension does not exist.")
        event = await it.event()
        assert isinstance(event, OriginateFailed)
        assert (event.reason, event.sent) == ("Extension does not exist.", False)


async def test_a_bridge_refused_or_lost_is_told() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.bridge("c-1", "a-1")
        asked = await peer.expect("Setvar")  # the switch itself keeps no time
        assert (asked["channel"], asked["variable"]) == ("c-1", "DIALER_JOINED")
        assert float(asked["value"]) == pytest.approx(time.time(), abs=60)
        peer.answer(asked)
        peer.answer(await peer.expect("Bridge"), "Error", "Channel1 does not exist: c-1")
        event = await it.event()
        assert isinstance(event, JoinFailed)
        assert (event.channel, event.reason) == ("c-1", "Channel1 does not exist: c-1")
        it.switch.bridge("c-2", "a-1")
        peer.answer(await peer.expect("Setvar"))
        await peer.expect("Bridge")
        peer.cut()
        told = [await it.event(), await it.event()]
        assert {type(event) for event in told} == {LinkDown, JoinFailed}
        it.switch.bridge("c-3", "a-1")
        assert isinstance(await it.event(), JoinFailed)


async def test_a_hangup_that_comes_before_its_channel_is_tried_once_more() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.hangup("c-1", 17)
        peer.answer(await peer.expect("Hangup"), "Error", "No such channel")
        again = await peer.expect("Hangup")
        assert (again["channel"], again["cause"]) == ("c-1", "17")
        peer.answer(again, "Error", "No such channel")
        assert it.events.empty()


async def test_a_listing_is_one_event() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.list_channels()
        action = await peer.expect("CoreShowChannels")
        peer.answer(action, message="Channels will follow", more="EventList: start\r\n")
        one = "Event: CoreShowChannel\r\nActionID: {}\r\nChannel: PJSIP/t-{}\r\nUniqueid: c-{}\r\n\r\n"
        for n in range(3):
            peer.send(one.format(action["actionid"], n, n).encode())
        peer.send(one.format("somebody-elses", 9, 9).encode())
        peer.send(f"Event: CoreShowChannelsComplete\r\nActionID: {action['actionid']}\r\n\r\n".encode())
        event = await it.event()
        assert isinstance(event, ChannelsListed)
        assert [seen.channel for seen in event.channels] == ["c-0", "c-1", "c-2"]
        assert event.asked_at <= event.at


async def test_a_listing_tells_what_was_kept_of_the_channels_asked_about() -> None:
    async with rig() as it:
        peer = await it.up()
        now = time.time()
        it.switch.list_channels({"c-1": now, "c-2": now, "c-3": now, "/bad": now})
        value = "|1700000001.5|machine|1700000002.250|1700000009.75|||"
        for channel in ("c-1", "c-2", "c-3"):
            living = await peer.expect("Getvar")
            assert living["channel"] == channel
            peer.answer(living, *(("Success", "", f"Value: {value}\r\n") if channel == "c-1" else ("Error", "No such")))
            ended = await peer.expect("DBGet")
            assert (ended["family"], ended["key"]) == (family(now), channel)
            if channel == "c-2":
                peer.answer(ended, more="EventList: start\r\n")
                told = "1700000020.125|1700000001.5|person|||ANSWER|34|SIP 486"
                peer.send(f"Event: DBGetResponse\r\nVal: {told}\r\nActionID: {ended['actionid']}\r\n\r\n".encode())
            else:
                peer.answer(ended, "Error", "Database entry not found")
        action = await peer.expect("CoreShowChannels")
        peer.answer(action)
        peer.send(f"Event: CoreShowChannelsComplete\r\nActionID: {action['actionid']}\r\n\r\n".encode())
        event = await it.event()
        assert isinstance(event, ChannelsListed)
        assert event.notes == {
            "c-1": Notes(1_700_000_001.5, "machine", 1_700_000_002.25, 1_700_000_009.75),
            "c-2": Notes(1_700_000_001.5, "person", forwarded=True,
                         ended=HungUp("c-2", 1_700_000_020.125, 34, sip=486)),
            "c-3": None,
        }


async def test_what_was_kept_of_a_channel_is_taken_out_where_it_stands() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.forget("c-1", 1_700_000_020.1)
        action = await peer.expect("DBDel")
        assert (action["family"], action["key"]) == (family(1_700_000_020.1), "c-1")


async def test_half_a_listing_is_none() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.list_channels()
        action = await peer.expect("CoreShowChannels")
        peer.cut()
        await it.down()
        second = await it.up()
        second.send(f"Event: CoreShowChannelsComplete\r\nActionID: {action['actionid']}\r\n\r\n".encode())
        second.send(b"Event: Hangup\r\nUniqueid: c-1\r\nCause: 16\r\n\r\n")
        assert isinstance(await it.event(), HungUp)


async def test_a_refused_login_is_told_once_and_tried_again() -> None:
    async with rig() as it:
        for _ in range(4):
            peer = await it.ami.peer()
            peer.answer(await peer.expect("Login"), "Error", "Authentication failed")
        assert (await it.down()).reason == "login refused: Authentication failed"
        await it.up()  # and nothing was told in between


async def test_a_half_open_link_comes_back() -> None:
    async with rig(pace=Pace(tick_s=0.01, answer_s=0.1)) as it:
        await it.up()
        assert "no answer to Ping" in (await it.down()).reason
        await it.up()


async def test_close_ends_it_while_waiting_to_reconnect() -> None:
    events: asyncio.Queue[SwitchEvent] = asyncio.Queue()
    async with HostileAmi() as ami:
        port = ami.port
    config = SwitchConfig(ami=Ami(port=port))
    switch = AsteriskSwitch(
        "main", config, "", events.put_nowait, ScriptServer(events.put_nowait), backoff=Backoff(3600.0, 3600.0)
    )
    task = asyncio.create_task(switch.serve())
    assert "cannot connect" in (await events.get()).reason  # type: ignore[union-attr]
    await switch.close()
    async with asyncio.timeout(10):
        await task


@pytest.mark.parametrize("up", [True, False])
async def test_a_cancelled_task_leaves_no_link_behind(up: bool) -> None:
    async with rig() as it:
        peer = await (it.up() if up else it.ami.peer())
        it.task.cancel()
        await asyncio.wait({it.task})
        assert set(await peer.rest()) <= {"Login", "Ping"}  # to the end of the stream
        assert it.ami.accepted == 1


async def test_close_waits_for_what_was_ordered() -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.hangup("c-1")
        closing = asyncio.create_task(it.switch.close())
        peer.answer(await peer.expect("Hangup"))
        logoff = await peer.expect("Logoff")
        assert not closing.done()
        peer.answer(logoff, "Goodbye")
        await closing
        assert (await it.down()).reason == "closed by us"
        assert await peer.rest() == []
        assert it.ami.accepted == 1


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_the_wait_between_attempts_grows_to_its_bound(failures: int, chance: float) -> None:
    backoff = Backoff(first_s=0.5, most_s=10.0)
    assert 0.25 <= backoff.delay_s(failures, chance) <= 10.0
    assert backoff.delay_s(failures + 1, chance) >= backoff.delay_s(failures, chance)
    assert backoff.delay_s(10_000, 0.0) == 10.0
