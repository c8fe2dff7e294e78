"""JSON out: dataclasses, enums and mappings as they are."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web


def encode(value: object) -> bytes:
    return orjson.dumps(value, default=_plain)


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=encode(value), status=status, content_type="application/json", headers=headers)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)
