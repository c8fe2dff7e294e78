"""`recording:` of a client, a campaign, a flow or a queue: which talks are recorded, and how customers know of it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dialer.config.scalars import Duration, Flag, Language, Model, Rate

Key = Annotated[str, Field(pattern=r"^[0-9*#]$", examples=["1"])]
Said = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,1000}$")]
DAY_S = 86_400.0


class RecordingTerms(Model):
    """Nothing is recorded without this. The nearest counts, whole: the queue's, else the flow's or the campaign's, else
    the client's."""

    share: Rate = 1.0
    """Of the calls whose talks are recorded, drawn by the call's id; `0%` records none, whatever stands further out."""
    announce: dict[Language, Said] = Field(default_factory=dict)
    """Inbound: said to the caller before the queue, by language. Who has not heard it to its end is not recorded."""
    agree: Key | None = None
    """With `announce`: only who presses this key in it, or within 5 s after it, is recorded."""
    object: Key | None = None
    """With `announce`: who presses this key in it, or within 3 s after it, is not recorded."""
    consent: Flag = False
    """Whoever sets it answers for it that the customers know and agree, without `announce`: outbound there is no other
    way."""
    sound: Literal["mixed", "stereo", "agent"] = "mixed"
    """`mixed`: both sides in one. `stereo`: the customer left, the agent right. `agent`: the agent's side alone, for
    which no customer has to be asked."""
    keep: Annotated[Duration, Field(gt=0)] = 90 * DAY_S
    """Then it is deleted, unless it is held."""

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.agree and self.object:
            raise ValueError("`agree` and `object` at once; choose one")
        return self

    @property
    def told_otherwise(self) -> bool:
        """No announcement is needed."""
        return self.consent or self.sound == "agent"
