"""A few lines of AMI for the world's side of the demo. The engine has its own, guarded link (`dialer/switch`)."""

import asyncio
import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence

Message = dict[str, str]
Headers = Mapping[str, str | Sequence[str]]
_REPLY_S = 10.0


class AmiError(Exception):
    """The world's Asterisk refused an action, or went away."""


class Ami:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Queue[Message]] = {}
        self._task = asyncio.create_task(self._read(), name="world's AMI")

    @classmethod
    async def connect(cls, host: str, port: int, user: str, secret: str) -> "Ami":
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
        await reader.readline()  # the banner
        ami = cls(reader, writer)
        try:
            await ami.action("Login", {"Username": user, "Secret": secret, "Events": "off"})
        except BaseException:
            await ami.close()
            raise
        return ami

    async def close(self) -> None:
        self._task.cancel()
        self._writer.close()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await self._task
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def action(self, name: str, headers: Headers | None = None) -> Message:
        """The reply; AmiError when it is an error or does not come."""
        with self._ask(name, headers or {}) as replies:
            return await self._reply(name, replies)

    async def listing(self, name: str) -> list[Message]:
        """The events of a listing action, up to the one whose EventList is Complete."""
        events = []
        with self._ask(name, {}) as replies:
            while (message := await self._reply(name, replies)).get("EventList") != "Complete":
                if "Event" in message:
                    events.append(message)
        return events

    @contextlib.contextmanager
    def _ask(self, name: str, headers: Headers) -> Iterator[asyncio.Queue[Message]]:
        action_id = f"demo-{next(self._ids)}"
        replies = self._waiting[action_id] = asyncio.Queue()
        try:
            self._send({"Action": name, "ActionID": action_id, **headers})
            yield replies
        finally:
            del self._waiting[action_id]

    async def _reply(self, name: str, replies: asyncio.Queue[Message]) -> Message:
        try:
            message = await asyncio.wait_for(replies.get(), _REPLY_S)
        except TimeoutError:
            raise AmiError(f"{name}: no reply in {_REPLY_S:.0f} s") from None
        if message.get("Response", "Success") not in ("Success", "Goodbye"):
            raise AmiError(f"{name}: {message.get('Message', message)}")
        return message

    def _send(self, headers: Headers) -> None:
        lines = []
        for name, value in headers.items():
            lines += [f"{name}: {one}" for one in ([value] if isinstance(value, str) else value)]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header with a line break")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _read(self) -> None:
        message: Message = {}
        try:
            while line := await self._reader.readline():
                text = line.decode(errors="replace").rstrip("\r\n")
                name, separator, value = text.partition(": ")
                if separator:
                    message[name] = value
                elif message and not text:
                    if replies := self._waiting.get(message.get("ActionID", "")):
                        replies.put_nowait(message)
                    message = {}
        except OSError:
            pass  # whoever waits for a reply says so
