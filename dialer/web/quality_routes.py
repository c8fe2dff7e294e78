"""Routes about how calls were."""

from typing import Final

from dialer.web.quality_port import CallQuality
from dialer.web.route import CALL, Ask, Route


async def _of_call(ask: Ask, body: None) -> object:
    return await ask.control.quality.of_call(ask.path["call"])


QUALITY_ROUTES: Final = (
    Route("GET", "/v1/calls/{call}/quality", "How a call was: voice of every leg, post-dial delay, who hung up.",
          _of_call, CallQuality, None, {"call": CALL}, refusals=(404, 409)),
)  # fmt: skip
