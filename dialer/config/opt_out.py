"""How somebody whom an abandoned call reached says that there shall be no other."""

from typing import Annotated

from pydantic import Field

from dialer.config.scalars import Language, Model

Said = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,1000}$")]


class OptOut(Model):
    """A key in the message of an abandoned call (47 CFR 64.1200(a)(7): the message has an automated opt-out). Whoever
    presses it is on the client's do-not-call list at once."""

    key: Annotated[str, Field(pattern="^[0-9*#]$", examples=["9"])]
    """The message has to say so."""
    confirm: dict[Language, Said] = Field(default_factory=dict)
    """Spoken after the key, by language."""
