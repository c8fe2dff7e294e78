"""JSON Schema of every kind of file, so that editors complete and check what is written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dialer.config.loader import MODELS
from dialer.config.scalars import DURATION_PATTERN

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def schemas() -> dict[str, dict[str, Any]]:
    """By kind of file: plant, agents, client, hours, rules, campaign, flow."""
    return {kind: _schema(kind) for kind in MODELS}


def _schema(kind: str) -> dict[str, Any]:
    schema = MODELS[kind].model_json_schema(by_alias=True)
    for part in _parts(schema):
        if "properties" not in part:
            part.pop("title", None)
        if part.get("pattern") == DURATION_PATTERN and isinstance(part.get("default"), float):
            part["default"] = written(part["default"])
        elif isinstance(part.get("default"), dict):
            part.pop("default")  # of a nested mapping: its own keys say theirs
        if "patternProperties" in part:
            part["additionalProperties"] = False
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"dialer {kind} file", **schema}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema within a schema; mappings of names (`properties`, `$defs`) are not schemas themselves."""
    if isinstance(schema, list):
        for item in schema:
            yield from _parts(item)
    if not isinstance(schema, dict):
        return
    yield schema
    for key, value in schema.items():
        if key in ("properties", "patternProperties", "$defs"):
            for inner in value.values():
                yield from _parts(inner)
        elif key in ("items", "additionalProperties", "propertyNames", "anyOf", "oneOf", "allOf"):
            yield from _parts(value)


def written(seconds: float) -> str:
    """A duration as an operator writes it: 90.0 is `90s`, 0.5 is `500ms`, 7200.0 is `2h`."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size:g}{unit}"
    return f"{seconds:g}s" if seconds >= 1 or seconds == 0 else f"{seconds * 1000:g}ms"


def write(folder: Path) -> list[Path]:
    """Write `KIND.schema.json` for every kind of file."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind, schema in schemas().items():
        path = folder / f"{kind}.schema.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
