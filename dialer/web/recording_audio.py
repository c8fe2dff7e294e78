"""A recording as a WAV file, straight from the disk."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from dialer.web.entrance import WHO
from dialer.web.port import Control
from dialer.web.problems import problem
from dialer.web.route import NAME

CHUNK: Final = 256 * 1024
Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


def audio(control: Control) -> Serve:
    async def serve(request: web.Request) -> web.StreamResponse:
        by = request.query.get("by")
        if by is not None and not re.fullmatch(NAME, by):
            raise problem(400, "invalid", "`by` says on whose behalf it is listened to, as a name: ?by=maria")
        who = request[WHO].on_behalf(by)
        found = await control.recordings.audio(request.match_info["recording"], str(who))
        try:
            file = await asyncio.to_thread(found.path.open, "rb")
        except OSError as fault:
            raise problem(409, "refused", f"the file cannot be read: {fault.strerror}") from None
        with file:
            response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "audio/wav"})
            name = request.match_info["recording"]
            response.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}.wav"'
            await response.prepare(request)
            await response.write(found.header)
            left = int.from_bytes(found.header[-4:], "little")  # no more than the header says: it may still grow
            while left and (chunk := await asyncio.to_thread(file.read, min(CHUNK, left))):
                left -= len(chunk)
                await response.write(chunk)
        await response.write_eof()
        return response

    return serve
