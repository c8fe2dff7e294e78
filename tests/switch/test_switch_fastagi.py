"""The script server over real sockets, with good, bad and absent peers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Self

import pytest
import pytest_asyncio

from dialer.calls.events import ScriptEnded, ScriptReplied, ScriptStarted, SwitchEvent
from dialer.flows.commands import Answer, Collect, Play, Reply
from dialer.switch import fastagi
from dialer.switch.fastagi import ScriptServer, read_request

DIAL = "PJSIP/{number}@trunk"


class Scripts(ScriptServer):
    """The server, with its events in a queue."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[SwitchEvent] = asyncio.Queue()
        super().__init__(self.events.put_nowait)

    async def event(self) -> SwitchEvent:
        async with asyncio.timeout(10):
            return await self.events.get()

    async def quiet(self) -> bool:
        """That nothing has happened, once everything sent so far has been read: a good call proves it."""
        call = await Call.dial(self, "proof")
        assert await self.event() == started(await call.id())
        call.cut()
        ended = await self.event()
        return isinstance(ended, ScriptEnded) and ended.channel == "proof" and self.events.empty()


def started(channel: str) -> object:
    class Like:
        def __eq__(self, other: object) -> bool:
            return isinstance(other, ScriptStarted) and other.channel == channel

        def __repr__(self) -> str:
            return f"ScriptStarted({channel})"

    return Like()


def request(channel: str, kind: str = "inbound", switch: str = "main", by: str = "unknown") -> bytes:
    return (
        f"agi_network: yes\nagi_network_script: {kind}\nagi_request: agi://127.0.0.1/{kind}\n"
        f"agi_channel: PJSIP/ag-1-0000002a\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: {channel}\n"
        f"agi_callerid: +49301\nagi_calleridname: unknown\nagi_dnid: +4930555\nagi_context: dialer\n"
        f"agi_extension: script\nagi_arg_1: {switch}\nagi_arg_2: {by}\n\n"
    ).encode()


class Call:
    """Asterisk's side of one script."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, channel: str) -> None:
        self.reader, self.writer, self._channel = reader, writer, channel

    @classmethod
    async def open(cls, server: Scripts, channel: str = "") -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", server.port), channel)

    @classmethod
    async def dial(cls, server: Scripts, channel: str, kind: str = "inbound", switch: str = "main") -> Self:
        call = await cls.open(server, channel)
        call.send(request(channel, kind, switch))
        return call

    async def id(self) -> str:
        return self._channel

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def line(self) -> str:
        async with asyncio.timeout(10):
            return (await self.reader.readline()).decode().rstrip("\n")

    async def over(self) -> bool:
        """That the server closed, without a further word."""
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                return await self.reader.read() == b""
        return True

    def cut(self) -> None:
        self.writer.transport.abort()


@pytest_asyncio.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scripts]:
    """What is closed in these tests is closed for what it did, not for its time."""
    monkeypatch.setattr(fastagi, "_REQUEST_S", 3600.0)
    scripts = Scripts()
    scripts.port = await scripts.start("127.0.0.1", 0)
    scripts.admit("main", "127.0.0.1")
    yield scripts
    await scripts.close()


async def begun(server: Scripts, channel: str = "c-1") -> Call:
    call = await Call.dial(server, channel)
    assert await server.event() == started(channel)
    return call


async def test_a_script_starts_with_what_the_dialplan_knows(server: Scripts) -> None:
    call = await Call.open(server)
    call.send(request("c-1", "outbound", by="MACHINE"))
    event = await server.event()
    assert isinstance(event, ScriptStarted)
    assert (event.channel, event.switch, event.kind, event.answered_by) == ("c-1", "main", "outbound", "machine")
    assert (event.name, event.dialled, event.caller) == ("PJSIP/ag-1-0000002a", "+4930555", "+49301")


async def test_an_agent_is_known_by_its_channel_not_by_its_caller_id(server: Scripts) -> None:
    await Call.dial(server, "c-1", "agent")
    event = await server.event()
    assert isinstance(event, ScriptStarted)
    assert event.caller == "ag-1"


async def test_a_command_and_its_reply(server: Scripts) -> None:
    call = await begun(server)
    server.run("main", "c-1", Play(("a",), interrupt="1"), DIAL)
    assert await call.line() == 'STREAM FILE "a" "1"'
    for byte in b"200 result=49 endpos=100\n":
        call.send(bytes([byte]))
    reply = await server.event()
    assert isinstance(reply, ScriptReplied)
    assert reply.reply == Reply(digits="1")
    server.run("main", "c-1", Answer(), DIAL)
    assert await call.line() == "ANSWER"


async def test_the_request_in_segments_cut_anywhere(server: Scripts) -> None:
    call = await Call.open(server)
    for byte in request("c-1"):
        call.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await server.event() == started("c-1")


async def test_a_hangup_line_ends_the_script_once(server: Scripts) -> None:
    call = await begun(server)
    server.run("main", "c-1", Answer(), DIAL)
    await call.line()
    call.send(b"200 result=-1\nHANGUP\n")
    assert isinstance(await server.event(), ScriptEnded)
    call.cut()
    assert await server.quiet()


async def test_a_dead_channel_ends_the_script(server: Scripts) -> None:
    call = await begun(server)
    server.run("main", "c-1", Answer(), DIAL)
    await call.line()
    call.send(b"200 result=-1\n")
    assert await call.line() == "CHANNEL STATUS"
    call.send(b"511 Command Not Permitted on a dead channel or intercept routine\n")
    assert isinstance(await server.event(), ScriptEnded)
    assert await call.over()
    assert await server.quiet()


async def test_a_refusal_on_a_living_channel_is_a_failed_command(server: Scripts) -> None:
    call = await begun(server)
    server.run("main", "c-1", Play(("gone",)), DIAL)
    await call.line()
    call.send(b"200 result=-1 endpos=0\n")
    assert await call.line() == "CHANNEL STATUS"
    call.send(b"200 result=6\n")
    reply = await server.event()
    assert isinstance(reply, ScriptReplied)
    assert (reply.reply.status, "gone" in reply.reply.reason) == ("failed", True)
    server.run("main", "c-1", Answer(), DIAL)
    assert await call.line() == "ANSWER"


async def test_a_usage_message_is_one_answer(server: Scripts) -> None:
    call = await begun(server)
    server.run("main", "c-1", Answer(), DIAL)
    await call.line()
    call.send(b"520-Invalid command syntax.  Proper usage follows:\n Usage: ANSWER\n200 result=0\n")
    call.send(b"520 End of proper usage.\n")
    assert await call.line() == "CHANNEL STATUS"
    call.send(b"200 result=6\n")
    reply = await server.event()
    assert isinstance(reply, ScriptReplied)
    assert reply.reply.status == "failed"


async def test_a_cut_connection_ends_the_script(server: Scripts) -> None:
    call = await begun(server)
    server.run("main", "c-1", Collect(("a",), most=3), DIAL)
    await call.line()
    call.cut()
    assert isinstance(await server.event(), ScriptEnded)
    assert await server.quiet()


async def test_an_answer_that_never_comes_ends_the_script(server: Scripts) -> None:
    call = await begun(server)
    script = server._scripts["main", "c-1"]
    asked = asyncio.create_task(script._ask("NOOP", most_s=0.01))
    assert isinstance(await server.event(), ScriptEnded)
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert await call.line() == "NOOP"
    assert await call.over()


async def test_leaving_a_script_closes_it(server: Scripts) -> None:
    call = await begun(server)
    server.leave("main", "c-1")
    server.leave("main", "c-1")
    assert await call.over()
    assert isinstance(await server.event(), ScriptEnded)
    server.run("main", "c-1", Answer(), DIAL)  # too late, and nobody's fault
    assert await server.quiet()


async def test_a_channel_that_comes_again_has_one_script(server: Scripts) -> None:
    first = await begun(server)
    second = await Call.dial(server, "c-1")
    assert isinstance(await server.event(), ScriptEnded)
    assert await server.event() == started("c-1")
    assert await first.over()
    server.run("main", "c-1", Answer(), DIAL)
    assert await second.line() == "ANSWER"


async def test_one_command_at_a_time(server: Scripts, caplog: pytest.LogCaptureFixture) -> None:
    call = await begun(server)
    server.run("main", "c-1", Answer(), DIAL)
    server.run("main", "c-1", Play(("a",)), DIAL)
    assert await call.line() == "ANSWER"
    call.send(b"200 result=0\n")
    assert isinstance(await server.event(), ScriptReplied)
    assert "another command runs" in caplog.text


async def test_channels_of_two_switches_are_two(server: Scripts) -> None:
    server.admit("second", "127.0.0.1")
    calls = [await Call.dial(server, "c-1", switch=name) for name in ("main", "second")]
    assert {(await server.event()).switch for _ in calls} == {"main", "second"}  # type: ignore[union-attr]
    server.run("second", "c-1", Answer(), DIAL)
    assert await calls[1].line() == "ANSWER"


HOSTILE: list[bytes] = [
    b"\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x00\xff" * 100 + b"\n",
    request("", "inbound"),
    request("c" * 200),
    request("c-1", "shell"),
    request("c-1").replace(b"agi_uniqueid", b"uniqueid"),
    b"agi_x: " + b"x" * 10_000,
    b"agi_x: 1\n" * 1000,
]


@pytest.mark.parametrize("data", HOSTILE)
async def test_garbage_is_closed_and_tells_nobody(server: Scripts, data: bytes) -> None:
    good = await begun(server, "good")
    call = await Call.open(server)
    call.send(data)
    assert await call.over()
    server.run("main", "good", Answer(), DIAL)
    assert await good.line() == "ANSWER"
    good.send(b"200 result=0\n")
    assert isinstance(await server.event(), ScriptReplied)
    assert await server.quiet()


async def test_connect_and_close_hurts_nobody(server: Scripts) -> None:
    for _ in range(50):
        (await Call.open(server)).cut()
    assert await server.quiet()
    assert len(server._connections) == 0


async def test_a_peer_that_says_nothing_is_closed(server: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastagi, "_REQUEST_S", 0.01)
    assert await (await Call.open(server)).over()


async def test_a_line_without_end_in_a_running_script(server: Scripts) -> None:
    call = await begun(server)
    call.send(b"x" * 10_000)
    assert isinstance(await server.event(), ScriptEnded)
    assert await call.over()


async def test_words_nobody_asked_for_are_no_answer(server: Scripts) -> None:
    call = await begun(server)
    call.send(b"200 result=0\n")
    server.run("main", "c-1", Answer(), DIAL)
    assert await call.line() == "ANSWER"
    call.send(b"200 result=0\n")
    assert isinstance(await server.event(), ScriptReplied)
    assert server.events.empty()


async def test_a_stranger_is_not_let_in(server: Scripts) -> None:
    server.admit("main", "192.0.2.1")
    for call in (await Call.dial(server, "c-1"), await Call.open(server)):
        assert await call.over()
    server.admit("main", "::ffff:127.0.0.1")
    assert await server.quiet()


async def test_a_switch_does_not_speak_for_another(server: Scripts) -> None:
    server.admit("second", "192.0.2.1")
    call = await Call.dial(server, "c-1", switch="second")
    assert await call.over()
    call = await Call.dial(server, "c-1", switch="nobody")
    assert await call.over()
    assert await server.quiet()


async def test_closing_the_server_ends_every_script() -> None:
    scripts = Scripts()
    scripts.port = await scripts.start("127.0.0.1", 0)
    scripts.admit("main", "127.0.0.1")
    calls = [await begun(scripts, f"c-{n}") for n in range(3)]
    silent = await Call.open(scripts)
    await scripts.close()
    assert all([await call.over() for call in [*calls, silent]])
    assert {type(await scripts.event()) for _ in calls} == {ScriptEnded}
    with pytest.raises(ConnectionRefusedError):
        await Call.open(scripts)


def test_what_asterisk_does_not_know_is_empty() -> None:
    event = read_request(
        {"agi_uniqueid": "c-1", "agi_network_script": "inbound", "agi_callerid": "unknown", "agi_dnid": "unknown"}
    )
    assert event is not None
    assert (event.caller, event.dialled, event.answered_by, event.switch) == ("", "", "unknown", "")


