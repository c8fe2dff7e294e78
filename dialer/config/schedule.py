"""When a campaign starts and pauses by itself."""

from datetime import date
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from dialer.config.models import Span, written_date
from dialer.config.scalars import Model, Text

Date = Annotated[date, BeforeValidator(written_date)]


class Schedule(Model):
    """The campaign runs in these spans, and is paused out of them. Whom the law allows to be called when is asked
    besides."""

    timezone: Text
    """An IANA name, as Europe/Berlin."""
    open: Annotated[list[Span], Field(min_length=1)]
    closed_on: list[Date] = Field(default_factory=list)
    """Paused all day."""
    first: Date | None = None
    """The first day of the campaign."""
    last: Date | None = None
    """The last one."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"`first` {self.first} is after `last` {self.last}; write the earlier day first")
        return self
