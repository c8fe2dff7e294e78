"""Those who call in while a campaign is rehearsed: when, what they press, how long they wait and talk. All of it is
drawn beforehand from the seed, so that every way of dialling meets the same callers. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import exp, log, sqrt
from random import Random
from zoneinfo import ZoneInfo

from dialer.config.simulate import Callers
from dialer.flows.model import Flow
from dialer.flows.nodes.queue import Queue
from dialer.rehearsal.population import about
from dialer.store.records import AgentSpan, CallRecord

HOUR_S = 3600.0
Rate = Callable[[float], float]
"""Callers an hour, so many seconds after the beginning."""


@dataclass(frozen=True, slots=True)
class Caller:
    at: float
    """Seconds after the beginning."""
    dialled: str
    """Our number."""
    number: str
    keys: tuple[str, ...]
    """What is pressed at one question after another; nothing at those after them."""
    patience_s: float | None
    """Waits so long for an agent; None: as long as it takes."""
    talk_s: float
    wrap_up_s: float
    """Of the agent, after the talk."""


@dataclass(frozen=True, slots=True)
class Past:
    """A flow's calls of some time, the agents' after-call work on them, and the hours of the day that the time has."""

    calls: Sequence[CallRecord]
    wrap_ups: Sequence[float]

    @property
    def talks(self) -> list[float]:
        return [call.talk_s for call in self.calls if call.talk_s > 0]

    @property
    def patience_s(self) -> float | None:
        """The mean of an exponential of which mostly the end is not seen (Erlang A): all that was waited, over those
        who gave up; None when nobody did."""
        waits = [(call.joined_at or call.ended_at or call.queued_at) - call.queued_at
                 for call in self.calls if call.queued_at is not None]  # fmt: skip
        gave_up = sum(call.queued_at is not None and call.outcome == "abandoned" for call in self.calls)
        return sum(waits) / gave_up if gave_up else None

    def rates(self, zone: ZoneInfo) -> Mapping[int, float]:
        """Callers an hour, by the hour of the day, on the average of the days on which somebody called."""
        moments = [datetime.fromtimestamp(call.created_at, zone) for call in self.calls]
        days = len({moment.date() for moment in moments})
        return {hour: count / days for hour, count in Counter(moment.hour for moment in moments).items()}


def past_of(calls: Sequence[CallRecord], spans: Iterable[AgentSpan]) -> Past:
    ids = {call.id for call in calls}
    wraps = [span.ended_at - span.started_at for span in spans if span.state == "wrap_up" and span.call_id in ids]
    return Past(calls, wraps)


def stated(flow: Flow, seed: int, began_at: float, seconds: float, zone: ZoneInfo,
           per_hour: float | None = None) -> list[Caller]:  # fmt: skip
    """As the flow's `simulate:` says, or so many an hour. Raises ValueError when nobody says how many."""
    said = flow.simulate
    if per_hour is None and said.per_hour is None and not said.peaks:
        raise ValueError(f"nobody says how many callers {flow.flow} has; write `simulate: {{per_hour: 40}}` into it, "
                         f"or --inbound {flow.flow}:40")  # fmt: skip

    def rate(at: float) -> float:
        if per_hour is not None:
            return per_hour
        clock = f"{datetime.fromtimestamp(began_at + at, zone):%H:%M}"
        peak = next((one for one in said.peaks if one.from_ <= clock < one.to), None)
        return (said.per_hour or 0.0) if peak is None else peak.per_hour

    highest = per_hour or max([said.per_hour or 0.0, *(peak.per_hour for peak in said.peaks)])
    return [_stated(flow, seed, place, at) for place, at in enumerate(_arrivals(flow, seed, seconds, rate, highest))]


def as_before(flow: Flow, past: Past, seed: int, began_at: float, seconds: float, zone: ZoneInfo) -> list[Caller]:
    """As often as in the past, hour by hour, with talks as they were; keys as the flow's `simulate:` says. Raises
    ValueError when nobody called."""
    if not past.calls:
        raise ValueError(f"the store has no calls to {flow.flow} from that time")
    rates = past.rates(zone)

    def rate(at: float) -> float:
        return rates.get(datetime.fromtimestamp(began_at + at, zone).hour, 0.0)

    times = _arrivals(flow, seed, seconds, rate, max(rates.values()))
    return [_drawn(_stated(flow, seed, place, at), past, _draw(seed, flow, "past", place))
            for place, at in enumerate(times)]  # fmt: skip


def again(flow: Flow, past: Past, seed: int, began_at: float) -> list[Caller]:
    """The very callers, each at the same moment; who gave up waits as long as then, who talked talks as long."""
    found = []
    for place, call in enumerate(sorted(past.calls, key=lambda call: (call.created_at, call.id))):
        caller = _drawn(_stated(flow, seed, place, call.created_at - began_at), past, _draw(seed, flow, "past", place))
        caller = replace(caller, dialled=call.our_number, number=call.number, talk_s=call.talk_s or caller.talk_s)
        if call.queued_at is not None and call.outcome == "abandoned" and call.ended_at is not None:
            caller = replace(caller, patience_s=call.ended_at - call.queued_at)
        found.append(caller)
    return found


def skills_for(flow: Flow) -> set[str]:
    """Of an agent whom each of the flow's queues may be given, in whichever language. Raises ValueError for a flow
    that nobody can reach, or has no queue."""
    if not flow.numbers:
        raise ValueError(f"{flow.flow} has no number: nobody can call it")
    lines = [node.queue for name in sorted(flow.reachable()) if isinstance(node := flow.nodes[name], Queue)]
    if not lines:
        raise ValueError(f"{flow.flow} asks for no agent: its callers take nobody's time")
    found: set[str] = set()
    for skill in (skill for line in lines for skill in line.skills):
        if skill.names - {"language"}:
            raise ValueError(f"{flow.flow}: which skill an agent needs is not known before the call")
        found |= {skill.render({"language": language}).lower() for language in flow.languages}
    return found


def _arrivals(flow: Flow, seed: int, seconds: float, rate: Rate, highest: float) -> Iterator[float]:
    """A Poisson process whose rate changes, by thinning (Lewis and Shedler 1979)."""
    draw = _draw(seed, flow, "arrivals")
    at = 0.0
    while highest > 0 and (at := at + draw.expovariate(highest / HOUR_S)) < seconds:
        if draw.random() * highest < rate(at):
            yield at


def _stated(flow: Flow, seed: int, place: int, at: float) -> Caller:
    said, draw = flow.simulate, _draw(seed, flow, "caller", place)
    sigma = sqrt(log(1 + said.talk_spread * said.talk_spread))
    talk_s = said.talk * exp(draw.gauss(-sigma * sigma / 2, sigma))
    wrap_up_s = about(said.wrap_up, draw)
    patience_s = draw.expovariate(1 / said.patience) if said.patience else None
    return Caller(at, draw.choice(flow.numbers), _number(flow, place), _keys(said, draw), patience_s, talk_s, wrap_up_s)


def _drawn(caller: Caller, past: Past, draw: Random) -> Caller:
    """What the past tells, in place of what is stated."""
    talks, patience_s = past.talks, past.patience_s
    return replace(
        caller,
        talk_s=draw.choice(talks) if talks else caller.talk_s,
        wrap_up_s=draw.choice(past.wrap_ups) if past.wrap_ups else caller.wrap_up_s,
        patience_s=draw.expovariate(1 / patience_s) if patience_s else None,
    )


def _keys(said: Callers, draw: Random) -> tuple[str, ...]:
    at = draw.random()
    for keys, share in said.keys.items():
        if (at := at - share) < 0:
            return tuple(keys.split())
    return ()


def _number(flow: Flow, place: int) -> str:
    """Of a made-up caller: no campaign's contact has it."""
    return f"+990{1 + place:08}"


def _draw(seed: int, flow: Flow, *what: object) -> Random:
    return Random("/".join(map(str, (seed, flow.flow, *what))))
