"""The HTTP side of the engine: routes bound to Control, errors in one shape, every request bounded.

runner = await serve(make_app(control, metrics, Door(token)), config.web.listen)
address(runner)      # http://127.0.0.1:8080
await runner.cleanup()
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from aiohttp import hdrs, web
from pydantic import ValidationError

from dialer.access_metrics import only_of
from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.web import guard, openapi, views
from dialer.web.audit_routes import order_of
from dialer.web.door import Door, Who
from dialer.web.entrance import WHO, entrance, need_of
from dialer.web.port import Control, RefusedError, UnknownError
from dialer.web.problems import ProblemError, invalid, problem
from dialer.web.progress import ndjson_wanted, tell_progress
from dialer.web.reach import TOLD_BY_BODY, allow, narrowed, visible
from dialer.web.recording_audio import audio
from dialer.web.requests import ImportRequest, Request
from dialer.web.rights import NEEDS, scope
from dialer.web.route import CALL, Ask, Route
from dialer.web.routes import ROUTES
from dialer.web.stream import Stream
from dialer.web.wire import reply

log = logging.getLogger(__name__)

MOST_BODY: Final = 64 * 1024
BODY_S: Final = 10.0
KEEP_ALIVE_S: Final = 30.0
"""An idle connection, or one that dribbles its headers, is closed after this."""
SHUTDOWN_S: Final = 5.0

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
DOOR: Final = web.AppKey("door", Door)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = TypeVar("Body", bound=Request)


class ListenError(Exception):
    """The address cannot be listened on; the text says why and what to do."""


def make_app(control: Control, metrics: Metrics, door: Door | str | None) -> web.Application:
    """`door`: who is let in, or the operator's token. A door without a token lets everyone in, and then only loopback
    is listened on. Raises LookupError for a route of which nobody said who may use it."""
    door = door if isinstance(door, Door) else Door(door)
    app = web.Application(
        client_max_size=MOST_BODY, middlewares=[_outermost(metrics), entrance(door, control, metrics.access)])
    app[DOOR] = door
    app.on_response_prepare.append(_add_headers)
    for route in ROUTES:
        takes_list = route.takes is ImportRequest
        bound = _bind_import(route, control) if takes_list else _bind(route, control)
        app.router.add_route(route.method, route.pattern, bound)
    _add_others(app, control, metrics)
    for served in app.router.routes():
        need_of(served)
    return app


def _add_others(app: web.Application, control: Control, metrics: Metrics) -> None:
    """What is not JSON in, JSON out."""
    stream = Stream(control, app[DOOR])
    app.cleanup_ctx.append(stream.running)
    app.on_shutdown.append(stream.close)
    document = openapi.document()
    one_at_a_time = asyncio.Lock()  # rendering costs a core: impatient scrapers wait in line

    async def healthz(request: web.Request) -> web.Response:
        health = control.health()
        status = "down" if not health.ok else "draining" if health.draining else "up"
        shown = {"status": status, "switches": health.switches, "store": health.store, "warnings": health.warnings}
        return reply(shown, 200 if health.ok else 503)

    async def scrape(request: web.Request) -> web.Response:
        accept = request.headers.get(hdrs.ACCEPT, "")
        async with one_at_a_time:
            body, content_type = await asyncio.to_thread(metrics.render, views.live(control), accept)
        if (clients := scope(request[WHO].holder)) is not None:
            body = await asyncio.to_thread(only_of, body, clients)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})

    async def describe(request: web.Request) -> web.Response:
        return reply(document)

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", scrape)
    app.router.add_get(f"/v1/recordings/{{recording:{CALL}}}/audio", audio(control), allow_head=False)
    app.router.add_get("/v1/stream", stream.serve)
    app.router.add_get("/v1/openapi.json", describe)


def _bind(route: Route, control: Control) -> Handler:
    need = NEEDS[route.operation]

    async def handle(request: web.Request) -> web.StreamResponse:
        body = None if route.takes is None else await read(request, route.takes)
        who = request[WHO]
        if need.whose in TOLD_BY_BODY:
            await allow(control, who.holder, need, request.match_info, request.query, body)
        query = narrowed(who.holder, need, asked(request, route))
        answer = await _answer(route, Ask(control, request.match_info, query, who), body)
        _keep(control, request, route, who, body)
        return reply_to(route, visible(control, who.holder, answer))

    return handle


def asked(request: web.Request, route: Route) -> dict[str, str]:
    """What follows the question mark, as far as the route knows it."""
    found = {name: request.query[name] for name in route.query if name in request.query}
    for name, text in found.items():
        if not re.fullmatch(route.query[name], text):
            raise problem(400, "invalid", f"`{name}` is not what it should be: it must match {route.query[name]}")
    return found


def _bind_import(route: Route, control: Control) -> Handler:
    need = NEEDS[route.operation]

    async def handle(request: web.Request) -> web.StreamResponse:
        body, who = await read(request, ImportRequest), request[WHO]
        await allow(control, who.holder, need, request.match_info, request.query, body)
        if ndjson_wanted(request):
            _keep(control, request, route, who, body)
            return await tell_progress(request, control, request.match_info["campaign"], body.path, body.list)
        answer = await _answer(route, Ask(control, request.match_info, who=who), body)
        _keep(control, request, route, who, body)
        return reply_to(route, visible(control, who.holder, answer))

    return handle


def _keep(control: Control, request: web.Request, route: Route, who: Who, body: Request | None) -> None:
    """Of an order that was carried out who gave it."""
    if (order := order_of(request, route.operation, who, body)) is not None:
        control.audit.note(order)


def reply_to(route: Route, given: object) -> web.Response:
    return web.Response(status=204) if route.status == 204 else reply(given, route.status)


async def _answer(route: Route, ask: Ask, body: Any) -> object:
    try:
        async with asyncio.timeout(route.seconds):
            return await route.answer(ask, body)
    except TimeoutError:
        raise problem(504, "timeout", "the engine did not answer in time; the order may still be carried out") from None


async def read(request: web.Request, model: type[Body]) -> Body:
    """The body as `model`; an empty one counts as `{}`."""
    try:
        async with asyncio.timeout(BODY_S):
            body = await request.read()
    except TimeoutError:
        raise problem(408, "timeout", "the body took too long to arrive") from None
    if body and request.content_type != "application/json":
        raise problem(415, "invalid", "the body must be JSON with `Content-Type: application/json`")
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as fault:
        raise invalid(fault) from None


def _outermost(metrics: Metrics) -> Any:
    """Every request ends here: counted, and with an answer that tells a client no more than it may know."""

    @web.middleware
    async def outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.monotonic()
        response = await _answered(request, handler)
        resource = request.match_info.route.resource
        name = resource.canonical if resource is not None else "unmatched"
        method = request.method if request.method in _METHODS else "other"
        streamed = not isinstance(response, web.Response)
        metrics.http(method, name, response.status, None if streamed else time.monotonic() - began)
        if method not in ("GET", "HEAD"):
            _note(request, response.status)
        return response

    return outermost


def _note(request: web.Request, status: int) -> None:
    """Who gave which order, for whoever asks later."""
    names = {name: text for name, text in request.match_info.items() if name != "verb"}
    who = request.get(WHO)
    told = {**names, "status": status, "from": request.remote, "who": None if who is None else str(who)}
    log.info("order %s %s", request.method, request.path[:200], extra=told)


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ProblemError as fault:
        return fault.response()
    except UnknownError as fault:
        return problem(404, "unknown", _text(fault)).response()
    except RefusedError as fault:
        return problem(409, "refused", _text(fault)).response()
    except web.HTTPException as fault:
        return _framework_problem(fault).response()
    except Exception:
        log.exception("a request failed", extra={"method": request.method, "path": request.path})
        return problem(500, "internal", "a fault of the engine; its log says more").response()


def _text(fault: Exception) -> str:
    return str(fault.args[0]) if fault.args else type(fault).__name__


def _framework_problem(fault: web.HTTPException) -> ProblemError:
    match fault:
        case web.HTTPNotFound():
            return problem(404, "unknown", "no such resource")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(fault.allowed_methods))
            return problem(405, "invalid", f"allowed here: {allowed}", Allow=allowed)
        case web.HTTPRequestEntityTooLarge():
            return problem(413, "too_large", f"a body may have {MOST_BODY} bytes")
        case _:
            return problem(fault.status, "invalid", fault.reason)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(guard.HEADERS)


async def serve(app: web.Application, listen: Listen) -> web.AppRunner:
    """Listens; `address(runner)` says where, also when port 0 took a free one. Raises ListenError."""
    if not app[DOOR].closed and not guard.is_loopback(listen.host):
        raise ListenError(f"web.listen: {listen.host} can be reached from other hosts; set an API token first")
    runner = web.AppRunner(app, keepalive_timeout=KEEP_ALIVE_S, shutdown_timeout=SHUTDOWN_S, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, listen.host, listen.port).start()
    except OSError as fault:
        await runner.cleanup()
        raise ListenError(f"web.listen: cannot listen on {listen.host} port {listen.port}: {fault.strerror}") from fault
    return runner


def address(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
