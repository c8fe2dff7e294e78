"""Who may ask: the bearer token, and what a browser on the same machine must not be used for."""

import hmac
import ipaddress
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from dialer.web.problems import ProblemError, problem

OPEN: Final = frozenset({"/healthz"})
LOCAL: Final = frozenset({"/metrics"})
"""Open to this host's own addresses; others need the token."""

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "dialer",
}


def check(request: web.Request, token: str | None) -> None:
    """Raises ProblemError 401 or 403."""
    if request.path in OPEN or (request.path in LOCAL and is_loopback(request.remote)):
        return
    fault = _without_token(request) if token is None else _with_token(request, token)
    if fault is not None:
        raise fault


def is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address((host or "").strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _with_token(request: web.Request, token: str) -> ProblemError | None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    sent = given.strip().encode("utf-8", "surrogateescape")
    if hmac.compare_digest(sent, token.encode()) and scheme.lower() == "bearer":
        return None
    return problem(401, "unauthorized", "needs the header `Authorization: Bearer TOKEN`", WWW_Authenticate="Bearer")


def _without_token(request: web.Request) -> ProblemError | None:
    """Without a token we listen on loopback only; a web page opened on this host must not get through by its
    browser, neither directly (Origin) nor by a name that points here (Host; DNS rebinding)."""
    if not is_loopback(urlsplit(f"//{request.host}").hostname):
        return problem(403, "forbidden", "without a token only requests to localhost are answered")
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return problem(403, "forbidden", "requests from other web pages are not answered")
    return None
