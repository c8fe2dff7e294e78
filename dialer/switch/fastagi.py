"""The server that Asterisk's dialplan calls for a channel's script: FastAGI, one connection a channel.

    AGI(agi://HOST:PORT/inbound|outbound|agent,SWITCH,ANSWERED_BY)

One server serves all switches of an engine. A connection is accepted only from the address of a switch that has
been admitted, and only under that switch's name. Lines and their number are bounded, and a peer that sends
something else, or nothing, is closed and hurts nobody.
"""

import asyncio
import contextlib
import ipaddress
import logging
import socket
import time
from typing import Literal, cast, get_args

from dialer.calls.events import AnsweredBy, ScriptEnded, ScriptReplied, ScriptStarted
from dialer.flows.commands import Command
from dialer.switch.agi import AgiAnswer, Line, RefusedLineError, execute, read_answer
from dialer.switch.audiosocket import AudioServer
from dialer.switch.port import Sink

log = logging.getLogger(__name__)

Kind = Literal["inbound", "outbound", "agent"]

_MOST_LINE_BYTES = 4096
_MOST_REQUEST_LINES = 100
_REQUEST_S = 5.0
"""How long a peer may take to say what it wants."""
_CLOSE_S = 2.0


class ScriptServer:
    """Listens for scripts and runs commands on them. Events go to `sink`."""

    def __init__(self, sink: Sink, audio: AudioServer | None = None) -> None:
        self._sink = sink
        self.audio = audio
        self._server: asyncio.Server | None = None
        self._admitted: dict[str, str] = {}
        self._connections: set[_Script] = set()
        self._scripts: dict[tuple[str, str], _Script] = {}

    async def start(self, host: str, port: int) -> int:
        """Listen; the port (a free one for 0). Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Script(self), host, port, backlog=1024)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and leave every script: the channels go on in their dialplan."""
        if self._server is not None:
            self._server.close()
        for script in list(self._connections):
            script.leave("the engine stops")
        if self._server is not None:
            with contextlib.suppress(TimeoutError):  # from Python 3.12 on it also waits for the connections
                async with asyncio.timeout(_CLOSE_S):
                    await self._server.wait_closed()

    def admit(self, switch: str, address: str) -> None:
        """Accept scripts of this switch, from this address."""
        self._admitted[switch] = _host(address)

    def run(self, switch: str, channel: str, command: Command, dial: str) -> None:
        """Start a command; a script that is over has said so, and the command is dropped."""
        if script := self._scripts.get((switch, channel)):
            script.run(command, dial)

    def leave(self, switch: str, channel: str) -> None:
        if script := self._scripts.get((switch, channel)):
            script.leave("left by the engine")

    def joined(self, switch: str, channel: str) -> None:
        """The channel entered a bridge: a Dial's talk begins."""
        if script := self._scripts.get((switch, channel)):
            script.joined_at = asyncio.get_running_loop().time()

    # -- what a connection reports

    def opened(self, script: "_Script") -> None:
        self._connections.add(script)

    def knows(self, address: str) -> bool:
        return _host(address) in self._admitted.values()

    def started(self, script: "_Script", event: ScriptStarted) -> bool:
        """Whether the script may go on."""
        if self._admitted.get(event.switch) != _host(script.address):
            log.warning("%s asks for a script as switch %r: refused", script.address, event.switch[:64])
            return False
        key = (event.switch, event.channel)
        if before := self._scripts.get(key):
            before.leave("the channel came again")
        script.key = key
        self._scripts[key] = script
        self._sink(event)
        return True

    def replied(self, event: ScriptReplied) -> None:
        self._sink(event)

    def ended(self, script: "_Script") -> None:
        self._connections.discard(script)
        if script.key is not None:
            del self._scripts[script.key]
            self._sink(ScriptEnded(script.key[1], time.time()))


class _Script(asyncio.Protocol):
    """One connection: first the request's lines, then one answer a line sent."""

    def __init__(self, server: ScriptServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._request: dict[str, str] | None = {}
        self._lines = 0
        self._waiting: asyncio.Future[str] | None = None
        self._usage = False
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self._deadline: asyncio.TimerHandle | None = None
        self.joined_at = 0.0
        self.address = ""
        self.key: tuple[str, str] | None = None

    # -- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.address = str((transport.get_extra_info("peername") or ("",))[0])
        self._server.opened(self)
        if not self._server.knows(self.address):
            self.leave(f"{self.address} is no switch of ours", level=logging.WARNING)
            return
        _keep_alive(transport.get_extra_info("socket"))
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(_REQUEST_S, self.leave, "no request in time")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        if len(rest) > _MOST_LINE_BYTES:
            self.leave("a line too long")
        for line in lines:
            if self._over:
                return
            self._line(line[:_MOST_LINE_BYTES].decode("utf-8", "replace").strip())

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave("closed by the switch")

    def leave(self, why: str, level: int = logging.DEBUG) -> None:
        """End the script, once; the channel goes on in its dialplan if it lives."""
        if self._over:
            return
        self._over = True
        log.log(level, "script %s: %s", self.key or self.address, why)
        if self._deadline is not None:
            self._deadline.cancel()
        if self._task is not None:
            self._task.cancel()
        self._transport.close()
        self._server.ended(self)

    # -- reading

    def _line(self, line: str) -> None:
        if self._request is not None:
            self._request_line(self._request, line)
        elif line == "HANGUP":
            # Hung up, or taken into a bridge: only AMI knows which. Either way this script is over.
            self.leave("HANGUP")
        elif line.startswith("520-"):
            self._usage = True
        elif self._usage and not line.startswith("520 "):
            pass  # the text of a usage message
        elif not line.startswith("100 "):
            self._usage = False
            if self._waiting is not None and not self._waiting.done():
                self._waiting.set_result(line)

    def _request_line(self, request: dict[str, str], line: str) -> None:
        self._lines += 1
        key, colon, value = line.partition(":")
        if line and colon and key.startswith("agi_") and self._lines <= _MOST_REQUEST_LINES:
            request[key] = value.strip()
            return
        self._request = None
        if self._deadline is not None:
            self._deadline.cancel()
        started = None if line else read_request(request)
        if started is None:
            self.leave(f"no request that we know: {line[:80]!r}", level=logging.WARNING)
        elif not self._server.started(self, started):
            self.leave("refused")

    # -- running

    def run(self, command: Command, dial: str) -> None:
        if self._task is not None:
            log.error("script %s: %s while another command runs: dropped", self.key, type(command).__name__)
            return
        loop = asyncio.get_running_loop()
        line = Line(self._ask, loop.time, dial, lambda: self.joined_at, self._server.audio)
        self._task = loop.create_task(self._execute(line, command))

    async def _execute(self, line: Line, command: Command) -> None:
        reply = await execute(line, command)
        self._task = None
        if self.key is not None and not self._over:
            self._server.replied(ScriptReplied(self.key[1], time.time(), reply))

    async def _ask(self, line: str, most_s: float = 10.0) -> AgiAnswer:
        answer = await self._exchange(line, most_s)
        if answer.code == 200 and answer.result != -1:
            return answer
        # -1 is a missing sound as well as a channel that is gone or was taken away. A living one has a status.
        status = await self._exchange("CHANNEL STATUS", 10.0)
        if status.code != 200 or status.result < 0:
            self.leave(f"the channel is gone: {answer.code} {answer.data}")
            await asyncio.sleep(0)  # leave() cancelled this task; let that arrive here
        raise RefusedLineError(f"{line[:100]}: {answer.data or answer.result}")

    async def _exchange(self, line: str, most_s: float) -> AgiAnswer:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(line.encode() + b"\n")
        try:
            async with asyncio.timeout(most_s):
                return read_answer(await self._waiting)
        except TimeoutError:
            self.leave(f"no answer to {line[:100]} in {most_s:g} s", level=logging.WARNING)
            raise asyncio.CancelledError from None


def read_request(request: dict[str, str]) -> ScriptStarted | None:
    """The event for a request's variables, or None if it is none of ours."""
    channel, name = request.get("agi_uniqueid", ""), request.get("agi_channel", "")
    kind = request.get("agi_network_script", "")
    answered_by = request.get("agi_arg_2", "").lower()
    if not channel or len(channel) > 150 or kind not in get_args(Kind):
        return None
    caller = _known(request.get("agi_callerid", ""))
    return ScriptStarted(
        channel=channel,
        at=time.time(),
        switch=request.get("agi_arg_1", ""),
        kind=cast(Kind, kind),
        name=name,
        dialled=_known(request.get("agi_dnid", "")),
        caller=_endpoint(name) if kind == "agent" else caller,
        answered_by=cast(AnsweredBy, answered_by) if answered_by in get_args(AnsweredBy) else "unknown",
        codec=request.get("agi_arg_3", "")[:64],
    )


def _known(value: str) -> str:
    """Asterisk writes `unknown` for what it does not know."""
    return "" if value == "unknown" else value


def _endpoint(name: str) -> str:
    """`ag-1` of `PJSIP/ag-1-0000002a`: from the channel's name, since a phone may claim any caller ID."""
    return name.partition("/")[2].rpartition("-")[0]


def _host(address: str) -> str:
    """One name for an address however it is written; all loopback addresses are one host."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return "loopback" if ip.is_loopback else str(ip)


def _keep_alive(sock: socket.socket) -> None:
    """A switch that vanished is noticed within a minute and a half, even when its script is idle."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
