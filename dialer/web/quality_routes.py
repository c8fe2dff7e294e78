"""Routes about how calls were."""

from typing import Final, get_args

from dialer.web.days import DAY, day_of
from dialer.web.problems import problem
from dialer.web.quality_port import CallQuality, ServiceView, Whose
from dialer.web.route import CALL, NAME, Ask, Route

SECONDS: Final = r"[0-9]{1,5}(\.[0-9]{1,3})?"


async def _of_call(ask: Ask, body: None) -> object:
    return await ask.control.quality.of_call(ask.path["call"])


async def _service(ask: Ask, body: None) -> object:
    named: list[tuple[Whose, str]] = [(whose, ask.query[whose]) for whose in get_args(Whose) if whose in ask.query]
    if len(named) != 1:
        raise problem(400, "invalid", f"name one of {', '.join(get_args(Whose))}")
    within = ask.query.get("within")
    seconds = None if within is None else float(within)
    return await ask.control.quality.service(*named[0], day_of(ask, "from"), day_of(ask, "to"), seconds)


QUALITY_ROUTES: Final = (
    Route("GET", "/v1/quality/service", "Service of one `client`, `campaign`, `queue` or `agent`, from one day to "
          "another (left out, today): every figure with its numerator, denominator and definition. `within` are the "
          "seconds of the service level, in place of the contract's.", _service, ServiceView,
          query={**dict.fromkeys(get_args(Whose), NAME), "from": DAY, "to": DAY, "within": SECONDS},
          refusals=(404, 409), seconds=60.0),
    Route("GET", "/v1/calls/{call}/quality", "How a call was: voice of every leg, post-dial delay, who hung up.",
          _of_call, CallQuality, None, {"call": CALL}, refusals=(404, 409)),
)  # fmt: skip
