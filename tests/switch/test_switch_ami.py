"""The link against a hostile peer: each fault seen in panoramisk 1.4, and what TCP can do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hostile_ami import BANNER, HostileAmi, Peer

from dialer.switch.ami import AmiLink, LinkError, OnEvent, Pace
from dialer.switch.wire import Headers, UnsafeValueError

QUICK = Pace(tick_s=0.01, answer_s=0.2, backlog_high=10, resume_s=0.005)
PATIENT = Pace(tick_s=0.01, answer_s=30.0)


@asynccontextmanager
async def linked(
    handlers: dict[str, OnEvent] | None = None, pace: Pace = PATIENT, backlog: Callable[[], int] = lambda: 0
) -> AsyncIterator[tuple[AmiLink, Peer]]:
    async with HostileAmi() as ami:
        link = AmiLink("127.0.0.1", ami.port, handlers or {}, backlog, pace)
        opening = asyncio.create_task(link.open("dialer", "secret"))
        peer = await ami.peer()
        peer.send(BANNER)
        peer.answer(await peer.expect("Login"))
        await opening
        try:
            yield link, peer
        finally:
            link.close()


def collect(into: asyncio.Queue[Headers]) -> dict[str, OnEvent]:
    return {"Newstate": into.put_nowait}


async def next_of(queue: asyncio.Queue[Headers]) -> Headers:
    async with asyncio.timeout(10):
        return await queue.get()


async def reason(link: AmiLink) -> str:
    async with asyncio.timeout(10):
        return await link.until_lost()


async def test_a_fault_in_a_handler_costs_its_event_only(caplog: pytest.LogCaptureFixture) -> None:
    got: asyncio.Queue[Headers] = asyncio.Queue()

    def broken(headers: Headers) -> None:
        raise KeyError("uniqueid")

    async with linked({"Hangup": broken, **collect(got)}) as (link, peer):
        peer.send(b"Event: Hangup\r\nCause: 16\r\n\r\nEvent: Newstate\r\nN: 1\r\n\r\n")
        assert (await next_of(got))["n"] == "1"
        assert link.handler_faults == 1
        assert not link.lost.done()
    assert "not understood" in caplog.text


async def test_an_acceptance_is_the_answer_whatever_its_words() -> None:
    async with linked() as (link, peer):
        for message in ("DTMF successfully queued", "Channels will follow", "Added interface to queue", ""):
            sent = link.send_action({"Action": "Anything"})
            peer.answer(await peer.expect("Anything"), message=message)
            assert (await sent).message == message


async def test_an_error_is_an_answer() -> None:
    async with linked() as (link, peer):
        sent = link.send_action({"Action": "Hangup", "Channel": "x"}, as_list=True)
        peer.answer(await peer.expect("Hangup"), "Error", "No such channel")
        answer = await sent
        assert (answer.ok, answer.lost, answer.message) == (False, False, "No such channel")


async def test_an_event_with_the_action_id_is_an_event_not_an_answer() -> None:
    got: asyncio.Queue[Headers] = asyncio.Queue()
    async with linked({"OriginateResponse": got.put_nowait}) as (link, peer):
        sent = link.send_action({"Action": "Originate", "ActionID": "originate:1"})
        action = await peer.expect("Originate")
        peer.send(b"Event: OriginateResponse\r\nActionID: originate:1\r\nResponse: Failure\r\n\r\n")
        assert (await next_of(got))["response"] == "Failure"
        assert not sent.done()
        peer.answer(action, message="Originate successfully queued")
        assert (await sent).ok


async def test_what_is_in_flight_is_lost_with_the_link() -> None:
    async with linked() as (link, peer):
        sent = link.send_action({"Action": "Originate"})
        await peer.expect("Originate")
        peer.cut()
        answer = await sent
        assert answer.lost
        assert not answer.ok


async def test_nothing_is_sent_on_a_lost_link() -> None:
    async with linked() as (link, peer):
        peer.cut()
        await reason(link)
        answer = await link.send_action({"Action": "Originate"})
        assert (answer.ok, answer.lost, answer.message) == (False, False, "no link")


async def test_nothing_is_sent_before_the_link() -> None:
    link = AmiLink("127.0.0.1", 1, {})
    assert not (await link.send_action({"Action": "Originate"})).ok


async def test_a_silent_peer_is_noticed() -> None:
    async with linked(pace=QUICK) as (link, peer):
        assert await peer.rest() == ["Ping"]  # unanswered pings do not pile up
        assert "no answer to Ping" in await reason(link)


async def test_a_stuck_action_is_a_stuck_link() -> None:
    async with linked(pace=QUICK) as (link, peer):
        sent = link.send_action({"Action": "Bridge"})
        await peer.expect("Bridge")
        assert "no answer to Bridge" in await reason(link)
        assert (await sent).lost


async def test_an_answering_peer_keeps_the_link() -> None:
    async with linked(pace=QUICK) as (link, peer):
        for _ in range(30):
            peer.answer(await peer.action())
        assert not link.lost.done()


async def test_a_refused_login_says_so() -> None:
    async with HostileAmi() as ami:
        link = AmiLink("127.0.0.1", ami.port, {})
        opening = asyncio.create_task(link.open("dialer", "wrong"))
        peer = await ami.peer()
        peer.answer(await peer.expect("Login"), "Error", "Authentication failed")
        with pytest.raises(LinkError, match="login refused: Authentication failed"):
            await opening
        assert link.lost.done()


@pytest.mark.parametrize("garbage", [b"SSH-2.0-OpenSSH\r\n", b"\x00" * 100, b""])
async def test_a_peer_that_is_no_asterisk(garbage: bytes) -> None:
    async with HostileAmi() as ami:
        link = AmiLink("127.0.0.1", ami.port, {}, pace=QUICK)
        opening = asyncio.create_task(link.open("dialer", "secret"))
        peer = await ami.peer()
        peer.send(garbage)
        with pytest.raises(LinkError, match="no answer to Login"):
            await opening


async def test_nobody_there() -> None:
    async with HostileAmi() as ami:
        port = ami.port
    with pytest.raises(LinkError, match="cannot connect"):
        await AmiLink("127.0.0.1", port, {}).open("dialer", "secret")


@pytest.mark.parametrize("value", ["a\r\nAction: Command", "a\nX: y", "a\rb", "\0"])
async def test_a_value_cannot_be_a_second_action(value: str) -> None:
    async with linked() as (link, peer):
        for action in ({"Action": "Setvar", "Value": value}, {"Action": "Setvar", "Variable": ["A=1", value]}):
            with pytest.raises(UnsafeValueError):
                link.send_action(action)
        link.send_action({"Action": "Last"})
        await peer.expect("Last")  # and nothing before it


async def test_bytes_before_the_login_do_no_harm() -> None:
    got: asyncio.Queue[Headers] = asyncio.Queue()
    async with HostileAmi() as ami:
        link = AmiLink("127.0.0.1", ami.port, collect(got))
        opening = asyncio.create_task(link.open("dialer", "secret"))
        peer = await ami.peer()
        peer.send(BANNER + b"Event: Newstate\r\nN: 0\r\n\r\n")
        peer.answer(await peer.expect("Login"))
        await opening
        assert (await next_of(got))["n"] == "0"
        link.close()


async def test_a_message_without_end_drops_the_link() -> None:
    async with linked() as (link, peer):
        peer.send(b"Event: Newstate\r\n" + b"X: " + b"x" * (2 << 20))
        assert "broken stream" in await reason(link)


async def test_one_action_of_an_id_at_a_time() -> None:
    async with linked() as (link, peer):
        first = link.send_action({"Action": "Originate", "ActionID": "originate:1"})
        again = await link.send_action({"Action": "Originate", "ActionID": "originate:1"})
        assert "already in flight" in again.message
        peer.answer(await peer.expect("Originate"))
        assert (await first).ok


async def test_reading_pauses_while_the_consumer_is_behind() -> None:
    """A paused link is not a dead one, though its pings stay unread; nothing is lost when it reads again."""
    got: asyncio.Queue[Headers] = asyncio.Queue()
    async with linked(collect(got), pace=QUICK, backlog=got.qsize) as (link, peer):
        peer.send(b"".join(b"Event: Newstate\r\nN: %d\r\n\r\n" % n for n in range(50)))
        transport = link.protocol.transport
        await until(lambda: not transport.is_reading())
        behind = got.qsize()
        peer.send(b"Event: Newstate\r\nN: 50\r\n\r\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2 * QUICK.answer_s):
                await link.until_lost()
        assert got.qsize() == behind
        assert [(await next_of(got))["n"] for _ in range(51)] == [str(n) for n in range(51)]
        await until(transport.is_reading)


async def test_closed_while_connecting_stays_closed() -> None:
    async with HostileAmi() as ami:
        link = AmiLink("127.0.0.1", ami.port, {})
        opening = asyncio.create_task(link.open("dialer", "secret"))
        await asyncio.sleep(0)
        link.close()
        with pytest.raises(LinkError, match="closed by us"):
            await opening
        assert ami.accepted <= 1
        assert link._timers == {}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (a transport tells nobody that it paused)
            await asyncio.sleep(0.001)
