from collections.abc import Iterator
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from dialer.config.scalars import Duration, Model
from dialer.flows.commands import Collect as Gather
from dialer.flows.commands import QueueResult, Reply
from dialer.flows.fields import EVERY, Loc, NodeName, Prompt, Recorded, Spoken, VariableName
from dialer.flows.node import Node
from dialer.flows.session import Session, Turn

DIGITS = {digit: Spoken({EVERY: digit}) for digit in "0123456789"}
YES = "1"


class Span(Model):
    """How many keys: `{min: 4, max: 8}`."""

    min: Annotated[int, Field(ge=1, le=32, strict=True)] = 1
    max: Annotated[int, Field(ge=1, le=32, strict=True)] = 16

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise PydanticCustomError("span", "min is more than max; the smaller number goes first")
        return self


class Question(Model):
    prompt: Prompt
    """The question."""
    digits: Span = Span()
    """How many keys fit; fewer are asked for again."""
    finish: Annotated[str, Field(pattern=r"^[#*]?$")] = "#"
    """The key that says: that was all."""
    store: VariableName
    """The variable that gets the digits, a text."""
    timeout: Duration = 5.0
    """How long to wait for the first key."""
    between: Duration = 3.0
    """How long to wait for a further one."""
    retries: Annotated[int, Field(ge=0, le=10, strict=True)] = 2
    """How often it is asked again."""
    invalid: Prompt | None = None
    """Said after too few keys."""
    confirm: Prompt | None = None
    """Said after the digits were read back ("if that is right, press 1"); any key but 1 asks again."""


class Collect(Node):
    """Asks for digits: an account number, a postal code."""

    acted: ClassVar[tuple[str, ...]] = ("next",)

    collect: Question
    next: NodeName | None = None
    """Where the call goes on; left out, it ends."""
    otherwise: NodeName | None = None
    """Where to go when nothing fitting was typed after all retries."""

    def enter(self, session: Session) -> Turn:
        return session.ask(self._question(session.sound(self.collect.prompt)))

    def on(self, session: Session, reply: Reply | QueueResult) -> Turn:
        keys = reply.digits if isinstance(reply, Reply) else ""
        typed = session.noted("typed")
        if typed:
            return self._take(session, typed) if keys == YES else self._again(session.note(typed=""), None)
        span = self.collect.digits
        if not (keys.isdecimal() and keys.isascii() and span.min <= len(keys) <= span.max):
            return self._again(session, self.collect.invalid if keys else None)
        if self.collect.confirm is None:
            return self._take(session, keys)
        read_back = session.sound(*(DIGITS[key] for key in keys), self.collect.confirm)
        return session.note(typed=keys).ask(Gather(read_back, most=1, first_s=self.collect.timeout, finish=""))

    def prompts(self) -> Iterator[tuple[Loc, Spoken | Recorded]]:
        yield from Node.prompts(self)
        if self.collect.confirm:
            yield from ((("collect", "confirm"), digit) for digit in DIGITS.values())

    def _question(self, sounds: tuple[str, ...]) -> Gather:
        asked = self.collect
        return Gather(sounds, asked.digits.max, asked.timeout, asked.between, asked.finish)

    def _take(self, session: Session, keys: str) -> Turn:
        return session.let(digits=keys, **{self.collect.store: keys}).go(self.next)

    def _again(self, session: Session, complaint: Prompt | None) -> Turn:
        asked = session.counted("asked") + 1
        if asked > self.collect.retries:
            return session.go(self.otherwise, reason="no_digits")
        sounds = session.sound(complaint, self.collect.prompt)
        return session.note(asked=asked).ask(self._question(sounds))
