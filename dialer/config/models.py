"""The configuration as frozen models: what may stand in `configs/`. Flows are in `flows/model.py`.

Durations are held in seconds, rates as 0..1. Read from files by `loader.py`; references between files are checked there.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from dialer.config.scalars import E164, Duration, Language, Model, Name

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Listen(Model):
    """`host: port` to listen on; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)]


class Ami(Model):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 5038
    user: str = "dialer"
    secret_env: str = "DIALER_AMI_SECRET"
    """The environment variable that holds the secret: secrets never stand in a file."""


class Sounds(Model):
    """Where the engine writes prompts, and the same directory as that Asterisk sees it (a container's or a
    chroot's path may differ)."""

    write: str = "var/sounds"
    seen_as: str = ""


class SwitchConfig(Model):
    """One Asterisk server."""

    ami: Ami = Ami()
    channels: Annotated[int, Field(ge=1)] = 200
    """How many channels we may use on it, agents' legs and customers together."""
    calls_per_second: Annotated[float, Field(gt=0)] = 10.0
    dial: str = "PJSIP/{number}@trunk"
    """Dial string of an outgoing call; {number} is replaced."""
    dial_agent: str = "PJSIP/{phone}"
    sounds: Sounds = Sounds()


class Store(Model):
    url: str = "sqlite:///var/dialer.db"
    """SQLAlchemy URL: sqlite:///FILE or postgresql://USER@HOST/NAME (the password from ~/.pgpass or `password_env`)."""
    password_env: str | None = None


class Web(Model):
    listen: Listen = Listen(port=8080)
    token_env: str = "DIALER_API_TOKEN"
    """The environment variable with the API's bearer token. Without it only loopback may be listened on."""


class Speech(Model):
    """How prompts given as text become sound: a voice of espeak-ng by language."""

    voices: dict[Language, str] = {}
    words_per_minute: Annotated[int, Field(ge=80, le=400)] = 160


class Plant(Model):
    """`configs/plant.yaml`: the node, its switches, store and listeners."""

    node: Name = "node1"
    store: Store = Store()
    web: Web = Web()
    fastagi: Listen = Listen(port=4573)
    switches: Annotated[dict[Name, SwitchConfig], Field(min_length=1)]
    speech: Speech = Speech()
    drain: Duration = 30.0
    """How long a shutdown waits for talks to end before it hangs up."""
    language: Language = "en"


class Client(Model):
    """`configs/clients/NAME.yaml`."""

    client: Name
    name: str
    caller_id: E164
    """Shown on every call made for this client, unless the campaign says otherwise."""
    languages: Annotated[list[Language], Field(min_length=1)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    timezone: str = "UTC"


class Agent(Model):
    """One entry of `configs/agents.yaml`."""

    name: str
    phone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    """The phone's PJSIP endpoint."""
    skills: list[Name]
    switch: Name | None = None
    """Its Asterisk; may be left out when there is only one."""
    wrap_up: Duration | None = None
    """Overrides the campaign's or queue's time for after-call work."""


class Agents(Model):
    """`configs/agents.yaml`: by agent id."""

    agents: dict[Name, Agent]


class Span(Model):
    """`{days: [mon, tue], from: "08:00", to: "20:00"}`; `to` "24:00" is the end of the day."""

    days: Annotated[list[Day], Field(min_length=1)]
    from_: Annotated[str, Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    to: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]


class Hours(Model):
    """`configs/hours/NAME.yaml`: when a client or a campaign is open."""

    hours: Name
    timezone: str
    open: list[Span]
    closed_on: list[date] = []


class Limits(Model):
    channels: Annotated[int, Field(ge=1)] | None = None
    calls_per_second: Annotated[float, Field(gt=0)] | None = None


class Serving(Model):
    """Which agents take the calls, and how long after-call work may last."""

    skills: list[Name]
    wrap_up: Duration = 30.0


class Machine(Model):
    detect: bool = False
    then: Literal["hangup", "agent"] = "hangup"


class RetryRule(Model):
    after: Duration
    times: Annotated[int, Field(ge=1, le=100)]


RetryReason = Literal[
    "busy", "no_answer", "congestion", "machine", "abandoned", "hung_up", "failed", "rejected", "lost", "callback"
]


class Disposition(Model):
    """What an agent may say of a talk. `final` ends the contact; `retry_after` calls it again."""

    final: bool = True
    retry_after: Duration | None = None
    do_not_call: bool = False
    label: str = ""


class Abandon(Model):
    connect_within: Duration = 2.0
    """An answered person who has no agent after this hears `message` and is released; counted as abandoned."""
    message: dict[Language, str] = {}
    """Spoken to that person, by language; silence is not an option where the law asks for a message."""


class Campaign(Model):
    """`configs/campaigns/NAME.yaml`."""

    campaign: Name
    client: Name
    caller_id: E164 | None = None
    """Left out, the client's."""
    language: Language | None = None
    """Left out, the client's first."""
    contacts: Annotated[str | None, Field(alias="list")] = None
    """A CSV file, relative to the configuration's root, imported when the campaign first starts."""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    """The country of numbers written without +."""
    agents: Serving | None = None
    mode: Literal["progressive", "agentless"] = "progressive"
    flow: Name | None = None
    """Agentless: the flow an answered person hears. Otherwise: the flow after the talk (a survey)."""
    hours: Name | None = None
    abandon: Abandon = Abandon()
    ring_timeout: Duration = 25.0
    limits: Limits = Limits()
    machine: Machine = Machine()
    retry: dict[RetryReason, RetryRule] = {}
    dispositions: dict[Name, Disposition] = {}
    start: Literal["auto", "manual"] = "manual"
    """`auto` starts dialling with the engine; `manual` waits for the API or `dialer campaign start`."""
    switches: list[Name] | None = None


def describe(model: Model) -> dict[str, Any]:
    """The model as plain data, for logs and the API."""
    return model.model_dump(mode="json", by_alias=True)
