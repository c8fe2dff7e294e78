"""The API before there is an engine: says what the start is waiting for, at the same address."""

from typing import Final

from aiohttp import web

from dialer.config.models import Listen
from dialer.web import guard
from dialer.web.app import DOOR
from dialer.web.app import serve as serve_app
from dialer.web.door import Door
from dialer.web.problems import ProblemError, problem
from dialer.web.wire import reply

AGAIN_S: Final = 2
"""When to ask again."""


class Starting:
    def __init__(self) -> None:
        self.why = "it has just begun"
        """What is waited for."""
        self._runner: web.AppRunner | None = None

    async def listen(self, listen: Listen, door: Door | str | None) -> None:
        """Not where any free port will do: nobody could know which. Raises ListenError."""
        if listen.port == 0:
            return
        app = web.Application()
        app[DOOR] = door if isinstance(door, Door) else Door(door)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = await serve_app(app, listen)

    async def close(self) -> None:
        """The address is free when this returns."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        later = {"Retry-After": str(AGAIN_S), **guard.HEADERS}
        if request.path in guard.OPEN:
            shown = {"status": "starting", "switches": {}, "store": "not opened yet", "warnings": [], "why": self.why}
            answer = reply(shown, 503, later)
        else:
            try:
                guard.check(request, request.app[DOOR])
                answer = problem(503, "starting", f"the engine is starting: {self.why}").response()
                answer.headers.update(later)
            except ProblemError as fault:
                answer = fault.response()
        answer.force_close()
        return answer
