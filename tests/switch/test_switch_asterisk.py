"""The switch on a real Asterisk, with another one as the carrier: what it truly sends, and in which order."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from demo.plant import TEMPLATES, Asterisk
from dialer.calls.events import (
    Answered,
    Bridged,
    ChannelsListed,
    HungUp,
    JoinFailed,
    LinkDown,
    LinkUp,
    OriginateFailed,
    Ringing,
    ScriptEnded,
    ScriptReplied,
    ScriptStarted,
    SwitchEvent,
    Unbridged,
)
from dialer.config.models import Ami, SwitchConfig
from dialer.flows.commands import Answer, Collect, Command, Dial, Hangup, Hold, Pause, Play, Reply, SetLanguage
from dialer.switch.asterisk import AsteriskSwitch, Backoff
from dialer.switch.fastagi import ScriptServer
from dialer.switch.port import OriginateOrder

E = TypeVar("E")
BUSY, SILENT, UNKNOWN, FULL, REJECTING, ANSWERING, PRESSING, SHORT = (
    f"+49{n}" for n in ("00", "01", "02", "03", "04", "10", "11", "12")
)


class Line:
    """A switch and all it reports, looked through channel by channel."""

    def __init__(self, plant: Asterisk, far: Asterisk) -> None:
        self.events: list[SwitchEvent] = []
        self._news = asyncio.Event()
        self.far = far
        self.plant = plant
        self.scripts = ScriptServer(self.sink)
        config = SwitchConfig(
            ami=Ami(port=plant.ami_port), dial=f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{far.sip_port}"
        )
        quick = Backoff(first_s=0.05, most_s=0.2)
        self.switch = AsteriskSwitch(plant.name, config, plant.ami_secret, self.sink, self.scripts, backoff=quick)

    def sink(self, event: SwitchEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def first(self, kind: type[E], channel: str | None = None, after: int = 0) -> E:
        """The first event of a kind, of one channel, after so many events."""
        async with asyncio.timeout(20):
            while True:
                for event in self.events[after:]:
                    if isinstance(event, kind) and channel in (None, getattr(event, "channel", None)):
                        return event
                self._news.clear()
                await self._news.wait()

    def call(self, channel: str, number: str, exten: str = "outbound", ring_s: float = 20.0) -> None:
        endpoint = f"PJSIP/trunk/sip:{number}@127.0.0.1:{self.far.sip_port}"
        self.switch.originate(OriginateOrder(channel, endpoint, '"Acme" <+4930555>', ring_s, exten))

    async def reply(self, channel: str, command: Command) -> Reply:
        mark = len(self.events)
        self.switch.run(channel, command)
        return (await self.first(ScriptReplied, channel, mark)).reply

    async def listed(self) -> ChannelsListed:
        mark = len(self.events)
        self.switch.list_channels()
        return await self.first(ChannelsListed, after=mark)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def far() -> AsyncIterator[Asterisk]:
    """The carrier."""
    async with Asterisk("far", templates=(TEMPLATES, Path(__file__).parent / "far")) as plant:
        yield plant


@pytest_asyncio.fixture
async def lines(far: Asterisk) -> AsyncIterator[Callable[[Asterisk], Any]]:
    async with AsyncExitStack() as stack:

        async def connect(plant: Asterisk) -> Line:
            line = Line(plant, far)
            port = await line.scripts.start("127.0.0.1", 0)
            await plant.point_engine("127.0.0.1", port)
            task = asyncio.create_task(line.switch.serve())

            async def end() -> None:
                await line.switch.close()
                await task
                await line.scripts.close()

            stack.push_async_callback(end)
            await line.first(LinkUp)
            return line

        yield connect


@pytest_asyncio.fixture
async def line(asterisk: Asterisk, lines: Callable[[Asterisk], Any]) -> Line:
    line: Line = await lines(asterisk)
    return line


async def test_why_a_call_was_not_answered(line: Line) -> None:
    """The cause is in HungUp; OriginateFailed comes with it (just before it, on Asterisk 22)."""
    calls = {BUSY: (17, 486), UNKNOWN: (1, 404), FULL: (34, 503), REJECTING: (21, 403), SILENT: (19, 480)}
    for number in calls:
        line.call(f"t{number}", number, ring_s=1.0)
    for number, (cause, sip) in calls.items():
        hung_up = await line.first(HungUp, f"t{number}")
        assert (hung_up.cause, hung_up.sip) == (cause, sip)
        await line.first(OriginateFailed, f"t{number}")
    assert (await line.first(OriginateFailed, f"t{SILENT}")).reason == "no_answer"
    assert await line.first(Ringing, f"t{SILENT}")


async def test_an_endpoint_that_does_not_exist_fails_without_a_hangup(line: Line) -> None:
    """There never was a channel, so OriginateFailed is all that comes of it."""
    line.switch.originate(OriginateOrder("t-1", "PJSIP/1@nosuch", "", 5.0, "outbound"))
    await line.first(OriginateFailed, "t-1")
    line.call("t-2", BUSY)
    await line.first(HungUp, "t-2")
    assert not any(isinstance(event, HungUp) and event.channel == "t-1" for event in line.events)


async def test_an_originate_taken_back_at_once(line: Line) -> None:
    line.call("t-1", SILENT)
    line.switch.hangup("t-1")
    assert (await line.first(HungUp, "t-1")).cause == 16


async def test_a_called_persons_script(line: Line) -> None:
    line.call("c-1", PRESSING)
    script = await line.first(ScriptStarted, "c-1")
    assert (script.kind, script.switch, script.answered_by) == ("outbound", "main", "unknown")
    answered = await line.first(Answered, "c-1")
    assert answered.at == pytest.approx(script.at, abs=1)  # on the switch's clock; which is first is chance
    assert await line.reply("c-1", Collect((), most=9, first_s=5)) == Reply(digits="12")
    assert (await line.reply("c-1", Play(("no/such/sound",)))).status == "failed"
    assert await line.reply("c-1", Play(("digits/1",), interrupt="1")) == Reply()
    assert await line.reply("c-1", SetLanguage("de")) == Reply()
    assert await line.reply("c-1", Pause(0.1)) == Reply()
    assert await line.reply("c-1", Hold(0.1)) == Reply(status="expired")
    line.switch.hangup("c-1", 16)
    await line.first(ScriptEnded, "c-1")
    assert (await line.first(HungUp, "c-1")).cause == 16


async def test_a_number_dialled_by_a_script(line: Line) -> None:
    line.call("c-1", ANSWERING)
    await line.first(ScriptStarted, "c-1")
    assert await line.reply("c-1", Dial(BUSY, "", 5)) == Reply(status="busy")
    assert await line.reply("c-1", Dial(SILENT, "", 1)) == Reply(status="no_answer")
    began = time.monotonic()
    talked = await line.reply("c-1", Dial(SHORT, "", 5))
    assert talked.status == "answered"
    assert 0.9 < talked.seconds <= time.monotonic() - began  # not since the caller's own answer, which is longer ago


async def test_a_number_dialled_by_a_script_sees_the_number_we_show(
    line: Line, lines: Callable[[Asterisk], Any]
) -> None:
    carrier = await lines(line.far)
    line.call("c-1", ANSWERING)
    await line.first(ScriptStarted, "c-1")
    began = time.monotonic()
    line.switch.run("c-1", Dial(ANSWERING, "+4930999", 5, most_s=1.0))
    await line.first(Bridged, "c-1")
    assert sorted(seen.caller for seen in (await carrier.listed()).channels) == ["+4930555", "+4930999"]
    reply = (await line.first(ScriptReplied, "c-1")).reply
    assert reply.status == "answered"
    assert 0.9 < reply.seconds <= time.monotonic() - began


async def test_a_bridge_takes_the_caller_out_of_its_script_and_gives_it_back(line: Line) -> None:
    for channel, exten in (("c-1", "outbound"), ("a-1", "agent")):
        line.call(channel, ANSWERING, exten)
        await line.first(ScriptStarted, channel)
    line.switch.leave_script("a-1")
    await line.first(ScriptEnded, "a-1")
    line.switch.run("c-1", Hold(60.0))

    line.switch.bridge("c-1", "a-1")
    bridges = {(await line.first(Bridged, channel)).bridge for channel in ("c-1", "a-1")}
    await line.first(ScriptEnded, "c-1")
    assert len(bridges) == 1
    assert {seen.bridge for seen in (await line.listed()).channels} == bridges

    mark = len(line.events)
    line.switch.park_agent("a-1")
    for channel in ("c-1", "a-1"):
        await line.first(Unbridged, channel, mark)
    again = await line.first(ScriptStarted, "c-1", mark)
    left = await line.first(Unbridged, "c-1", mark)
    assert again.at - left.at < 0.9  # at once, not after the dialplan's pause for an engine that is away
    assert {seen.channel for seen in (await line.listed()).channels} == {"c-1", "a-1"}

    line.switch.bridge("c-1", "a-1")
    await line.first(Bridged, "c-1", mark)
    line.switch.hangup("c-1")
    await line.first(HungUp, "c-1")
    assert [seen.channel for seen in (await line.listed()).channels] == ["a-1"]

    line.switch.bridge("c-1", "a-1")
    assert "does not exist" in (await line.first(JoinFailed, "c-1")).reason
    assert not any(isinstance(event, HungUp) and event.channel == "a-1" for event in line.events)


async def test_an_inbound_call_is_refused_with_the_flows_cause(line: Line, lines: Callable[[Asterisk], Any]) -> None:
    carrier = await lines(line.far)
    endpoint = f"PJSIP/trunk/sip:+4930111@127.0.0.1:{line.plant.sip_port}"
    carrier.switch.originate(OriginateOrder("f-1", endpoint, '"Anna" <+49170>', 10.0, "caller"))
    script = await line.first(ScriptStarted)
    assert (script.kind, script.dialled, script.caller) == ("inbound", "+4930111", "+49170")
    assert not any(isinstance(event, Answered) for event in line.events)
    line.switch.run(script.channel, Hangup(17))
    assert (await line.first(HungUp, script.channel)).cause == 17
    assert (await carrier.first(HungUp, "f-1")).cause == 17


async def test_an_inbound_call_is_answered_by_the_script(line: Line, lines: Callable[[Asterisk], Any]) -> None:
    carrier = await lines(line.far)
    endpoint = f"PJSIP/trunk/sip:+4930111@127.0.0.1:{line.plant.sip_port}"
    carrier.switch.originate(OriginateOrder("f-1", endpoint, "+49170", 10.0, "caller"))
    channel = (await line.first(ScriptStarted)).channel
    assert await line.reply(channel, Answer()) == Reply()
    await line.first(Answered, channel)
    await carrier.first(Answered, "f-1")
    carrier.switch.hangup("f-1")
    assert (await line.first(HungUp, channel)).cause == 16


async def test_a_crash_and_a_wrong_secret(
    fresh_asterisk: Callable[..., Any], lines: Callable[[Asterisk], Any]
) -> None:
    plant = await fresh_asterisk("crashing")
    line: Line = await lines(plant)
    before = await line.first(LinkUp)
    line.call("c-1", ANSWERING)
    await line.first(ScriptStarted, "c-1")
    await line.reply("c-1", Pause(1.1))  # boot times are whole seconds
    mark = len(line.events)
    await plant.kill()
    await line.first(LinkDown, after=mark)
    await line.first(ScriptEnded, "c-1")
    await plant.start()
    after = await line.first(LinkUp, after=mark)
    assert after.booted_at > before.booted_at
    assert (await line.listed()).channels == ()

    second: Line = await lines(plant)
    assert (await second.first(LinkUp)).booted_at == after.booted_at  # exact, so that a restart is told from an outage

    stranger = Line(plant, line.far)
    stranger.switch._secret = "wrong"
    task = asyncio.create_task(stranger.switch.serve())
    assert (await stranger.first(LinkDown)).reason == "login refused: Authentication failed"
    await stranger.switch.close()
    await task
