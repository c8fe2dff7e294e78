"""Who gave which order: what is kept of a request, and the route that tells it."""

from typing import Final

from aiohttp import web

from dialer.numbers import mask
from dialer.web.audit_port import AuditView, Order
from dialer.web.days import DAY, span_of
from dialer.web.door import Who
from dialer.web.requests import Request
from dialer.web.rights import NEEDS, Right
from dialer.web.route import NAME, Ask, Route

KEPT: Final = ("client", "scope", "purpose", "list", "list_name", "path", "results", "at", "to", "until", "card",
               "amount", "id", "score")  # fmt: skip
"""Of a body. A change of a campaign is kept whole; what people wrote, and who they are, never."""


def order_of(request: web.Request, operation: str, who: Who, body: Request | None) -> Order | None:
    """None of what changes nothing, and of desks: what agents do is in their own times."""
    if request.method in ("GET", "HEAD") or NEEDS[operation].right is Right.DESK:
        return None
    told = {} if body is None else body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if operation != "PATCH /v1/campaigns/{campaign}":
        told = {name: value for name, value in told.items() if name in KEPT}
    named = {name: mask(text) if text.startswith("+") else text for name, text in request.match_info.items()}
    return Order(str(who), operation, named, told, request.remote or "")


async def _listed(ask: Ask, body: None) -> object:
    return await ask.control.audit.listed(*span_of(ask), ask.query.get("by"))


AUDIT_ROUTES: Final = (
    Route("GET", "/v1/audit", "Orders that were carried out from one day to another (UTC; left out, today), the latest "
          "first, at most 1,000; `by` a holder, or on whose behalf.", _listed, list[AuditView],
          query={"by": NAME, "from": DAY, "to": DAY}, refusals=(409,)),
)  # fmt: skip
