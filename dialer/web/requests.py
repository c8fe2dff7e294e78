"""What clients may send. Read by pydantic at this edge only; every fault names its field."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from dialer.config.scalars import E164, Name
from dialer.web.desk_port import Wish


def _without_control_characters(text: str) -> str:
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError("must not have control characters")
    return text


Line = Annotated[str, AfterValidator(_without_control_characters)]
FieldName = Annotated[Line, Field(min_length=1, max_length=64)]
FieldText = Annotated[Line, Field(max_length=1000)]


class Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Nothing(Request):
    """An empty body, or `{}`."""


class AgentCommand(Request):
    reason: Annotated[Line, Field(max_length=100, description="Why the agent pauses; kept with the time.")] = ""


class CallbackRequest(Request):
    at: Annotated[AwareDatetime, Field(description="When, with its zone: 2026-03-02T15:30:00+01:00.")]
    to: Annotated[
        Literal["me", "anyone"], Field(description="Who makes the call: this agent, or any of the campaign.")
    ] = "me"
    number: Annotated[E164 | None, Field(description="Left out, the contact's own.")] = None

    @property
    def wish(self) -> Wish:
        return Wish(self.at.timestamp(), self.to == "me", self.number)


class DispositionRequest(Request):
    disposition: Annotated[Name, Field(description="One of the campaign's codes.")]
    call_id: Annotated[
        Line | None, Field(max_length=128, description="Left out: the call in hand, or the last one in wrap-up.")
    ] = None
    callback: Annotated[
        CallbackRequest | None, Field(description="With a code that has `callback: true`: when to call again.")
    ] = None


class ContactRequest(Request):
    number: Annotated[E164, Field(description="With + and the country's code.")]
    fields: Annotated[dict[FieldName, FieldText], Field(max_length=100, description="Shown to the agent.")] = {}
    next_at: Annotated[
        float, Field(ge=0, le=1e11, description="Epoch seconds; not to be called before.")
    ] = 0.0
    others: Annotated[
        list[E164], Field(max_length=9, description="Further numbers of the person, in the order to try them.")
    ] = []
    list: Annotated[
        Name | None, Field(description="Of the campaign's lists; left out, none: called before those of all lists.")
    ] = None
    first: Annotated[bool, Field(description="Before all others of its list.")] = False


class StopRequest(Request):
    scope: Annotated[
        str,
        Field(
            pattern=r"^(global|(client|campaign):[a-z][a-z0-9_]{0,62})$",
            description="Whose list: `global`, `client:NAME` or `campaign:NAME`.",
        ),
    ]
    number: Annotated[E164, Field(description="With + and the country's code.")]
    until: Annotated[
        float | None, Field(ge=0, le=1e11, description="Epoch seconds; left out, it holds for ever.")
    ] = None


class ImportRequest(Request):
    path: Annotated[Line, Field(min_length=1, max_length=4096, description="A CSV or XLSX file on the engine's host.")]
    list: Annotated[
        Name | None, Field(description="Into which list; left out, the configured one of this file, or named after it.")
    ] = None
