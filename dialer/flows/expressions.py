"""The small language of `branch.when`, `set` and `${...}`: compiled at load, then safe on any data.

    account == "12345" or starts_with(caller, "+49") and not (tries >= 3)
    language in ["de", "it"]

Values are texts, whole numbers and true/false. A variable that was never set is the empty text. Evaluation never
fails and never runs longer than the expression is long: what a caller types is data, compared and nothing else.
Numbers stay within ±10^15, texts within 256 characters.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Value = str | int | bool
Names = Mapping[str, Value]
Run = Callable[[Names], Value]
Compiled = TypeVar("Compiled", "Expression", "Template")

MOST_TEXT = 256
MOST_NUMBER = 10**15
MOST_SOURCE = 500
MOST_DEPTH = 20

_TOKEN = re.compile(
    r"""(?P<number>\d+)|(?P<name>[A-Za-z_]\w*(?:\.\w+)?)|(?P<text>"[^"\\]*"|'[^'\\]*')|(?P<sign>==|!=|<=|>=|[-<>+()\[\],])""",
    re.ASCII,
)
_SPACE = re.compile(r"\s*")
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in", "not")
_BINDING = {"or": 1, "and": 2, **dict.fromkeys(_COMPARISONS, 4), "+": 5, "-": 5}
_NOT_BINDING = 3


class ExpressionError(ValueError):
    """The text is no expression: `what is wrong; what would be right`, columns counted from 1."""


def as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def as_number(value: Value) -> int | None:
    """The number, or None: true/false are none, nor are texts other than 1 to 15 plain digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    numbers = as_number(left), as_number(right)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return as_text(left) == as_text(right)


def _less(left: Value, right: Value) -> bool:
    """Two texts by their characters; with a number on either side by number; otherwise false."""
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    low, high = as_number(left), as_number(right)
    return low is not None and high is not None and low < high


def _plus(left: Value, right: Value) -> Value:
    low, high = as_number(left), as_number(right)
    if low is None or high is None or (isinstance(left, str) and isinstance(right, str)):
        return (as_text(left) + as_text(right))[:MOST_TEXT]
    return max(-MOST_NUMBER, min(MOST_NUMBER, low + high))


def _minus(left: Value, right: Value) -> Value:
    """What is no number counts as 0."""
    return max(-MOST_NUMBER, min(MOST_NUMBER, (as_number(left) or 0) - (as_number(right) or 0)))


_OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _less,
    ">": lambda left, right: _less(right, left),
    "<=": lambda left, right: _less(left, right) or _equal(left, right),
    ">=": lambda left, right: _less(right, left) or _equal(left, right),
    "+": _plus,
    "-": _minus,
}
_FUNCTIONS: dict[str, tuple[int, Callable[..., Value]]] = {
    "len": (1, lambda value: len(as_text(value))),
    "lower": (1, lambda value: as_text(value).lower()),
    "digits": (1, lambda value: re.sub(r"[^0-9]", "", as_text(value))),
    "starts_with": (2, lambda value, start: as_text(value).startswith(as_text(start))),
    "ends_with": (2, lambda value, end: as_text(value).endswith(as_text(end))),
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(source: str) -> list[_Token]:
    if len(source) > MOST_SOURCE:
        raise ExpressionError(f"longer than {MOST_SOURCE} characters; use several steps")
    found: list[_Token] = []
    at = 0
    while (at := _SPACE.match(source, at).end()) < len(source):  # type: ignore[union-attr]
        match = _TOKEN.match(source, at)
        if match is None:
            right = "compare with ==" if source[at] == "=" else "texts stand in quotes, names are letters, digits and _"
            raise ExpressionError(f"column {at + 1}: {source[at]!r} has no meaning here; {right}")
        found.append(_Token(match.lastgroup or "", match[0], at + 1))
        at = match.end()
    return [*found, _Token("end", "", len(source) + 1)]


class _Parser:
    """Precedence climbing: each parse returns a closure over the variables' values."""

    def __init__(self, source: str) -> None:
        self.tokens = _tokens(source)
        self.at = 0
        self.depth = 0
        self.names: set[str] = set()

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def take(self, text: str | None = None) -> _Token:
        token = self.token
        if text is not None and token.text != text:
            raise self.wrong(f"{text!r}")
        self.at += 1
        return token

    def wrong(self, expected: str) -> ExpressionError:
        found = repr(self.token.text) if self.token.text else "the end"
        return ExpressionError(f"column {self.token.column}: {found} cannot stand here; {expected} is expected")

    def whole(self) -> Run:
        run = self.parse(0)
        if self.token.kind != "end":
            raise self.wrong("the end or an operator")
        return run

    def parse(self, binding: int) -> Run:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise ExpressionError(f"column {self.token.column}: nested more than {MOST_DEPTH} deep; use several steps")
        left = self.operand()
        compared = False
        while (power := self.power()) > binding:
            if power == _BINDING["=="]:
                if compared:
                    raise self.wrong("`and` between comparisons")
                compared = True
            left = self.infix(left, self.take(), power)
        self.depth -= 1
        return left

    def power(self) -> int:
        return _BINDING.get(self.token.text, 0) if self.token.kind in ("sign", "name") else 0

    def infix(self, left: Run, operator: _Token, power: int) -> Run:
        word = operator.text
        if word in ("in", "not"):
            if word == "not":
                self.take("in")
            found = self.membership(left)
            return found if word == "in" else lambda names: not found(names)
        right = self.parse(power)
        if word == "and":
            return lambda names: bool(left(names)) and bool(right(names))
        if word == "or":
            return lambda names: bool(left(names)) or bool(right(names))
        operation = _OPERATIONS[word]
        return lambda names: operation(left(names), right(names))

    def membership(self, left: Run) -> Run:
        """`x in [a, b]`: equal to one of them; `x in text`: a part of it."""
        if self.token.text != "[":
            text = self.parse(_BINDING["in"])
            return lambda names: as_text(left(names)) in as_text(text(names))
        self.take()
        members = self.sequence("]")
        return lambda names: any(_equal(left(names), member(names)) for member in members)

    def sequence(self, end: str) -> list[Run]:
        items: list[Run] = []
        while self.token.text != end:
            items.append(self.parse(0))
            if self.token.text != end:
                self.take(",")
        self.take(end)
        return items

    def operand(self) -> Run:
        token = self.token
        if token.kind == "number":
            return self.number(self.take())
        if token.kind == "text":
            text = self.take().text[1:-1]
            return lambda names: text
        if token.text == "not":
            self.take()
            denied = self.parse(_NOT_BINDING)
            return lambda names: not denied(names)
        if token.text == "(":
            self.take()
            inner = self.parse(0)
            self.take(")")
            return inner
        if token.kind == "name" and token.text not in _BINDING:
            return self.name(self.take())
        raise self.wrong("a value")

    def number(self, token: _Token) -> Run:
        if len(token.text) > 1 and token.text.startswith("0"):
            raise ExpressionError(f'column {token.column}: digits with leading zeros are a text; write "{token.text}"')
        if len(token.text) > 15:
            raise ExpressionError(f'column {token.column}: so many digits are a text; write "{token.text}"')
        value = int(token.text)
        return lambda names: value

    def name(self, token: _Token) -> Run:
        word = token.text
        if word in ("true", "false"):
            return lambda names: word == "true"
        if self.token.text != "(":
            self.names.add(word)
            return lambda names: names.get(word, "")
        if word not in _FUNCTIONS:
            raise ExpressionError(f"column {token.column}: no function {word!r}; known are {', '.join(_FUNCTIONS)}")
        self.take()
        values = self.sequence(")")
        count, function = _FUNCTIONS[word]
        if len(values) != count:
            raise ExpressionError(f"column {token.column}: {len(values)} values for {word}; it takes {count}")
        return lambda names: function(*(value(names) for value in values))


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Raises ExpressionError when made from a text that is none."""

    source: str
    names: frozenset[str] = field(init=False, repr=False, compare=False)
    """The variables it reads."""
    _run: Run = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parser = _Parser(self.source)
        object.__setattr__(self, "_run", parser.whole())
        object.__setattr__(self, "names", frozenset(parser.names))

    def __str__(self) -> str:
        return self.source

    def evaluate(self, names: Names) -> Value:
        return self._run(names)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        accepted = core_schema.union_schema(
            [core_schema.str_schema(strict=True, min_length=1), core_schema.bool_schema(strict=True),
             core_schema.int_schema(strict=True)],
            custom_error_type="expression",
            custom_error_message="an expression is a text, a whole number, true or false",
        )
        return core_schema.no_info_after_validator_function(
            lambda value: _compiled(cls, as_text(value)), accepted, serialization=core_schema.to_string_ser_schema()
        )


@dataclass(frozen=True, slots=True)
class Template:
    """A text with `${expression}` parts, as in `skills: [support, "${language}"]`."""

    source: str
    _parts: tuple[str | Expression, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts: list[str | Expression] = []
        rest = self.source
        while "${" in rest:
            text, _, rest = rest.partition("${")
            inner, closed, rest = rest.partition("}")
            if not closed:
                raise ExpressionError("`${` is not closed; add the `}`")
            parts += [text, Expression(inner)]
        object.__setattr__(self, "_parts", tuple(part for part in (*parts, rest) if part != ""))

    def __str__(self) -> str:
        return self.source

    @property
    def names(self) -> frozenset[str]:
        expressions = (part for part in self._parts if isinstance(part, Expression))
        return frozenset().union(*(part.names for part in expressions))

    def render(self, names: Names) -> str:
        texts = (part if isinstance(part, str) else as_text(part.evaluate(names)) for part in self._parts)
        return "".join(texts)[:MOST_TEXT]

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            lambda value: _compiled(cls, value),
            core_schema.str_schema(strict=True, min_length=1, max_length=MOST_TEXT),
            serialization=core_schema.to_string_ser_schema(),
        )


def _compiled(kind: Callable[[str], Compiled], source: str) -> Compiled:
    try:
        return kind(source)
    except ExpressionError as error:
        raise PydanticCustomError("expression", "{why}", {"why": str(error)}) from None
