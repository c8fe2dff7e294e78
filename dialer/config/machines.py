"""Answering machines: how they are told from people, and what becomes of them.

Durations are held in seconds, rates as 0..1.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, Strict

from dialer.config.scalars import Count, Duration, Flag, Language, Model, Rate

Spoken = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,1000}$")]


class Detection(Model):
    """The arguments of Asterisk's AMD(); what is left out is as `amd.conf` of the switch says. Greedier values take
    people for machines."""

    initial_silence: Duration | None = None
    """So much silence before anybody speaks: a machine."""
    greeting: Duration | None = None
    """A greeting longer than this: a machine."""
    after_greeting_silence: Duration | None = None
    """So much silence after a greeting: a person, who waits for an answer."""
    total_analysis_time: Duration | None = None
    """At the latest then it is decided: nobody knows, so a person."""
    min_word_length: Duration | None = None
    """A sound shorter than this is no word."""
    between_words_silence: Duration | None = None
    """Silence that ends a word."""
    max_words: Count | None = None
    """More words than this: a machine."""
    silence_threshold: Annotated[int, Strict(), Field(ge=0, le=32767)] | None = None
    """How loud silence may be."""
    max_word_length: Duration | None = None
    """A word longer than this: a machine."""

    def variables(self) -> Iterator[tuple[str, str]]:
        """As the dialplan takes them: DIALER_AMD_GREETING=1500, times in milliseconds."""
        for name, value in self.model_dump(exclude_none=True).items():
            yield f"DIALER_AMD_{name.upper()}", str(round(value * 1000) if isinstance(value, float) else value)


class AfterTone(Model):
    """When the message begins."""

    tone: Flag = False
    """Listen for the tone itself: the message begins when it is over. Needs the plant's `audiosocket`."""
    silence: Duration = 1.5
    """So much silence on the line: greeting and tone are over. Longer than the pause between the two; with `tone` it
    counts where no tone comes, and may be long: 4s."""
    max_wait: Duration = 30.0
    """At the latest then."""


class Machine(Model):
    """Answering machines."""

    detect: Flag = False
    """Listen to the first seconds of an answer; costs a person a moment of silence."""
    settings: Detection = Detection()
    false_positives: Rate = 0.02
    """Of those hung up as machines, how many are people, until it was measured: some laws count them as abandoned."""
    sample: Rate = 0.0
    """So many of the machines are given to an agent, where one is free: whether they were people, the agent's
    disposition says (`machine: true`), and so the rate of false positives is known."""
    then: Literal["hangup", "agent", "message"] = "hangup"
    """What becomes of a machine."""
    message: dict[Language, Spoken] = Field(default_factory=dict)
    """Spoken to it after its tone, by language."""
    after_tone: AfterTone = AfterTone()
