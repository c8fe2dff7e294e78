"""What a shift came to, all together and campaign by campaign: of a rehearsal, or of a past day. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from decimal import Decimal

from dialer.billing.entry import Entry
from dialer.quality.service import Rule
from dialer.rehearsal.account import Account, account
from dialer.rehearsal.hourly import Hour, by_hour
from dialer.rehearsal.promises import Made, Promises, promises
from dialer.rehearsal.service import Service, by_queue, service
from dialer.store.records import AgentSpan, CallRecord

ALL = ""
"""All queues together."""


@dataclass(frozen=True, slots=True)
class Facts:
    modes: Mapping[str, str]
    """By campaign that took part."""
    began_at: float
    seconds: float
    zone: tzinfo
    calls: Sequence[CallRecord]
    """The campaigns' attempts, and the callers'; without an outcome what is in hand at the end."""
    spans: Sequence[AgentSpan]
    """The agents' time, the last stretch of each cut at the end."""
    contacts: Mapping[str, Mapping[str, int]]
    """By campaign, how many in each state."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """Of the clients whose callers there are; empty where nobody was to call."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    made: Sequence[Made] | None = None
    entries: Mapping[str, Sequence[Entry]] = field(default_factory=dict)
    """By client: what its contract makes of the calls."""

    @property
    def ended_at(self) -> float:
        return self.began_at + self.seconds


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """Of several campaigns all together; `parts` are of each by itself."""

    mode: str
    """Empty where several campaigns have several."""
    began_at: float
    account: Account
    calls: Sequence[CallRecord]
    """The campaigns' attempts."""
    spans: Sequence[AgentSpan]
    reason: str
    """What kept the campaign from dialling more, at the end."""
    fees: Mapping[str, Decimal]
    """By client, what its contract makes of its calls and of the agents' time on them, without terms of the month.
    Clients without a contract, and days that nobody asked this of, have none."""
    hours: Sequence[Hour]
    promises: Promises | None
    """None where no code promises a call, or nobody knows."""
    parts: Mapping[str, "Rehearsed"] = field(default_factory=dict)
    """By campaign, where there are several: what they came to but for the agents' time, which is that of all."""
    callers: Sequence[CallRecord] = ()
    service: Mapping[str, Service] = field(default_factory=dict)
    """What callers had, by queue; of all of them under ALL. Empty where nobody was to call."""


def judged(facts: Facts) -> Rehearsed:
    whole = _of(facts, list(facts.modes), with_callers=True)
    if len(facts.modes) == 1:
        return whole
    return replace(whole, parts={name: _of(facts, [name], with_callers=False) for name in facts.modes})


def _of(facts: Facts, names: Sequence[str], with_callers: bool) -> Rehearsed:
    """Of these campaigns; callers are nobody's but all's."""
    calls = [call for call in facts.calls if call.campaign in names]
    callers = [call for call in facts.calls if call.direction == "inbound"] if with_callers and facts.rules else []
    contacts = sum(sum(facts.contacts[name].values()) for name in names)
    done = sum(facts.contacts[name].get("done", 0) for name in names)
    served = {ALL: service(callers, facts.rules), **by_queue(callers, facts.rules)} if facts.rules else {}
    made = None if facts.made is None else [one for one in facts.made if one.campaign in names]
    reasons = [f"{name}: {facts.reasons[name]}" for name in names if name in facts.reasons]
    return Rehearsed(
        mode=facts.modes[names[0]] if len({facts.modes[name] for name in names}) == 1 else "",
        began_at=facts.began_at,
        account=account(calls, facts.spans, facts.seconds / 3600, contacts, done, facts.ended_at),
        calls=calls,
        spans=facts.spans,
        reason=facts.reasons.get(names[0], "") if len(names) == 1 else ", ".join(reasons),
        fees=_fees(facts, None if with_callers else {call.id for call in calls}),
        hours=by_hour(calls, facts.spans, facts.began_at, facts.ended_at, facts.zone, contacts, callers, facts.rules),
        promises=None if made is None else promises(made, calls, facts.ended_at),
        callers=callers,
        service=served if with_callers else {},
    )


def _fees(facts: Facts, calls: Collection[str] | None) -> dict[str, Decimal]:
    """`calls`: of these alone; None: of all that the contract charges for."""
    found = {}
    for client, entries in facts.entries.items():
        some = [entry.amount for entry in entries if calls is None or entry.call_id in calls]
        if some or calls is None:
            found[client] = sum(some, Decimal(0))
    return found
