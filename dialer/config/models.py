"""The configuration as frozen models: what may stand in `configs/`. Flows are in `flows/model.py`.

Durations are held in seconds, rates as 0..1. Read from files by `loader.py`; `references.py` checks what stands
between the files.
"""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, Strict, model_validator

from dialer.billing.parties import Budget, Buyer, Seller
from dialer.billing.terms import Contracts
from dialer.config.caller_ids import CallerIds
from dialer.config.recording import RecordingTerms
from dialer.config.scalars import E164, Count, Duration, Language, Model, Name, Text, seen
from dialer.config.score_cards import Sample
from dialer.config.service import Service

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PerSecond = Annotated[float, Strict(), Field(gt=0, le=10_000)]
HOST_PATTERN = "^[A-Za-z0-9._:-]{1,255}$"
Host = Annotated[str, Field(pattern=HOST_PATTERN, examples=["127.0.0.1"])]
"""A name or an address to listen on or to connect to."""
Directory = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,500}$", examples=["var/sounds"])]
Variable = Annotated[str, Field(pattern="^[A-Z_][A-Z0-9_]*$", examples=["DIALER_AMI_SECRET"])]
"""The name of an environment variable."""
# Nothing that Asterisk evaluates, nor a second destination (&), nor an option (,):
_DIAL = "[A-Za-z0-9_@./:;=+~-]*"
DIAL_PATTERN = rf"^[A-Za-z0-9]+/{_DIAL}\{{number\}}{_DIAL}$"
DIAL_AGENT_PATTERN = rf"^[A-Za-z0-9]+/{_DIAL}\{{phone\}}{_DIAL}$"
STORE_PATTERN = r"^(sqlite:///.+|postgresql(\+psycopg)?://([^:@/]+@)?[^@]*)$"


def written_date(value: Any) -> Any:
    if isinstance(value, str | date):
        return value
    raise ValueError(f"{seen(value)} is not a date; write year-month-day: 2026-12-24")


class Listen(Model):
    """`host: port` to listen on; port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: Annotated[int, Strict(), Field(ge=0, le=65535)]


class Ami(Model):
    """Asterisk's manager interface."""

    host: Host = "127.0.0.1"
    port: Annotated[int, Strict(), Field(ge=1, le=65535)] = 5038
    user: Text = "dialer"
    secret_env: Variable = "DIALER_AMI_SECRET"
    """The environment variable that holds the secret: secrets never stand in a file."""


class Sounds(Model):
    """Where the engine writes prompts, and the same directory as that Asterisk sees it (a container's or a
    chroot's path may differ)."""

    write: Directory = "var/sounds"
    """As the engine sees it."""
    seen_as: Directory = ""
    """As Asterisk sees it; left out, the same."""


class Recordings(Model):
    """Where Asterisk writes the recordings of talks, and the same directory as the engine sees it: it plays them to who
    scores them, and deletes them."""

    read: Directory
    """As the engine sees it; it must be allowed to delete there."""
    seen_as: Directory = ""
    """As Asterisk sees it; left out, the same."""


class SwitchConfig(Model):
    """One Asterisk server."""

    ami: Ami = Ami()
    channels: Count = 200
    """How many channels we may use on it, agents' legs and customers together."""
    calls_per_second: PerSecond = 10.0
    """Dials a second over its trunk, on the average."""
    dial: Annotated[str, Field(pattern=DIAL_PATTERN)] = "PJSIP/{number}@trunk"
    """Dial string of an outgoing call; {number} is replaced."""
    dial_agent: Annotated[str, Field(pattern=DIAL_AGENT_PATTERN)] = "PJSIP/{phone}"
    """Dial string of an agent's phone; {phone} is replaced."""
    sounds: Sounds = Sounds()
    recordings: Recordings | None = None
    """Needed as soon as anything is recorded over it: see [recordings](recordings.md)."""


class Store(Model):
    """Where everything is kept that must outlive the engine."""

    url: Annotated[str, Field(pattern=STORE_PATTERN)] = "sqlite:///var/dialer.db"
    """sqlite:///FILE or postgresql://USER@HOST/NAME (the password from ~/.pgpass or `password_env`)."""
    password_env: Variable | None = None
    """The environment variable that holds the database's password."""


class Web(Model):
    """The API, /metrics and /healthz."""

    listen: Listen = Listen(port=8080)
    token_env: Variable = "DIALER_API_TOKEN"
    """The environment variable with the API's bearer token. Without it only loopback may be listened on."""


class Speech(Model):
    """How prompts given as text become sound: a voice of espeak-ng by language."""

    voices: dict[Language, Annotated[str, Field(pattern=r"^[A-Za-z0-9_+-]{1,64}$", examples=["en-gb"])]] = Field(
        default_factory=dict
    )
    """A language that is not named here is spoken by the voice of its own name."""
    words_per_minute: Annotated[int, Strict(), Field(ge=80, le=400)] = 160


class Plant(Model):
    """`configs/plant.yaml`: the node, its switches, store and listeners."""

    node: Name = "node1"
    """This engine's name, the same at every start: it finds its own calls again by it."""
    store: Store = Store()
    web: Web = Web()
    fastagi: Listen = Listen(port=4573)
    """Where the Asterisk servers reach the engine's flows (`AGI(agi://...)`)."""
    audiosocket: Listen | None = None
    """Where they send what a channel hears (`AudioSocket()`), at the engine's host as the dialplan knows it: for
    `machine: {after_tone: {tone: true}}`."""
    switches: Annotated[dict[Name, SwitchConfig], Field(min_length=1)]
    """The Asterisk servers."""
    speech: Speech = Speech()
    drain: Duration = 30.0
    """How long a shutdown waits for talks to end before it hangs up."""
    language: Language = "en"
    """Of what the plant itself says, where no client and no flow does."""
    seller: Seller | None = None
    """Who writes the invoices: see [billing](billing.md)."""


class Client(Model):
    """`configs/clients/NAME.yaml`."""

    client: Name
    """The file's own name, without `.yaml`."""
    name: Text
    """As people read it."""
    caller_id: E164
    """Shown on every call made for this client, unless the campaign says otherwise."""
    caller_ids: CallerIds | None = None
    """Several in rotation, shown on the calls of campaigns."""
    languages: Annotated[list[Language], Field(min_length=1)]
    """Those its flows and campaigns may speak; the first where nothing else is said."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])] = "EUR"
    timezone: Text = "UTC"
    """An IANA name, as Europe/Berlin. Days and months of the contract are its own."""
    contract: Contracts = Field(default_factory=list)
    """What the client pays, in versions: see [billing](billing.md)."""
    buyer: Buyer | None = None
    """Who is to pay, as e-invoices need it."""
    budget: Budget | None = None
    """Alerts, and an end to dialling, by what the month has cost so far."""
    service: Service = Service()
    """How its figures of service are counted: see [quality](quality.md)."""
    recording: RecordingTerms | None = None
    """Of talks in its campaigns and flows that say nothing else: see [recordings](recordings.md)."""
    sample: Sample | None = None
    """Which of its recordings are scored, but for those of campaigns with a `sample` of their own."""


class Agent(Model):
    """One entry of `configs/agents.yaml`."""

    name: Text
    phone: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$", examples=["agent01"])]
    """The phone's PJSIP endpoint."""
    skills: Annotated[list[Name], Field(min_length=1)]
    """What the agent can do; languages are skills too (`de`, `en`)."""
    switch: Name | None = None
    """Its Asterisk; may be left out when there is only one."""
    wrap_up: Duration | None = None
    """Overrides the campaign's or queue's time for after-call work."""


class Agents(Model):
    """`configs/agents.yaml`: by agent id."""

    agents: Annotated[dict[Name, Agent], Field(min_length=1)]


class Span(Model):
    """`{days: [mon, tue], from: "08:00", to: "20:00"}`; `to` "24:00" is the end of the day."""

    days: Annotated[list[Day], Field(min_length=1)]
    from_: Annotated[str, Field(alias="from", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["08:00"])]
    to: Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["20:00"])]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ >= self.to:
            raise ValueError(
                f"`{self.from_}` to `{self.to}` is no time of one day; for a night write two spans, "
                f"`{self.from_}` to `24:00` and `00:00` to `{self.to}` of the next day"
            )
        return self


class Hours(Model):
    """`configs/hours/NAME.yaml`: when a client or a campaign is open."""

    hours: Name
    """The file's own name, without `.yaml`."""
    timezone: Text
    """An IANA name, as Europe/Berlin."""
    open: Annotated[list[Span], Field(min_length=1)]
    closed_on: list[Annotated[date, BeforeValidator(written_date)]] = Field(default_factory=list)
    """Holidays: closed all day."""


def describe(model: Model) -> dict[str, Any]:
    """The model as plain data, for logs and the API."""
    return model.model_dump(mode="json", by_alias=True)
