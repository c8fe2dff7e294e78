"""`docs/configuration.md`, written from the models: `python -m dialer.config.reference > docs/configuration.md`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dialer.config.scalars import (
    DURATION_PATTERN,
    E164_PATTERN,
    LANGUAGE_PATTERN,
    NAME_PATTERN,
    RATE_PATTERN,
    TEXT_PATTERN,
)
from dialer.config.schema import schemas

Schema = Mapping[str, Any]

_INTRODUCTION = """\
# Configuration

Written by `python -m dialer.config.reference`; do not edit.

| file | what |
|---|---|
| `configs/plant.yaml` | the node, its Asterisk servers, store and listeners |
| `configs/agents.yaml` | every agent |
| `configs/clients/NAME.yaml` | a client |
| `configs/hours/NAME.yaml` | opening hours |
| `configs/rules/NAME.yaml` | a country's rules on outbound calls: see [rules](rules.md) |
| `configs/campaigns/NAME.yaml` | an outbound campaign |
| `configs/lists/*.csv` | numbers to call |
| `configs/test_calls/NAME.yaml` | test calls to a client's own number: see [quality](quality.md) |
| `configs/access.yaml` | who may use the API, as what, for which clients: see [access](access.md) |
| `configs/score_cards/NAME.yaml` | what recordings are scored by: see [recordings](recordings.md) |
| `ivr_flows/NAME.yaml` | what callers hear |
| `ivr_flows/prompts/NAME.LANGUAGE.wav` | recordings, named `prompts/NAME` in flows: 8 or 16 kHz, mono, 16 bit |

`dialer check` reports everything that is wrong, as `file:line:column: what is wrong; what would be right`, and exits
2. `dialer schema configs/schema` writes JSON Schemas; a first line
`# yaml-language-server: $schema=../schema/campaign.schema.json` makes an editor complete and check. `dialer reload`
takes a changed configuration while calls are up, or refuses it whole: `node`, `store`, `web`, `fastagi`, `audiosocket`
and a switch's `ami`, `dial`, `dial_agent` and `sounds` need a restart.

Values are what they look like: `20:00`, `+49…`, `0123`, `yes` and `no` are texts; only `12`, `0.5`, `true`, `false`
and `null` are something else. Durations have a unit: `500ms`, `25s`, `15m`, `4h`, `2d`. A key that is not known, or
given twice, is a fault. Secrets never stand in a file: it names the environment variable that holds them.
"""
_TITLES = {
    "plant": "configs/plant.yaml",
    "agents": "configs/agents.yaml",
    "client": "configs/clients/NAME.yaml",
    "hours": "configs/hours/NAME.yaml",
    "rules": "configs/rules/NAME.yaml",
    "campaign": "configs/campaigns/NAME.yaml",
    "flow": "ivr_flows/NAME.yaml",
    "test": "configs/test_calls/NAME.yaml",
    "card": "configs/score_cards/NAME.yaml",
    "access": "configs/access.yaml",
}


_WORDS = {
    DURATION_PATTERN: "duration", RATE_PATTERN: "rate", E164_PATTERN: "phone number", NAME_PATTERN: "name",
    LANGUAGE_PATTERN: "language", TEXT_PATTERN: "text",
}  # fmt: skip


def reference() -> str:
    return "\n".join([_INTRODUCTION, *(line for kind, schema in schemas().items() for line in _file(kind, schema))])


def _file(kind: str, schema: Schema) -> Iterator[str]:
    yield f"## `{_TITLES[kind]}`\n"
    yield from _table(schema, kind)
    for part in _sections(schema):
        yield f"### {part['title']} in {kind}\n"
        if described := _text(part):
            yield f"{described}\n"
        yield from _table(part, kind)


def _sections(schema: Schema) -> Iterator[Schema]:
    """Nested mappings: of a flow first its nodes, then what stands in them."""
    nodes = schema["properties"].get("nodes", {}).get("patternProperties", {})
    for choice in nodes.values():
        yield from (part for part in choice["anyOf"] if "properties" in part)
    yield from (part for part in schema.get("$defs", {}).values() if "properties" in part)


def _table(schema: Schema, file: str) -> Iterator[str]:
    required = set(schema.get("required", ()))
    yield "| key | what may stand there | default | |"
    yield "|---|---|---|---|"
    for key, part in schema["properties"].items():
        default = "needed" if key in required else _default(part)
        yield f"| `{key}` | {_kind(part, file)} | {default} | {_text(part)} |"
    yield ""


def _text(part: Schema) -> str:
    return re.sub(r"\s+", " ", str(part.get("description", ""))).replace("|", "\\|")


def _default(part: Schema) -> str:
    value = part.get("default")
    if value is None or value == "":
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kind(part: Schema, file: str) -> str:
    """In words: `duration`, `list of names`, the words there are, or the section of a nested mapping."""
    if "$ref" in part or "properties" in part:
        name = part.get("title") or part["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()}-in-{file})"
    if options := part.get("anyOf") or part.get("oneOf"):
        return " or ".join(dict.fromkeys(_kind(option, file) for option in options if option.get("type") != "null"))
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"] if value is not None).replace("True", "true")
    match part.get("type"):
        case "array":
            return f"list: {_kind(part['items'], file)}"
        case "object" if inner := part.get("patternProperties"):
            pattern, value = next(iter(inner.items()))
            return f"by {_WORDS.get(pattern, 'key')}: {_kind(value, file)}"
        case "object" if isinstance(part.get("additionalProperties"), Mapping):
            return f"by {_keys(part)}: {_kind(part['additionalProperties'], file)}"
        case "string":
            return _string(part)
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number":
            return _number(part)
    return str(part.get("type", "any"))


def _keys(part: Schema) -> str:
    names = part.get("propertyNames", {})
    return _WORDS.get(names.get("pattern", ""), ", ".join(f"`{name}`" for name in names.get("enum", ())) or "key")


def _string(part: Schema) -> str:
    if part.get("pattern") in _WORDS:
        return _WORDS[part["pattern"]]
    if part.get("format") == "date":
        return "date, as `2026-12-24`"
    examples = part.get("examples", ())
    return f"text, as `{examples[0]}`" if examples else "text"


def _number(part: Schema) -> str:
    word = "whole number" if part["type"] == "integer" else "number"
    low, high = part.get("minimum"), part.get("maximum")
    if "exclusiveMinimum" in part:
        word += f" above {part['exclusiveMinimum']:g}"
    return word + (f" from {low}" if low is not None else "") + (f" to {high:g}" if high is not None else "")


if __name__ == "__main__":
    print(reference(), end="")
