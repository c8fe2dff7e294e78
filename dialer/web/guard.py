"""Who may ask: the bearer token, and what a browser on the same machine must not be used for."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from dialer.config.access import Holder
from dialer.web.door import Door
from dialer.web.problems import problem
from dialer.web.rights import LOCAL_HOLDER, SCRAPER

OPEN: Final = frozenset({"/healthz"})
LOCAL: Final = frozenset({"/metrics"})
"""Open to this host's own addresses while nobody but the operator may have a token; others need one."""

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "dialer",
}


def check(request: web.Request, door: Door) -> Holder | None:
    """Who asks; None where everybody may. Raises ProblemError 401 or 403."""
    if request.path in OPEN:
        return None
    if request.path in LOCAL and _is_scraper_at_home(request, door):
        return SCRAPER
    return _with_token(request, door) if door.closed else _without_token(request)


def is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address((host or "").strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_scraper_at_home(request: web.Request, door: Door) -> bool:
    return is_loopback(request.remote) and not door.named and "Authorization" not in request.headers


def _with_token(request: web.Request, door: Door) -> Holder:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    holder = door.holder(given.strip())
    if holder is None or scheme.lower() != "bearer":
        raise problem(401, "unauthorized", "needs the header `Authorization: Bearer TOKEN`", WWW_Authenticate="Bearer")
    return holder


def _without_token(request: web.Request) -> Holder:
    """Without a token we listen on loopback only; a web page opened on this host must not get through by its
    browser, neither directly (Origin) nor by a name that points here (Host; DNS rebinding)."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname):
        raise problem(403, "forbidden", "without a token only requests to localhost are answered")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise problem(403, "forbidden", "requests from other web pages are not answered")
    return LOCAL_HOLDER
