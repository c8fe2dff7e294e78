"""Tries flows without a call: `ivr_flows/tests/*.yaml` says what a caller does, and what must come of it.

    flow: acme_support
    tests:
      - test: orders in German, and everybody is busy
        at: 2026-03-02 10:00           # on the client's clock, unless it ends in an offset
        keys: ["1", "1"]               # the answers to the questions, in turn; "" is silence, as is a missing one
        queues: [expired]              # what comes of each wait; otherwise the caller talks
        dials: [answered]              # what comes of each dial
        expect:
          nodes: [welcome, language, open, menu, orders, partner]
          hears: ["Willkommen bei Acme."]
          queues: [{skills: [orders, de], priority: 2}]
          dials: ["+493023125046"]
          marks: [overloaded, forwarded]
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from dialer.config.models import Hours
from dialer.config.scalars import Language, Model, Name
from dialer.flows.commands import Collect, Dial, Directive, End, Play, QueueRequest, QueueResult, Reply
from dialer.flows.expressions import as_text
from dialer.flows.fields import Recorded, Spoken
from dialer.flows.interpreter import advance, start
from dialer.flows.model import Flow
from dialer.flows.session import CallFacts, Mark, Session, World

LONGEST = 1000
"""Directives until a call is given up."""
CALLER = "+493023125999"


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is not a time; write 2026-03-02 10:00") from None
    return text


class Waited(Model):
    """A wait for an agent: what is given must be so."""

    queue: Name | None = None
    skills: list[str] | None = None
    priority: int | None = None


class Expected(Model):
    """What must come of it; what is left out is not looked at."""

    nodes: list[Name] | None = None
    """All of them, in order."""
    hears: list[str] | None = None
    """Texts, or prompts/NAME, in that order; others may come between."""
    queues: list[Waited] | None = None
    dials: list[str] | None = None
    language: Language | None = None
    variables: dict[str, str] = Field(default_factory=dict)
    marks: list[Mark] | None = None
    cause: int | None = None
    reason: Name | None = None


class FlowTest(Model):
    test: str
    caller: str = CALLER
    at: Annotated[str, AfterValidator(_moment)] = "2026-01-07 12:00"
    language: Language | None = None
    contact: dict[str, str] = Field(default_factory=dict)
    """A contact's fields, for flows of campaigns."""
    keys: list[Annotated[str, Field(pattern=r"^[0-9*#]{0,32}$")]] = Field(default_factory=list)
    queues: list[Literal["talked", "full", "expired", "no_agents", "agent_lost"]] = Field(default_factory=list)
    dials: list[Literal["answered", "busy", "no_answer", "congestion", "unavailable", "failed"]] = Field(
        default_factory=list
    )
    expect: Expected


class FlowTests(Model):
    """`ivr_flows/tests/NAME.yaml`."""

    flow: Name
    tests: Annotated[list[FlowTest], Field(min_length=1)]


@dataclass(slots=True)
class Heard:
    """What happened in one call."""

    nodes: list[str] = field(default_factory=list)
    sounds: list[str] = field(default_factory=list)
    queues: list[QueueRequest] = field(default_factory=list)
    dials: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    end: End | None = None
    session: Session | None = None


def bare_world(calendars: Mapping[str, Hours], caller_ids: Mapping[str, str]) -> World:
    """A world in which a sound file is called like what it says."""

    def sounds(prompt: Spoken | Recorded, language: str) -> tuple[str, ...]:
        text = prompt.name if isinstance(prompt, Recorded) else prompt.text(language)
        return (text,) if text else ()

    return World(calendars, sounds, caller_ids)


def call(test: FlowTest, flow: Flow, world: World, zone: ZoneInfo) -> Heard:
    """One call through the flow."""
    at = datetime.fromisoformat(test.at)
    now = (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
    facts = CallFacts(test.caller, flow.numbers[0] if flow.numbers else "", flow.client, test.language, test.contact)
    heard = Heard()
    keys, queues, dials = iter(test.keys), iter(test.queues), iter(test.dials)
    session, directive = start(flow, facts, now, world)
    for _ in range(LONGEST):
        heard.nodes += session.path
        _listen(heard, directive)
        reply: Reply | QueueResult
        match directive:
            case End():
                break
            case QueueRequest():
                reply = next((QueueResult(status) for status in queues), QueueResult("talked"))
                now += directive.max_wait_s if reply.status == "expired" else 0.0
            case Dial():
                reply = Reply(next(dials, "answered"))
            case Collect():
                reply = Reply(digits=_typed(next(keys, ""), directive))
            case _:
                reply = Reply()
        session, directive = advance(session, reply, now)
    heard.session = session
    left: dict[str, list[str]] = {"keys": list(keys), "queues": [*queues], "dials": [*dials]}
    heard.unused = [f"{name} {_shown(rest)}" for name, rest in left.items() if rest]
    return heard


def _typed(keys: str, asked: Collect) -> str:
    """What of the keys is taken: none after `finish`, at most `most`."""
    if asked.finish:
        keys = keys.partition(asked.finish)[0]
    return keys[:asked.most]


def _listen(heard: Heard, directive: Directive) -> None:
    match directive:
        case Play(sounds) | Collect(sounds):
            heard.sounds += sounds
        case QueueRequest():
            heard.queues.append(directive)
        case Dial(number):
            heard.dials.append(number)
        case End():
            heard.end = directive


def differences(expected: Expected, heard: Heard) -> Iterator[str]:
    """What is not as expected; nothing when the test holds."""
    session, end = heard.session, heard.end
    assert session is not None
    if end is None:
        yield f"the call did not end within {LONGEST} steps"
        return
    yield from (f"not used: {rest}" for rest in heard.unused)
    got = {
        "nodes": heard.nodes, "dials": heard.dials, "language": session.language, "cause": end.cause,
        "reason": end.reason, "marks": sorted(session.marks),
    }  # fmt: skip
    for name, value in got.items():
        wanted = getattr(expected, name)
        if wanted is not None and (sorted(wanted) if name == "marks" else wanted) != value:
            yield f"{name}: {_shown(value)}, not {_shown(wanted)}"
    rest = iter(heard.sounds)
    for sound in expected.hears or ():
        if sound not in rest:
            yield f"hears: `{sound}` was not heard" + (" after the one before" if sound in heard.sounds else "")
            break
    yield from _queue_differences(expected.queues, heard.queues)
    names = session.names()
    for variable, value in expected.variables.items():
        if (got_text := as_text(names.get(variable, ""))) != value:
            yield f"variable {variable}: `{got_text}`, not `{value}`"


def _queue_differences(expected: Sequence[Waited] | None, got: Sequence[QueueRequest]) -> Iterator[str]:
    if expected is None:
        return
    if len(expected) != len(got):
        yield f"queues: {_shown([request.queue for request in got])}, that is {len(got)} instead of {len(expected)}"
        return
    for wanted, request in zip(expected, got, strict=True):
        was = Waited(queue=request.queue, skills=list(request.skills), priority=request.priority)
        for name in Waited.model_fields:
            if (want := getattr(wanted, name)) is not None and want != getattr(was, name):
                yield f"queue {request.queue}: {name} {_shown(getattr(was, name))}, not {_shown(want)}"


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def run(test: FlowTest, flow: Flow, world: World, zone: ZoneInfo) -> list[str]:
    """What a test finds wrong."""
    return list(differences(test.expect, call(test, flow, world, zone)))


