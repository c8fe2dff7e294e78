"""The import of a list, told as it goes: a line of JSON for each step, the result or the refusal as the last."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from aiohttp import hdrs, web

from dialer.web.port import Control, RefusedError, UnknownError
from dialer.web.problems import Problem
from dialer.web.wire import encode

log = logging.getLogger(__name__)

NDJSON: Final = "application/x-ndjson"
PERIOD_S: Final = 0.2


def ndjson_wanted(request: web.Request) -> bool:
    return NDJSON in request.headers.get(hdrs.ACCEPT, "")


async def tell_progress(
    request: web.Request, control: Control, campaign: str, path: str, name: str | None
) -> web.StreamResponse:
    """The import goes on to its end even when the client goes away."""
    steps: list[tuple[int, int]] = [(0, 0)]
    work = asyncio.ensure_future(
        control.import_list(campaign, path, lambda done, total: steps.__setitem__(0, (done, total)), name)
    )
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: NDJSON})
    told = (0, 0)
    try:
        await response.prepare(request)
        while not work.done():
            await asyncio.wait({work}, timeout=PERIOD_S)
            if steps[0] != told:
                told = steps[0]
                await response.write(encode({"done": told[0], "total": told[1]}) + b"\n")
        await response.write(encode(await _ended(work)) + b"\n")
    except ConnectionError:
        await asyncio.wait({work})
    return response


async def _ended(work: "asyncio.Future[Mapping[str, int]]") -> object:
    try:
        return await work
    except UnknownError as fault:
        return Problem("unknown", str(fault.args[0]))
    except RefusedError as fault:
        return Problem("refused", str(fault))
    except Exception:
        log.exception("an import failed")
        return Problem("internal", "a fault of the engine; its log says more")
