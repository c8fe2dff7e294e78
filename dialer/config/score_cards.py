"""`configs/score_cards/NAME.yaml`: what a person who listens to a recording says of it; and which recordings."""

from typing import Annotated, Literal

from pydantic import Field

from dialer.config.scalars import Count, Duration, Flag, Model, Name, Text


class Criterion(Model):
    """A line of a score card."""

    text: Text
    """As the person who listens reads it."""
    points: Annotated[Count, Field(le=100)]
    """The most that can be given: the scale is 0 to this."""
    weight: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    """Of the criterion in the score; left out, its points."""
    critical: Flag = False
    """0 points for it fail the whole call: the score is 0."""
    optional: Flag = False
    """May be left out, or null, where the call gave no occasion: then it does not count."""


class ScoreCard(Model):
    """`configs/score_cards/NAME.yaml`."""

    card: Name
    """The file's own name, without `.yaml`."""
    title: Text
    """As people read it."""
    passes: Annotated[float, Field(ge=0, le=100)] = 0.0
    """The score from which a call passes."""
    criteria: Annotated[dict[Name, Criterion], Field(min_length=1, max_length=100)]


class Sample(Model):
    """Which recordings are scored: drawn by a seed of period, agent and recording, so that nobody can choose them."""

    card: Name
    """A score card of `configs/score_cards`."""
    per_agent: Annotated[Count, Field(le=100)]
    """So many of each agent in a period, one in each of as many equal parts of it, where the agent has any."""
    per: Literal["week", "month"] = "month"
    """The period, on the client's clock."""
    least_talk: Duration = 0.0
    """Shorter talks are passed over."""
    dispositions: list[Name] | None = None
    """Only calls that were given one of these; left out, all."""
