"""Runs a flow, one step at a time, without doing anything: `start` and `advance` say what to ask of the call next.

    session, directive = start(flow, facts, now, world)
    session, directive = advance(session, Reply(digits="1"), now)      # until the directive is an End

A call that was not answered is picked up before the first thing it is to hear. A flow that goes on for MOST_STEPS
nodes without the caller, an agent or a dialled party doing anything is ended (`End(31, "loop")`), not spun.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dialer.flows.commands import (
    Answer,
    Collect,
    Directive,
    End,
    Hold,
    Pause,
    Play,
    QueueRequest,
    QueueResult,
    Reply,
)
from dialer.flows.expressions import Value
from dialer.flows.model import Flow
from dialer.flows.session import CallFacts, Go, Session, Turn, World

MOST_STEPS = 200
LOOP_CAUSE = 31
UNKNOWN_NODE_CAUSE = 41
FAULTS = ("loop", "unknown_node", "no_hours")
"""Reasons of an End that tell of a fault in the flow or of ours, to be counted."""


def start(flow: Flow, facts: CallFacts, now: float, world: World) -> tuple[Session, Directive]:
    """A new call. `now` is epoch seconds."""
    return _run(_fresh(flow, facts, now, world))


def advance(session: Session, reply: Reply | QueueResult, now: float) -> tuple[Session, Directive]:
    """What came of the last directive. A reply that does not belong to it asks the same again."""
    session = replace(session, now=now, path=())
    match session.awaits:
        case "nothing":
            return session, End()
        case "entry":
            return _run(session)
        case "answer":
            if isinstance(reply, Reply) and reply.status == "failed":
                return _ended(session, End(UNKNOWN_NODE_CAUSE, "not_answered"))
            return _run(replace(session, answered=True, awaits="entry"))
    queued = session.awaits == "agent"
    if queued != isinstance(reply, QueueResult):
        return resume(session, now)
    if _somebody_acted(reply):
        session = replace(session, steps=0)
    if reply.status == "answered":  # a dialled party's answer is passed on to the caller
        session = replace(session, answered=True)
    return _follow(session, session.flow.nodes[session.node].on(session, reply))


def resume(session: Session, now: float) -> tuple[Session, Directive]:
    """Begin the node at hand anew: its directive was lost with a crash or a link."""
    session = replace(session, now=now, path=())
    if session.awaits == "nothing":
        return session, End()
    return _run(replace(session, awaits="entry", memory={}))


def _fresh(flow: Flow, facts: CallFacts, now: float, world: World) -> Session:
    language = facts.language if facts.language in flow.languages else flow.languages[0]
    return Session(flow, world, facts, flow.start, now, language or "", answered=facts.answered)


def _somebody_acted(reply: Reply | QueueResult) -> bool:
    if isinstance(reply, QueueResult):
        return reply.status in ("talked", "agent_lost")
    return bool(reply.digits) or reply.status == "answered"


def _run(session: Session) -> tuple[Session, Directive]:
    return _follow(session, (session, Go(session.node)))


def _follow(before: Session, turn: Turn) -> tuple[Session, Directive]:
    """Enter one node after another until something is to be asked of the call."""
    session, then = turn
    while isinstance(then, Go):
        before = replace(session, node=then.node, awaits="entry", memory={})
        node = before.flow.nodes.get(then.node)
        if node is None:
            return _ended(before, End(UNKNOWN_NODE_CAUSE, "unknown_node"))
        if before.steps >= MOST_STEPS:
            return _ended(before, End(LOOP_CAUSE, "loop"))
        before = replace(before, steps=before.steps + 1, path=(*before.path, before.node))
        session, then = node.enter(before)
    return _settle(before, session, then)


def _settle(before: Session, session: Session, directive: Directive) -> tuple[Session, Directive]:
    """Note what is awaited. What a caller could not hear yet waits for the call to be picked up: then its node is
    entered again, as if for the first time."""
    match directive:
        case End():
            return _ended(session, directive)
        case Answer():
            return replace(session, awaits="reply", answered=True), directive
        case QueueRequest() | Play() | Collect() | Hold() | Pause() if not session.answered:
            return replace(before, awaits="answer", path=before.path[:-1], steps=before.steps - 1), Answer()
        case QueueRequest():
            return replace(session, awaits="agent"), directive
    return replace(session, awaits="reply"), directive


def _ended(session: Session, end: End) -> tuple[Session, Directive]:
    return replace(session, awaits="nothing"), end


def dump(session: Session) -> str:
    """Where the call stands, as JSON: what `restore` needs after a crash."""
    facts = session.facts
    return json.dumps({
        "flow": session.flow.flow, "node": session.node, "print": _fingerprint(session.flow, session.node),
        "language": session.language, "awaits": session.awaits, "answered": session.answered, "steps": session.steps,
        "variables": dict(session.variables), "memory": dict(session.memory), "marks": sorted(session.marks),
        "now": session.now,
        "facts": {
            "caller": facts.caller, "dialled": facts.dialled, "client": facts.client, "language": facts.language,
            "variables": dict(facts.variables), "answered": facts.answered,
        },
    }, separators=(",", ":"))


def restore(flow: Flow, text: str, world: World) -> Session:
    """The session again. If the node it stood at is gone or was changed since, it stands before the flow's start (its
    marks and variables kept); `advance` and `resume` both go on from there. Raises ValueError when `text` is none of
    `dump`'s."""
    try:
        held: Mapping[str, Any] = json.loads(text)
        facts = CallFacts(**held["facts"])
        session = replace(
            _fresh(flow, facts, float(held["now"]), world),
            node=str(held["node"]), awaits=held["awaits"], answered=held["answered"], steps=held["steps"],
            variables=_values(held["variables"]), memory=_values(held["memory"]), marks=frozenset(held["marks"]),
        )
        language, fingerprint = held["language"], held["print"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"not a flow's position: {error!r}") from None
    if language in flow.languages:
        session = replace(session, language=language)
    if held["flow"] != flow.flow or fingerprint != _fingerprint(flow, session.node):
        return replace(session, node=flow.start, awaits="entry", memory={}, steps=0)
    return session


def _values(held: Mapping[str, Value]) -> dict[str, Value]:
    return dict(held)


def _fingerprint(flow: Flow, name: str) -> str:
    """Tells whether a node is written as it was."""
    return hashlib.sha256(repr(flow.nodes.get(name)).encode()).hexdigest()[:16]
