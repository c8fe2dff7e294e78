"""The dialplan, by calls over real SIP and RTP: SIPp outside, a FastAGI server of the test in the engine's place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from demo.ami import Ami
from demo.cdr import CdrRow
from demo.plant import Asterisk, Phone
from demo.ports import HOST, free_port
from tests.e2e.agi import Script, scripts
from tests.e2e.eventually import eventually
from tests.e2e.sipp import Tally, called_people, caller, impatient_caller, phones

pytestmark = pytest.mark.e2e

Start = Callable[..., Awaitable[Asterisk]]


@asynccontextmanager
async def ami_of(plant: Asterisk) -> AsyncIterator[Ami]:
    ami = await Ami.connect(plant.host, plant.ami_port, plant.ami_user, plant.ami_secret)
    try:
        yield ami
    finally:
        await ami.close()


async def originate(ami: Ami, number: str, channel: str, **headers: str) -> None:
    order = {"Channel": number, "ChannelId": channel, "Context": "dialer", "Exten": "outbound", "Priority": "1"}
    await ami.action("Originate", {**order, "Async": "true", "Timeout": "15000", **headers})


async def until_cdr(plant: Asterisk, uniqueid: str) -> CdrRow:
    """Its events, which tell less, may be written before."""

    def there() -> CdrRow | None:
        return next((row for row in plant.cdr() if row["uniqueid"] == uniqueid and row["sequence"] >= 0), None)

    row: CdrRow = await eventually(there)
    return row


async def until_over(plant: Asterisk, uniqueid: str) -> None:
    """A leg that may have no CDR."""
    await eventually(lambda: any(row["uniqueid"] == uniqueid for row in plant.cdr()))


async def until_bridged(plant: Asterisk, bridges: int) -> None:
    async def enough() -> bool:
        return len((await plant.cli("bridge show all")).splitlines()) == bridges + 1

    await eventually(enough)


async def test_a_caller_reaches_the_engine_and_its_keys_arrive(asterisk: Asterisk) -> None:
    told: list[str] = []
    facts: dict[str, str] = {}

    async def run(script: Script) -> None:
        facts.update(script.facts)
        await script.say("ANSWER")
        told.extend([await script.say("WAIT FOR DIGIT 5000") for _ in range(4)])
        await script.say("HANGUP")

    async with scripts(run) as port:
        await asterisk.point_engine(HOST, port)
        async with caller(asterisk.sip_port, "+4930555010", digits="19*#", hold_ms=20_000) as side:
            tally = await side.done()
    assert told == [f"200 result={ord(key)}" for key in "19*#"]
    assert tally == Tally(calls=1, successful=1, failed=0, far_end_hung_up=1)
    assert facts["agi_network_script"] == "inbound"
    assert (facts["agi_arg_1"], facts["agi_arg_2"]) == ("main", "unknown")
    assert (facts["agi_dnid"], facts["agi_callerid"]) == ("+4930555010", "+4930231250")
    row = await until_cdr(asterisk, facts["agi_uniqueid"])
    assert (row["disposition"], row["dialled"]) == ("ANSWERED", "+4930555010")
    assert row["answer"] is not None
    assert row["start"] <= row["answer"] < row["end"]


async def test_a_caller_who_hangs_up_ends_the_channel_even_if_the_script_does_not_notice(asterisk: Asterisk) -> None:
    over = asyncio.Event()

    async def run(script: Script) -> None:
        await script.say("ANSWER")
        await over.wait()

    async with scripts(run) as port:
        await asterisk.point_engine(HOST, port)
        async with caller(asterisk.sip_port, "+4930555010", hold_ms=100) as side:
            assert (await side.done()).far_end_hung_up == 0
        await eventually(asterisk.idle, 5)
        over.set()


async def test_a_caller_who_gives_up_before_the_answer(asterisk: Asterisk) -> None:
    over = asyncio.Event()

    async def run(script: Script) -> None:
        await over.wait()

    async with scripts(run) as port:
        await asterisk.point_engine(HOST, port)
        async with impatient_caller(asterisk.sip_port, "+4930555010") as side:
            assert (await side.done()).successful == 1
        over.set()


async def test_a_caller_waits_for_an_engine_that_comes_back(asterisk: Asterisk) -> None:
    port = free_port()
    started = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        started.set()
        writer.write(b"HANGUP\n")
        await reader.read()
        writer.close()

    await asterisk.point_engine(HOST, port)
    async with caller(asterisk.sip_port, "+4930555010", hold_ms=20_000) as side:
        await eventually(asterisk.channels)
        server = await asyncio.start_server(serve, HOST, port)
        await asyncio.wait_for(started.wait(), 10)
        await side.done()
        server.close()


@pytest.mark.parametrize("end", ["orderly", "abrupt"])
async def test_a_caller_whose_script_breaks_off_gets_a_new_one(asterisk: Asterisk, end: str) -> None:
    runs: list[str] = []

    async def run(script: Script) -> None:
        runs.append(script.facts["agi_uniqueid"])
        await script.say("ANSWER")
        if len(runs) == 2:
            await script.say("HANGUP")
        elif end == "abrupt":
            script.writer.write(b"WAIT FOR DIGIT 60000\n")
            await script.writer.drain()
            script.writer.transport.abort()

    async with scripts(run) as port:
        await asterisk.point_engine(HOST, port)
        async with caller(asterisk.sip_port, "+4930555010", hold_ms=20_000) as side:
            assert (await side.done()).far_end_hung_up == 1
    assert len(runs) == 2
    assert len(set(runs)) == 1


async def test_an_answered_call_without_an_engine_is_released_with_cause_34(asterisk: Asterisk) -> None:
    await asterisk.point_engine(HOST, free_port())
    async with called_people(asterisk.trunk_port), ami_of(asterisk) as ami:
        await originate(ami, "PJSIP/+4930231299@trunk", "no-engine")
        row = await until_cdr(asterisk, "no-engine")
    assert row["disposition"] == "ANSWERED"
    assert row["lastapp"] == "Hangup"
    assert row["answer"] is not None
    # Three tries a second apart, and the apology.
    assert 3 < row["end"] - row["answer"] < 15


OUTCOMES = {"86": "BUSY", "04": "NO ANSWER", "03": "CONGESTION", "83": "ANSWERED", "05": "ANSWERED", "99": "ANSWERED"}


async def test_called_people_end_as_their_number_says(asterisk: Asterisk) -> None:
    async def run(script: Script) -> None:
        await script.say("WAIT FOR DIGIT 2000")
        await script.say("HANGUP")

    async with scripts(run) as port, called_people(asterisk.trunk_port), ami_of(asterisk) as ami:
        await asterisk.point_engine(HOST, port)
        for ending in OUTCOMES:
            await originate(ami, f"PJSIP/+49302312{ending}@trunk", f"outcome-{ending}")
        await originate(ami, "PJSIP/+4930231208@trunk", "outcome-08", Timeout="1000")
        rows = {ending: await until_cdr(asterisk, f"outcome-{ending}") for ending in [*OUTCOMES, "08"]}
    # Our own ring time-out: Asterisk 16 calls it a failure.
    silent = "NO ANSWER" if asterisk.installation.release >= 22 else "FAILED"
    assert {ending: row["disposition"] for ending, row in rows.items()} == {**OUTCOMES, "08": silent}
    brief = rows["05"]
    assert brief["answer"] is not None
    assert brief["end"] - brief["answer"] < 1.8, "he hangs up by himself, before the script does"


@pytest.mark.parametrize(("ending", "verdict"), [("81", "machine"), ("99", "person")])
async def test_machine_detection_tells_the_script_who_answered(asterisk: Asterisk, ending: str, verdict: str) -> None:
    answered_by: asyncio.Queue[str] = asyncio.Queue()

    async def run(script: Script) -> None:
        answered_by.put_nowait(script.facts["agi_arg_2"])
        await script.say("HANGUP")

    async with scripts(run) as port, called_people(asterisk.trunk_port), ami_of(asterisk) as ami:
        await asterisk.point_engine(HOST, port)
        await originate(ami, f"PJSIP/+49302312{ending}@trunk", f"detect-{ending}", Variable="DIALER_DETECT=1")
        assert await asyncio.wait_for(answered_by.get(), 15) == verdict


async def test_an_agents_leg_outlives_bridges_and_gives_the_customer_back(fresh_asterisk: Start) -> None:
    plant = await fresh_asterisk(phones=[Phone("agent01", "127.0.0.1:1")])
    await plant.set_phones([Phone("agent01", f"{HOST}:{plant.phone_port}")])
    started: asyncio.Queue[Script] = asyncio.Queue()

    async def run(script: Script) -> None:
        started.put_nowait(script)
        if script.path != "agent":
            await script.say("WAIT FOR DIGIT 60000")

    async with (
        scripts(run) as port,
        called_people(plant.trunk_port),
        phones(plant.phone_port),
        ami_of(plant) as ami,
    ):
        await plant.point_engine(HOST, port)
        await originate(ami, "PJSIP/agent01", "leg-1", Exten="agent")
        agent = await asyncio.wait_for(started.get(), 10)
        assert agent.path == "agent"
        for turn, bridges in (("first", 5), ("second", 1)):
            await originate(ami, "PJSIP/+4930231299@trunk", f"customer-{turn}")
            customer = await asyncio.wait_for(started.get(), 10)
            legs = customer.facts["agi_channel"], agent.facts["agi_channel"]
            for bridge in range(bridges):
                await ami.action("Bridge", {"Channel1": legs[0], "Channel2": legs[1], "Tone": "no"})
                await until_bridged(plant, 1)
                if bridge < bridges - 1:
                    loop = {"Context": "dialer", "Exten": "agent-loop", "Priority": "1"}
                    await ami.action("Redirect", {"Channel": legs[1], **loop})
                    again = await asyncio.wait_for(started.get(), 10)
                    assert again.facts["agi_uniqueid"] == f"customer-{turn}"
            await ami.action("Hangup", {"Channel": legs[0], "Cause": "16"})
            await until_over(plant, f"customer-{turn}")
            await until_bridged(plant, 0)
            listing = await plant.cli("core show channels concise")
            assert listing.count("\n") == 1, listing
            assert "PJSIP/agent01" in listing
            assert "agent-loop" in listing


async def test_an_agent_logs_in_by_the_feature_code(fresh_asterisk: Start) -> None:
    plant = await fresh_asterisk(phones=[Phone("agent01")])
    told: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def run(script: Script) -> None:
        told.put_nowait(script.facts)

    async with scripts(run) as port, caller(plant.sip_port, "*11", sender="agent01", hold_ms=300) as side:
        await plant.point_engine(HOST, port)
        facts = await asyncio.wait_for(told.get(), 10)
        assert (facts["agi_network_script"], facts["agi_dnid"], facts["agi_callerid"]) == ("agent", "*11", "agent01")
        assert await side.done() == Tally(calls=1, successful=1, failed=0, far_end_hung_up=0)
