"""From pydantic's errors to faults: what is wrong and what would be right, at its place in the file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dialer.config.access import DIGEST_PATTERN, TOKEN_ENV_PATTERN
from dialer.config.document import Document
from dialer.config.faults import Fault, suggest
from dialer.config.models import DIAL_AGENT_PATTERN, DIAL_PATTERN, STORE_PATTERN
from dialer.config.scalars import E164_PATTERN, LANGUAGE_PATTERN, NAME_PATTERN, TEXT_PATTERN, seen

Loc = Sequence[str | int]
Schema = Mapping[str, Any]

_PATTERNS = {
    E164_PATTERN: ("a phone number", "write it with + and country code: \"+4930555010\""),
    NAME_PATTERN: ("a name", "names are lower-case letters, digits and _, beginning with a letter: `acme_support`"),
    LANGUAGE_PATTERN: ("a language", "write two letters: `de`, or with a country `pt_BR`"),
    TEXT_PATTERN: ("one line of text", "write 1 to 200 characters without line breaks"),
    DIAL_PATTERN: ("a dial string", "write it as PJSIP/{number}@trunk, without options or further destinations"),
    DIAL_AGENT_PATTERN: ("a dial string", "write it as PJSIP/{phone}, without options or further destinations"),
    STORE_PATTERN: ("a store", "write sqlite:///FILE or postgresql://USER@HOST/NAME, without a password"),
    DIGEST_PATTERN: ("a SHA-256", "run `dialer token new NAME`, and write what it prints"),
    TOKEN_ENV_PATTERN: ("the name of an environment variable", "write it as DIALER_TOKEN_PORTAL; it holds the token"),
}
_SECRET = (STORE_PATTERN, DIGEST_PATTERN, TOKEN_ENV_PATTERN)
"""What stands there by mistake may be a password or a token."""
_QUOTED = r"'([^']*)'"
_EXPECTED = {
    "int_type": ("a whole number", "write it without quotes and fraction: 5"),
    "int_parsing": ("a whole number", "write it without quotes and fraction: 5"),
    "int_from_float": ("a whole number", "write it without a fraction"),
    "float_type": ("a number", "write it without quotes: 2.5"),
    "float_parsing": ("a number", "write it without quotes: 2.5"),
    "bool_type": ("a yes or no", "write `true` or `false`"),
    "bool_parsing": ("a yes or no", "write `true` or `false`"),
    "list_type": ("a list", "write `[one, two]`"),
    "tuple_type": ("a list", "write `[one, two]`"),
    "set_type": ("a list", "write `[one, two]`"),
    "frozen_set_type": ("a list", "write `[one, two]`"),
    "dict_type": ("a mapping", "write `key: value` pairs"),
    "mapping_type": ("a mapping", "write `key: value` pairs"),
    "model_type": ("a mapping", "write `key: value` pairs"),
    "model_attributes_type": ("a mapping", "write `key: value` pairs"),
    "date_from_datetime_parsing": ("a date", "write year-month-day: 2026-12-24"),
    "date_parsing": ("a date", "write year-month-day: 2026-12-24"),
    "date_type": ("a date", "write year-month-day: 2026-12-24"),
}
_LIMITS = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def explain(error: ValidationError, model: type[BaseModel], document: Document) -> Iterator[Fault]:
    """One fault a place: where several kinds of value may stand, what would be right is any of them."""
    found: dict[tuple[str | int, ...], list[Fault]] = {}
    for details in error.errors(include_url=False):
        fault = _fault(details, model, document)
        if details["type"] in ("missing", "extra_forbidden"):
            yield fault
        else:
            found.setdefault(document.steps(details["loc"]), []).append(fault)
    for faults in found.values():
        rights = dict.fromkeys(fault.right for fault in faults if fault.right)
        yield Fault(faults[0].place, faults[0].wrong, ", or ".join(rights))


def _fault(error: ErrorDetails, model: type[BaseModel], document: Document) -> Fault:
    loc, kind = error["loc"], error["type"]
    ctx = error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            key = str(loc[-1])
            known = keys_at(model, loc[:-1], document.value)
            inside = _belongs_in(model, loc, document)
            right = f"write it within `{inside}`" if inside else suggest(key, known, "known keys")
            return Fault(document.place(loc, key=True), f"unknown key `{key}`", right)
        case "missing":
            key = str(loc[-1])
            return Fault(document.place(loc[:-1]), f"key `{key}` is missing", _addition(model, loc, document.value))
        case "literal_error" | "enum":
            known = re.findall(_QUOTED, str(ctx.get("expected", "")))
            return Fault(document.place(loc), f"{seen(error['input'])} is not known here",
                         suggest(str(error["input"]), known, "one of"))
        case "string_pattern_mismatch" if ctx["pattern"] not in _PATTERNS:
            found = _examples(model, loc, document.value)
            right = f"write it as `{found[0]}`" if found else f"it must match {ctx['pattern']}"
            return Fault(document.place(loc), f"{seen(error['input'])} cannot stand here", right)
    return Fault(document.place(loc), *_words(seen(error["input"]), error))


def plainly(error: ErrorDetails) -> str:
    """In a sentence that does not repeat what was given: it may be a number or a secret."""
    ctx = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return "is not known here"
        case "missing":
            return "is missing"
        case "literal_error" | "enum":
            return f"must be one of {', '.join(re.findall(_QUOTED, str(ctx.get('expected', ''))))}"
        case "string_pattern_mismatch" if ctx["pattern"] not in _PATTERNS:
            return f"must match {ctx['pattern']}"
    wrong, right = _words("this", error)
    return f"{wrong}; {right}" if right else wrong


def _words(shown: str, error: ErrorDetails) -> tuple[str, str]:
    """`shown`: what stands there, as a reader is to see it."""
    kind, ctx = error["type"], error.get("ctx", {})
    match kind:
        case "value_error":
            wrong, _, right = str(ctx["error"]).partition("; ")
            return wrong, right
        case "string_pattern_mismatch":
            what, right = _PATTERNS[ctx["pattern"]]
            if ctx["pattern"] in _SECRET:
                shown = "this"
            return f"{shown} is not {what}", right
        case "string_type":
            given = error.get("input")
            scalar = isinstance(given, int | float | bool)
            literal = str(given).lower() if isinstance(given, bool) else given
            return _is_not(shown, "a text"), f'write "{literal}" in quotes' if scalar else "write one"
        case "too_short":
            return "too few entries", f"at least {ctx['min_length']} {'is' if ctx['min_length'] == 1 else 'are'} needed"
        case "too_long":
            return "too many entries", f"at most {ctx['max_length']}"
        case "string_too_long":
            return f"longer than {ctx['max_length']} characters", "shorten it"
        case "string_too_short":
            return "too short", f"at least {ctx['min_length']} characters"
    if kind in _EXPECTED:
        what, right = _EXPECTED[kind]
        return _is_not(shown, what), right
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        return f"{shown} is out of range", f"it {words} {ctx[key]}"
    wrong, _, right = error["msg"].partition("; ")
    return wrong, right


@cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema(by_alias=True)


def keys_at(model: type[BaseModel], loc: Loc, value: Any) -> list[str]:
    """The keys a mapping at `loc` may have."""
    root = _schema(model)
    found = [schema for schema in _walk(root, loc, value) if "properties" in schema]
    return sorted({key for schema in found for key in schema["properties"]})


def _belongs_in(model: type[BaseModel], loc: Loc, document: Document) -> str | None:
    """The mapping beside the key that has such a key: `recording` beside `queue`."""
    *steps, key = document.steps(loc)
    value = document.value
    for step in steps:
        value = _inner(value, step)
    beside = [name for name, other in value.items() if isinstance(other, Mapping)] if isinstance(value, dict) else []
    return next((name for name in beside if key in keys_at(model, (*steps, name), document.value)), None)


def _is_not(shown: str, what: str) -> str:
    return f"{what} is missing" if shown == "nothing" else f"{shown} is not {what}"


def _examples(model: type[BaseModel], loc: Loc, value: Any) -> list[Any]:
    """What may stand at `loc`, for instance. Names are everyone's own."""
    return [
        example
        for schema in _walk(_schema(model), loc, value) if schema.get("pattern") != NAME_PATTERN
        for example in schema.get("examples") or schema.get("enum") or ()
    ]


def _addition(model: type[BaseModel], loc: Loc, value: Any) -> str:
    found = _examples(model, loc, value)
    return f"add `{loc[-1]}: {found[0] if found else '...'}`"


def _walk(root: Schema, loc: Loc, value: Any) -> list[Schema]:
    """The schemas that may describe what stands at `loc`; steps that are no keys (union tags) are skipped."""
    here = _branches(root, root, value)
    for step in loc:
        found: list[Schema] = []
        inner = _inner(value, step)
        for schema in here:
            match step:
                case str() if step in schema.get("properties", {}):
                    found += _branches(root, schema["properties"][step], inner)
                case str() if "patternProperties" in schema:
                    found += [part for one in schema["patternProperties"].values()
                              for part in _branches(root, one, inner)]
                case str() if isinstance(schema.get("additionalProperties"), Mapping):
                    found += _branches(root, schema["additionalProperties"], inner)
                case int() if "items" in schema:
                    found += _branches(root, schema["items"], inner)
        if found:
            here, value = found, inner
    return here


def _inner(value: Any, step: str | int) -> Any:
    match value:
        case dict():
            return value.get(str(step))
        case list() if isinstance(step, int) and 0 <= step < len(value):
            return value[step]
    return None


def _branches(root: Schema, schema: Schema, value: Any) -> list[Schema]:
    """Follow references and unions; of a union's branches those that fit the keys present, else all."""
    if "$ref" in schema:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        return _branches(root, target, value)
    options = schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf")
    if not options:
        return [schema]
    branches = [branch for option in options for branch in _branches(root, option, value)]
    if isinstance(value, Mapping):
        fitting = [branch for branch in branches if set(branch.get("required", ())) & set(value)]
        return fitting or branches
    return branches
