"""Routes about money: what the month costs, what calls sold, how test calls were scored."""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from dialer.web.billing_port import FeeView, SaleView
from dialer.web.requests import Request
from dialer.web.route import CALL, Ask, Route

SALE: Final = "[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}"


class SaleRequest(Request):
    amount: Annotated[
        str,
        Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$", description="In the client's currency, as `49.90`: a text.",
              examples=["49.90"]),
    ]  # fmt: skip
    id: Annotated[
        str | None,
        Field(pattern=rf"^{SALE}$", max_length=100,
              description="The sale's own id, so that the same request sent twice records one. Left out, CALL.1."),
    ] = None  # fmt: skip


class ScoreRequest(Request):
    score: Annotated[float, Field(ge=0, le=100, description="0 to 100.")]


async def _fees(ask: Ask, body: None) -> object:
    return ask.control.billing.fees()


async def _record_sale(ask: Ask, body: SaleRequest) -> object:
    return await ask.control.billing.record_sale(ask.path["call"], Decimal(body.amount), body.id)


async def _cancel_sale(ask: Ask, body: None) -> None:
    await ask.control.billing.cancel_sale(ask.path["call"], ask.path["sale"])


async def _score(ask: Ask, body: ScoreRequest) -> None:
    await ask.control.billing.save_score(ask.path["call"], Decimal(f"{body.score:.4f}").normalize())


_CALL: Final = {"call": CALL}

BILLING_ROUTES: Final = (
    Route("GET", "/v1/fees", "What the month has cost each client so far, its forecast, its budget.", _fees,
          list[FeeView]),
    Route("POST", "/v1/calls/{call}/sales", "Record what a call sold, in place of what its disposition tells.",
          _record_sale, SaleView, SaleRequest, _CALL, 201, (404, 409)),
    Route("DELETE", "/v1/calls/{call}/sales/{sale}", "Cancel a sale: this month takes its share back. The call's id as "
          "the sale's is what its disposition told.", _cancel_sale, None, None, {**_CALL, "sale": SALE}, 204,
          (404, 409)),
    Route("POST", "/v1/calls/{call}/score", "Score a test call, for the contract's quality term.", _score, None,
          ScoreRequest, _CALL, 204, (404, 409)),
)  # fmt: skip
