"""One logged-in connection to the Asterisk Manager Interface, on panoramisk's Manager, AMIProtocol and Action.

A link lives once: when it is lost it stays lost, with its reason, and whoever wants another opens another. So
nothing is ever queued in an outage or sent again after one. What was in flight resolves as `lost`: nobody knows
whether the switch did it. Actions are answered in their order by one thread of Asterisk, so a single unanswered
action means a dead or stuck session, and is treated as such.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from dialer.switch.wire import Headers, Splitter, TooLongError, compose, event_name, parse

log = logging.getLogger(__name__)

OnEvent = Callable[[Headers], None]


class LinkError(ConnectionError):
    """Why the link could not be opened."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the switch answered. `lost`: it did not, and whether it acted is unknown."""

    ok: bool
    message: str = ""
    headers: Headers = field(default_factory=dict)
    lost: bool = False


NO_LINK = Response(ok=False, message="no link")
"""For an action that certainly never left."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds and bounds of a link."""

    tick_s: float = 1.0
    """How often the link is looked at; a Ping goes out when nothing else is in flight."""
    answer_s: float = 6.0
    """An action unanswered for so long drops the link."""
    backlog_high: int = 5000
    """Reading stops when the consumer has so many events before it, until half are done. Asterisk keeps what
    does not fit the socket for `writetimeout`, then closes the session: better than growing without end."""
    resume_s: float = 0.02


class Request(Action):  # type: ignore[misc]
    """An action whose first response is its result.

    Panoramisk guesses from the text of a response whether more will follow, and guesses wrong for Originate,
    QueueAdd and whatever is "successfully queued". Lists come as events here, so no request has more than one.
    """

    def __init__(self, headers: Mapping[str, Any]) -> None:
        super().__init__(headers)
        self.future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self.sent_at = time.monotonic()

    multi = False
    completed = True

    def add_message(self, message: Response) -> bool:
        if not self.future.done():
            self.future.set_result(message)
        return True

    def __bytes__(self) -> bytes:
        pairs: list[tuple[str, str]] = []
        for key, value in self.items():
            pairs += [(key, one) for one in value] if isinstance(value, list | tuple) else [(key, value)]
        return compose(pairs)


class Wire(AMIProtocol):  # type: ignore[misc]
    """Panoramisk's protocol with our splitter, tied to its link from the first byte on."""

    def __init__(self, link: "AmiLink") -> None:
        self._link = link
        self._splitter = Splitter()
        self.closed = True

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.factory = self._link
        self._link.wired(self)

    def data_received(self, data: bytes) -> None:
        try:
            blocks = self._splitter.feed(data)
        except TooLongError as error:
            self._link.drop(f"broken stream: {error}")
            return
        self._link.receive(blocks)

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.connection_lost(exc)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.transport.abort()


class AmiLink(Manager):  # type: ignore[misc]
    """See the module. `handlers` has the wanted events by name; others are skipped unread. `backlog` tells how
    many events the consumer has not yet worked off."""

    def __init__(
        self, host: str, port: int, handlers: Mapping[str, OnEvent],
        backlog: Callable[[], int] = lambda: 0, pace: Pace = Pace(),
    ) -> None:
        super().__init__(
            host=host, port=port, loop=asyncio.get_running_loop(), log=log, protocol_factory=lambda: Wire(self)
        )
        self._handlers = {name.encode(): handler for name, handler in handlers.items()}
        self._backlog = backlog
        self._pace = pace
        self._pending: dict[str, Request] = {}
        self._reading_since = 0.0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self.handler_faults = 0
        self.lost: asyncio.Future[str] = self.loop.create_future()
        """Resolves with the reason when the link is gone. Never awaited itself: a cancelled waiter would cancel it."""

    # -- opening and closing

    async def open(self, user: str, secret: str) -> None:
        """Connect and log in; raises LinkError with the reason, and the link is lost then."""
        try:
            async with asyncio.timeout(self._pace.answer_s):
                await self.connect()
        except (OSError, TimeoutError) as error:
            self.drop(f"cannot connect to {self.config['host']}:{self.config['port']}: {_why(error)}")
            raise LinkError(self.lost.result()) from None
        answer = self.send_action({"Action": "Login", "Username": user, "Secret": secret, "Events": "on"})
        self._tick()
        login = await answer
        if not login.ok:
            self.drop(login.message if login.lost else f"login refused: {login.message}")
            raise LinkError(self.lost.result())
        self.authenticated = True

    def connection_made(self, f: "asyncio.Future[tuple[asyncio.Transport, Wire]]") -> None:
        """Panoramisk's hook after connect(); the link is wired earlier, before data can arrive."""
        if not f.cancelled():
            f.exception()  # open() has it too; here it only must not count as never retrieved

    def wired(self, wire: Wire) -> None:
        self.protocol = wire
        self._reading_since = time.monotonic()
        if self.lost.done():
            wire.close()

    @property
    def peer(self) -> str:
        """The switch's address."""
        return str(self.protocol.transport.get_extra_info("peername")[0])

    def connection_lost(self, exc: Exception | None) -> None:
        self.drop(f"connection broke: {_why(exc)}" if exc else "closed by the switch")

    def drop(self, reason: str) -> None:
        """Close the link for `reason`; only the first reason counts."""
        if self.lost.done():
            return
        self.lost.set_result(reason)
        self.authenticated = False
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self.protocol is not None:
            self.protocol.close()
        pending, self._pending = self._pending, {}
        for request in pending.values():
            request.add_message(Response(ok=False, message=reason, lost=True))

    def close(self) -> None:
        self.drop("closed by us")

    async def until_lost(self) -> str:
        """Why it is gone, when it is."""
        await asyncio.wait({self.lost})
        return self.lost.result()

    # -- sending

    def send_action(
        self, action: Mapping[str, Any], as_list: bool | None = None, **kwargs: Any
    ) -> asyncio.Future[Response]:
        """Send now or fail now; raises UnsafeValueError. `as_list` is panoramisk's and has no meaning here."""
        request = Request({**action, **kwargs})
        data = bytes(request)
        if self.lost.done() or self.protocol is None:
            request.add_message(NO_LINK)
        elif request.id in self._pending:
            request.add_message(Response(ok=False, message=f"{request.id} is already in flight"))
        else:
            self._pending[request.id] = request
            self.protocol.transport.write(data)
        return request.future

    def _tick(self) -> None:
        """Look at the oldest action in flight; ping when there is none. A paused link cannot read answers, so
        its actions age from the moment it reads again."""
        if self.lost.done():
            return
        now = time.monotonic()
        oldest = next(iter(self._pending.values()), None)
        if oldest is None:
            self.send_action({"Action": "Ping"})
        elif "resume" not in self._timers:
            age_s = now - max(oldest.sent_at, self._reading_since)
            if age_s > self._pace.answer_s:
                self.drop(f"no answer to {oldest['action']} in {self._pace.answer_s:g} s")
                return
        self._timers["tick"] = self.loop.call_later(self._pace.tick_s, self._tick)

    # -- receiving

    def receive(self, blocks: list[bytes]) -> None:
        for block in blocks:
            if block.startswith(b"Asterisk Call Manager/"):  # one line without a blank line after it
                block = block.partition(b"\r\n")[2]
            name = event_name(block)
            if name is None:
                self._answered(parse(block))
            elif handler := self._handlers.get(name):
                self.dispatch((handler, parse(block)))
        if self._backlog() > self._pace.backlog_high and not self.lost.done():
            self._pause()

    def dispatch(self, event: tuple[OnEvent, Headers]) -> None:
        """A fault in a handler costs its event, never the link or the events after it."""
        handler, headers = event
        try:
            handler(headers)
        except Exception:
            self.handler_faults += 1
            log.exception("event %s not understood", headers.get("event"))

    def _answered(self, headers: Headers) -> None:
        request = self._pending.pop(headers.get("actionid", ""), None)
        if request is not None and "response" in headers:
            ok = headers["response"] in ("Success", "Goodbye", "Follows")
            request.add_message(Response(ok=ok, message=headers.get("message", ""), headers=headers))

    def _pause(self) -> None:
        if "resume" not in self._timers:
            log.warning("the engine has %d events before it: reading from the switch pauses", self._backlog())
            self.protocol.transport.pause_reading()
            self._timers["resume"] = self.loop.call_later(self._pace.resume_s, self._resume)

    def _resume(self) -> None:
        if self._backlog() > self._pace.backlog_high // 2:
            self._timers["resume"] = self.loop.call_later(self._pace.resume_s, self._resume)
            return
        del self._timers["resume"]
        self._reading_since = time.monotonic()
        self.protocol.transport.resume_reading()


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
