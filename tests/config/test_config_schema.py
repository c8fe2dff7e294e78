"""The JSON Schemas accept what the loader accepts, and the written files are current."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dialer.config.document import read
from dialer.config.reference import reference
from dialer.config.schema import schemas, write, written

ROOT = Path(__file__).parents[2]
KINDS = {
    "configs/plant.yaml": "plant", "configs/agents.yaml": "agents", "configs/clients/*.yaml": "client",
    "configs/hours/*.yaml": "hours", "configs/rules/*.yaml": "rules", "configs/campaigns/*.yaml": "campaign",
    "ivr_flows/*.yaml": "flow",
    "configs/test_calls/*.yaml": "test",
}  # fmt: skip
SAMPLES = [(path, kind) for glob, kind in KINDS.items() for path in sorted(ROOT.glob(glob))]
ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "examples", "format"}
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "integer": int, "number": int | float,
}  # fmt: skip


def valid(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """JSON Schema 2020-12 as far as ours go; a keyword that is not known here is an error of the test."""
    return all(holds(key, value, schema, root) for key in schema if key not in ANNOTATIONS)


def holds(key: str, value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    rule = schema[key]
    match key:
        case "$ref":
            return valid(value, root["$defs"][rule.rpartition("/")[2]], root)
        case "anyOf":
            return any(valid(value, one, root) for one in rule)
        case "oneOf":
            return sum(valid(value, one, root) for one in rule) == 1
        case "type":
            return isinstance(value, TYPES[rule]) and (rule == "boolean" or not isinstance(value, bool))
        case "enum":
            return any(type(value) is type(one) and value == one for one in rule)
        case "const":
            return bool(value == rule)
    for kind, rules in RULES.items():
        if key in rules:
            return not isinstance(value, kind) or isinstance(value, bool) or rules[key](value, rule, schema, root)
    raise AssertionError(f"unknown keyword {key}")


def known_keys(value: dict[str, Any], rule: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    patterns = schema.get("patternProperties", {})
    others = [key for key in value if key not in schema.get("properties", {})
              and not any(re.search(pattern, key) for pattern in patterns)]  # fmt: skip
    return not others if rule is False else all(rule is True or valid(value[key], rule, root) for key in others)


RULES: dict[Any, dict[str, Any]] = {
    dict: {
        "properties": lambda v, r, s, root: all(valid(v[key], r[key], root) for key in v if key in r),
        "patternProperties": lambda v, r, s, root: all(
            valid(v[key], r[pattern], root) for key in v for pattern in r if re.search(pattern, key)
        ),
        "additionalProperties": known_keys,
        "propertyNames": lambda v, r, s, root: all(valid(key, r, root) for key in v),
        "required": lambda v, r, s, root: set(r) <= set(v),
        "minProperties": lambda v, r, s, root: len(v) >= r,
    },
    list: {
        "items": lambda v, r, s, root: all(valid(one, r, root) for one in v),
        "minItems": lambda v, r, s, root: len(v) >= r,
        "maxItems": lambda v, r, s, root: len(v) <= r,
    },
    str: {
        "pattern": lambda v, r, s, root: re.search(r, v) is not None,
        "minLength": lambda v, r, s, root: len(v) >= r,
        "maxLength": lambda v, r, s, root: len(v) <= r,
    },
    int | float: {
        "minimum": lambda v, r, s, root: v >= r,
        "maximum": lambda v, r, s, root: v <= r,
        "exclusiveMinimum": lambda v, r, s, root: v > r,
    },
}


@pytest.mark.parametrize(("path", "kind"), SAMPLES, ids=lambda one: one.stem if isinstance(one, Path) else one)
def test_the_schema_accepts_the_sample(path, kind):
    schema = schemas()[kind]
    assert valid(read(path).value, schema, schema)


@pytest.mark.parametrize(("path", "kind"), SAMPLES, ids=lambda one: one.stem if isinstance(one, Path) else one)
def test_the_sample_names_its_schema(path, kind):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    target = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / target).resolve() == ROOT / f"configs/schema/{kind}.schema.json"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("configs/campaigns/acme_winback.yaml", "ring_timeout: 20s", "ring_timeout: 20"),
        ("configs/campaigns/acme_winback.yaml", "ring_timeout: 20s", "ring_timout: 20s"),
        ("configs/campaigns/acme_winback.yaml", "busy: {", "bussy: {"),
        ("configs/campaigns/acme_winback.yaml", "channels: 30", "channels: 0"),
        ("configs/campaigns/acme_winback.yaml", "detect: true", "detect: yes"),
        ("configs/clients/acme.yaml", "[de, en, it]", "[]"),
        ("configs/clients/acme.yaml", "name: Acme GmbH", ""),
        ("configs/agents.yaml", "  agent01:", "  Agent 01:"),
        ("ivr_flows/survey.yaml", "timeout: 4s", "timeout: 4"),
        ("ivr_flows/survey.yaml", "retries: 1", "retrys: 1"),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_loader_refuses(site, path, old, new):
    kind = next(kind for glob, kind in KINDS.items() if Path(path).match(glob))
    schema = schemas()[kind]
    assert valid(read(site.root / path).value, schema, schema)
    site.edit(path, old, new)
    assert not valid(read(site.root / path).value, schema, schema)
    assert site.faults()


def test_the_schemas_in_the_repository_are_current(tmp_path):
    for path in write(tmp_path):
        kept = ROOT / "configs/schema" / path.name
        assert kept.read_text() == path.read_text(), "run: dialer schema configs/schema"


def test_the_reference_is_current():
    assert (ROOT / "docs/configuration.md").read_text() == reference(), (
        "run: python -m dialer.config.reference > docs/configuration.md"
    )


def test_every_link_in_the_reference_leads_somewhere():
    text = reference()
    anchors = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("###")}
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links
    assert links <= anchors


def test_defaults_satisfy_their_own_schema():
    def check(part: Any, root: dict[str, Any]) -> None:
        if isinstance(part, dict):
            if "default" in part and not isinstance(part["default"], dict):
                assert valid(part["default"], part, root), part
            for inner in part.values():
                check(inner, root)

    for schema in schemas().values():
        check(schema, schema)
        json.dumps(schema)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "500ms"), (2.0, "2s"), (90.0, "90s"), (900.0, "15m"), (86400.0, "1d"), (1.5, "1.5s")]
)
def test_durations_are_written_as_an_operator_would(seconds, text):
    assert written(seconds) == text
