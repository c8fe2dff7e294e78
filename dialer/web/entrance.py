"""The way in: each request has a holder, and the holder the right that its operation needs over the client it names.

What only the body says of the client is asked in `app.py`, once it is read. What nobody said anything of is refused.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from dialer.access_metrics import AccessMetrics, Why
from dialer.web import guard
from dialer.web.door import Door, Refusals, Who
from dialer.web.port import Control
from dialer.web.problems import ProblemError, problem
from dialer.web.reach import TOLD_BY_BODY, NotTheirsError, allow, refuse
from dialer.web.rights import NEEDS, Need, may
from dialer.web.route import NAME

log = logging.getLogger(__name__)

ON_BEHALF_OF: Final = "On-Behalf-Of"
WHO: Final = web.RequestKey("who", Who)
"""Who asks."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def need_of(route: web.AbstractRoute) -> Need | None:
    """None of what is open, and of what there is not. Raises LookupError for a route that stands in no table."""
    if route.resource is None or route.resource.canonical in guard.OPEN:
        return None
    method = "GET" if route.method == "HEAD" else route.method
    return NEEDS[f"{method} {route.resource.canonical}"]


def entrance(door: Door, control: Control, metrics: AccessMetrics) -> Any:
    refusals = Refusals()

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            await _let_in(request, door, control)
            return await handler(request)
        except ProblemError as fault:
            if (why := _why(request, fault)) is not None:
                metrics.denied(why)
                await _hold_back(request, why, refusals)
            raise

    return guarded


async def _let_in(request: web.Request, door: Door, control: Control) -> None:
    """Raises ProblemError 401, 403 or 404."""
    holder = guard.check(request, door)
    if holder is None:
        return
    request[WHO] = Who(holder, _behalf(request))
    need = need_of(request.match_info.route)
    if need is None:
        return
    if need.whose in TOLD_BY_BODY:
        refuse("yes" if may(holder, need.right) else "no_right", need)
    else:
        await allow(control, holder, need, request.match_info, request.query)


def _behalf(request: web.Request) -> str | None:
    told = request.headers.get(ON_BEHALF_OF)
    if told is not None and not re.fullmatch(NAME, told):
        raise problem(400, "invalid", f"the header `{ON_BEHALF_OF}` must be a name: {NAME}")
    return told


def _why(request: web.Request, fault: ProblemError) -> Why | None:
    if isinstance(fault, NotTheirsError):
        return "not_theirs"
    match fault.status:
        case 401:
            return "wrong_token" if "Authorization" in request.headers else "no_token"
        case 403:
            return "no_right" if WHO in request else "no_token"
    return None


async def _hold_back(request: web.Request, why: Why, refusals: Refusals) -> None:
    """Who has no token waits for the answer, the longer the more often; whoever has one never does."""
    who = request.get(WHO)
    told = {"why": why, "from": request.remote, "who": None if who is None else str(who)}
    if who is not None:
        resource = request.match_info.route.resource
        log.info("refused %s %s", request.method, "" if resource is None else resource.canonical, extra=told)
        return
    address = request.remote or ""
    wait_s = refusals.wait_s(address, asyncio.get_running_loop().time())
    if refusals.is_first(address):
        log.warning("somebody without a valid token asks", extra=told)
    refusals.waiting += 1
    try:
        await asyncio.sleep(wait_s)
    finally:
        refusals.waiting -= 1
