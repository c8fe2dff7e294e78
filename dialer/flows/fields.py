"""What may stand in a node: references to other things by name, prompts, keys.

A node class declares its fields with these types, and by them the rest is known: its exits for the graph, what must
exist for the checks, what must be spoken for the prompts (`walk`). Nothing else has to be written for a new node.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field, GetCoreSchemaHandler, PlainSerializer, PlainValidator, TypeAdapter
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from dialer.config.scalars import LANGUAGE_PATTERN, NAME_PATTERN

Loc = tuple[str | int, ...]

RECORDED_PATTERN = r"^prompts/[a-z][a-z0-9_]{0,62}$"
SPOKEN_PATTERN = r"^[^\x00-\x1f\x7f]{1,1000}$"
Keys = Annotated[str, Field(pattern=r"^[0-9*#]{1,6}$", examples=["1"])]
"""Keys of a telephone, pressed one after another."""
EVERY = ""
"""In place of a language: a text that is the same in every one (digits)."""


class Reference(str):
    """A text that names something; `kind` says what."""

    __slots__ = ()
    kind: ClassVar[str]
    pattern: ClassVar[str] = NAME_PATTERN
    example: ClassVar[str] = "support"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(pattern=cls.pattern))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "examples": [cls.example]}


class NodeName(Reference):
    __slots__ = ()
    kind = "node"
    example = "menu"


class HoursName(Reference):
    __slots__ = ()
    kind = "hours"
    example = "acme_office"


class LanguageName(Reference):
    __slots__ = ()
    kind = "language"
    pattern = LANGUAGE_PATTERN
    example = "de"


class VariableName(Reference):
    """A variable that the node sets."""

    __slots__ = ()
    kind = "variable"
    example = "account"


def _written(prompt: "Spoken | Recorded") -> Any:
    return prompt.name if isinstance(prompt, Recorded) else dict(prompt.texts)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt written as text, by language; rendered beforehand by `speech.py`."""

    texts: Mapping[str, str]

    def text(self, language: str) -> str | None:
        return self.texts.get(language, self.texts.get(EVERY))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        texts = core_schema.dict_schema(
            core_schema.str_schema(pattern=LANGUAGE_PATTERN),
            core_schema.no_info_after_validator_function(_fixed, core_schema.str_schema(pattern=SPOKEN_PATTERN)),
            min_length=1,
        )
        written = core_schema.plain_serializer_function_ser_schema(_written)
        return core_schema.no_info_after_validator_function(cls, texts, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {
            "type": "object",
            "description": "What is said, by language.",
            "propertyNames": {"pattern": LANGUAGE_PATTERN},
            "additionalProperties": {"type": "string", "pattern": SPOKEN_PATTERN},
            "minProperties": 1,
            "examples": [{"de": "Guten Tag.", "en": "Hello."}],
        }


@dataclass(frozen=True, slots=True)
class Recorded:
    """A prompt from sound files: `prompts/menu` is `ivr_flows/prompts/menu.LANGUAGE.wav`."""

    name: str

    @property
    def stem(self) -> str:
        return self.name.removeprefix("prompts/")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        name = core_schema.no_info_before_validator_function(_path, core_schema.str_schema(pattern=RECORDED_PATTERN))
        written = core_schema.plain_serializer_function_ser_schema(_written)
        return core_schema.no_info_after_validator_function(cls, name, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"type": "string", "pattern": RECORDED_PATTERN, "examples": ["prompts/menu"]}


def _fixed(text: str) -> str:
    if "${" in text:
        raise PydanticCustomError("prompt", "a spoken text holds `${`; texts are rendered beforehand, write it plainly")
    return text


def _path(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(RECORDED_PATTERN, value):
        raise PydanticCustomError(
            "prompt",
            "`{value}` is not a prompt; write prompts/NAME for a sound file, or texts by language as a mapping",
            {"value": value[:60]},
        )
    return value


_SPOKEN = TypeAdapter(Spoken)
_RECORDED = TypeAdapter(Recorded)


def _prompt(value: Any) -> Spoken | Recorded:
    """Which of the two it is shows in how it is written; so a fault has its exact place."""
    if isinstance(value, dict):
        return _SPOKEN.validate_python(value)
    return _RECORDED.validate_python(value)


Prompt = Annotated[
    Spoken | Recorded,
    PlainValidator(_prompt, json_schema_input_type=Spoken | Recorded),
    PlainSerializer(_written),
]


def walk(value: object, loc: Loc = ()) -> Iterator[tuple[Loc, object]]:
    """Every leaf of a model with its place in the file; keys that name something come as leaves, too."""
    match value:
        case BaseModel():
            for name, field in type(value).model_fields.items():
                yield from walk(getattr(value, name), (*loc, field.alias or name))
        case Mapping():
            for key, inner in value.items():
                if isinstance(key, Reference):
                    yield (*loc, str(key)), key
                yield from walk(inner, (*loc, str(key)))
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from walk(inner, (*loc, index))
        case _:
            yield loc, value
