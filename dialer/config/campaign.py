"""A campaign's file: whom it calls, how fast, by which rules, and what becomes of each attempt.

Durations are held in seconds, rates as 0..1.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dialer.config.budgets import Clock, Windows
from dialer.config.caller_ids import CallerIds
from dialer.config.lists import MAIN, ContactList
from dialer.config.machines import Machine
from dialer.config.models import PerSecond
from dialer.config.modes import Callbacks, Mode, Preview
from dialer.config.opt_out import OptOut
from dialer.config.purposes import Audience, Purpose
from dialer.config.recording import RecordingTerms
from dialer.config.retries import Caps, DayPart, Delays, RetryReason, RetryRule, Times
from dialer.config.scalars import E164, Count, Duration, Flag, Language, Model, Name, Rate, Text
from dialer.config.schedule import Schedule
from dialer.config.score_cards import Sample
from dialer.config.simulate import Simulate


class Limits(Model):
    """What a campaign may use at most, within what the switches allow."""

    channels: Count | None = None
    calls_per_second: PerSecond | None = None


class Serving(Model):
    """Which agents take the calls, and how long after-call work may last."""

    skills: Annotated[list[Name], Field(min_length=1)]
    """An agent needs all of them."""
    wrap_up: Duration = 30.0


class Disposition(Model):
    """What an agent may say of a talk. `final` ends the contact; `retry_after` calls it again."""

    final: Flag = True
    """The contact is done."""
    retry_after: Delays | None = None
    """When to call again (`4h`, or one after the other `[1h, 1d]`); needs `final: false`."""
    times: Times | None = None
    """How often this code calls again; left out, as often as the rule for `callback` allows."""
    next_number: Flag = False
    """Call the contact's next number (this one was wrong); needs `final: false`. Done when there is none left."""
    callback: Flag = False
    """The person is to be called at a time that the agent gives with the code, by this agent or by anyone; without a
    time, after `retry_after`."""
    machine: Flag = False
    """The agent talked to an answering machine: what detection said is measured by it."""
    do_not_call: Flag = False
    """The client may not call this number again, in any campaign: on its do-not-call list at once."""
    refused: Flag = False
    """The person did not want the call: country rules may forbid another one for some time."""
    label: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,200}$")] = ""
    """As agents read it."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.callback and (self.do_not_call or self.refused):
            raise ValueError("`callback` of somebody who does not want to be called; leave one of them out")
        if self.final and self.retry_after is not None:
            raise ValueError("`retry_after` of a final disposition; write `final: false`, or leave it out")
        if self.final and (self.times is not None or self.next_number):
            raise ValueError("`times` or `next_number` of a final disposition; write `final: false`, or leave it out")
        if not self.final and self.retry_after is None and not self.next_number and not self.callback:
            raise ValueError("not final, but nothing says when to call again; add `retry_after: 4h`")
        if not self.final and self.do_not_call:
            raise ValueError("`do_not_call` and yet to be called again; leave `final` and `retry_after` out")
        return self

    @property
    def refuses(self) -> bool:
        """The person did not want the call, or wants none any more."""
        return self.refused or self.do_not_call


class Abandon(Model):
    """Answered persons for whom nobody is free."""

    connect_within: Duration = 2.0
    """An answered person who has no agent after this hears `message` and is released: abandoned."""
    max: Rate = 0.03
    """`predictive` only: abandoned, at most, of the people who answered."""
    window: Duration = 30 * 86_400.0
    """Over which `max` is counted, across restarts; half as much again is allowed within half an hour."""
    windows: Windows = Field(default_factory=list)
    """More budgets that hold at the same time, besides those of the country packs: `[{max: 5%, over: 1h}, {max: 3,
    per: 100}]`."""
    group: Name | None = None
    """Campaigns that name the same group: their budgets hold for each, and for all of them together."""
    clock: Clock = "answer"
    """From when `connect_within` counts: the answer, or the end of the person's greeting, which machine detection finds
    (`machine: {detect: true}`); without it, from the answer."""
    message: dict[Language, Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,1000}$")]] = Field(default_factory=dict)
    """Spoken to that person, by language; silence is not an option where the law asks for a message."""
    opt_out: OptOut | None = None
    """A key that may be pressed in the message, and for some seconds after it."""


class Campaign(Model):
    """`configs/campaigns/NAME.yaml`."""

    campaign: Name
    """The file's own name, without `.yaml`."""
    client: Name
    caller_id: E164 | None = None
    """Left out, the client's."""
    caller_ids: CallerIds | None = None
    """Several in rotation, in place of `caller_id`; left out, the client's."""
    purpose: Purpose = "advertising"
    """What the calls are for: some rules hold for some purposes only. Left out, the one with the most rules."""
    audience: Audience = "consumer"
    """Who is called."""
    language: Language | None = None
    """Left out, the client's first."""
    contacts: Annotated[Text | None, Field(alias="list")] = None
    """A CSV file, relative to `configs/`, imported when the campaign first starts. Short for `lists` with one entry,
    named `main`."""
    lists: Annotated[list[ContactList], Field(max_length=50)] = Field(default_factory=list)
    """Several lists, with their shares, columns, filters and orders."""
    alert_below: Count | Duration | None = None
    """Warns when fewer contacts than this are left (`500`), or they last shorter than this (`2h`)."""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["DE"])] | None = None
    """The country of numbers written without +."""
    agents: Serving | None = None
    """Needed by every mode but `agentless`."""
    mode: Mode = "progressive"
    """`manual`: agents dial numbers by hand. `preview`: an idle agent sees the contact before it is called.
    `progressive`: one call for each idle agent. `power`: `ratio` calls for each. `predictive`: as many as keep the
    abandoned within `abandon.max`, learnt as it goes. `agentless`: to a flow."""
    preview: Preview = Preview()
    callbacks: Callbacks = Callbacks()
    ratio: Annotated[float, Field(ge=1, le=5)] | None = None
    """`power` only: calls for each idle agent; 1.5 when left out."""
    share: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Of the time of agents whom campaigns share, in proportion to the others' `share`."""
    priority: Annotated[int, Field(strict=True, ge=-100, le=100)] = 0
    """Of campaigns that share agents: who has a higher one dials first, whatever the shares."""
    flow: Name | None = None
    """`agentless`: the flow an answered person hears. Otherwise: the flow after the talk (a survey)."""
    hours: Name | None = None
    """Dials only when these are open."""
    rules: list[Name] | None = None
    """The country packs of `configs/rules` that hold for every number, all at once. Left out: those of each number's
    country, `strict` where there are none. `[]`: no country's rules; the operator answers for that."""
    abandon: Abandon = Abandon()
    ring_timeout: Duration = 25.0
    """How long to let it ring: 5 to 120 seconds."""
    limits: Limits = Limits()
    machine: Machine = Machine()
    retry: dict[RetryReason, RetryRule] = Field(default_factory=dict)
    """A reason that is not named here ends the contact."""
    day_parts: dict[Name, DayPart] = Field(default_factory=dict)
    """Contacts are called in these parts of their day only, and in each so many times."""
    caps: Caps = Caps()
    """How often at most."""
    dispositions: dict[Name, Disposition] = Field(default_factory=dict)
    """The codes agents may give; a code ends the contact or calls it again, over what `retry` says."""
    schedule: Schedule | None = None
    """Starts and pauses by itself; `start` then says nothing."""
    start: Literal["auto", "manual"] = "manual"
    """`auto` starts dialling with the engine; `manual` waits for the API or `dialer campaign start`."""
    switches: Annotated[list[Name], Field(min_length=1)] | None = None
    """Dials over these only; left out, over all."""
    recording: RecordingTerms | None = None
    """Left out, the client's; of those only what needs no announcement (`consent: true`, or `sound: agent`)."""
    sample: Sample | None = None
    """Which of its recordings are scored; left out, the client's."""
    simulate: Simulate = Simulate()
    """The people of `dialer simulate`: see [simulation](simulation.md)."""

    @property
    def sources(self) -> tuple[ContactList, ...]:
        """The lists, whichever way they are written."""
        short = () if self.contacts is None else (ContactList(name=MAIN, file=self.contacts),)
        return (*short, *self.lists)
