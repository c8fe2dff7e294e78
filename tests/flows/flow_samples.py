"""Flows and worlds for the tests of this folder."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from dialer.config.models import Hours
from dialer.flows.commands import Directive, QueueRequest, QueueResult, Reply
from dialer.flows.fields import Recorded, Spoken
from dialer.flows.interpreter import advance, start
from dialer.flows.model import Flow
from dialer.flows.session import CallFacts, Session, World

NOON = 1_767_787_200.0
"""2026-01-07 12:00 UTC, a Wednesday."""
TEXT = {"de": "Ja", "en": "Yes"}


def calendar(name: str, open_from: str, to: str) -> Hours:
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    spans = [{"days": days, "from": open_from, "to": to}]
    return Hours.model_validate({"hours": name, "timezone": "UTC", "open": spans})


def sounds(prompt: Spoken | Recorded, language: str) -> tuple[str, ...]:
    said = prompt.name if isinstance(prompt, Recorded) else prompt.text(language)
    return (f"{language}:{said}",)


WORLD = World(
    {"day": calendar("day", "08:00", "18:00"), "night": calendar("night", "20:00", "24:00")},
    sounds,
    {"acme": "+493055501"},
)
FACTS = CallFacts("+4930123456", "+493055501", "acme", answered=True)


def flow_of(nodes: Mapping[str, Any], start_at: str = "a", **keys: Any) -> Flow:
    return Flow.model_validate(
        {"flow": "test", "client": "acme", "languages": ["de", "en"], "start": start_at, "nodes": nodes, **keys}
    )


def begin(nodes: Mapping[str, Any], facts: CallFacts = FACTS, now: float = NOON) -> tuple[Session, Directive]:
    return start(flow_of(nodes), facts, now, WORLD)


def after(session: Session, *replies: Reply | QueueResult) -> tuple[Session, Directive]:
    directive: Directive | None = None
    for reply in replies:
        session, directive = advance(session, reply, session.now)
    assert directive is not None
    return session, directive


def silent(directive: Directive) -> Reply | QueueResult:
    """What comes back when nobody does anything."""
    return QueueResult("expired") if isinstance(directive, QueueRequest) else Reply()


NAMES = [f"n{index}" for index in range(6)]
_name = st.sampled_from(NAMES)
_exit = st.one_of(st.none(), _name)
_keys = st.sampled_from(["1", "2", "12", "*", "#"])
_prompt = st.sampled_from([TEXT, "prompts/one"])
_expression = st.sampled_from([
    "x + 1", "x", "caller", "digits == \"1\"", "x > 3", "not x", "len(digits)", "true", "language in [\"en\"]",
    "contact.name",
])
_skill = st.sampled_from(["sales", "${language}", "s_${x}"])


def _node(kind: str, required: Mapping[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({kind: required[kind], **{k: v for k, v in required.items() if k != kind}},
                                 optional=optional)  # fmt: skip


NODES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _node("answer", {"answer": st.sampled_from([None, True, "500ms"])}, next=_exit),
    _node("say", {"say": st.just(TEXT)}, next=_exit),
    _node("play", {"play": st.just("prompts/one")}, next=_exit),
    _node("menu", {"menu": _prompt, "choices": st.dictionaries(_keys, _name, min_size=1)},
          retries=st.integers(0, 3), invalid=_prompt, otherwise=_exit),
    _node("collect", {"collect": st.fixed_dictionaries(
        {"prompt": _prompt, "store": st.just("x")},
        optional={"confirm": _prompt, "invalid": _prompt, "retries": st.integers(0, 2),
                  "digits": st.just({"min": 2, "max": 4})})}, next=_exit, otherwise=_exit),
    _node("language", {"language": st.dictionaries(_keys, st.sampled_from(["de", "en"]), min_size=1)},
          prompt=_prompt, otherwise=st.sampled_from(["de", "en"]), next=_exit, retries=st.integers(0, 2)),
    _node("set", {"set": st.dictionaries(st.sampled_from(["x", "y"]), _expression, min_size=1)}, next=_exit),
    _node("branch", {"branch": st.lists(st.fixed_dictionaries({"when": _expression, "to": _name}), min_size=1,
                                        max_size=3)}, otherwise=_exit),
    _node("hours", {"hours": st.sampled_from(["day", "night", "unknown"]), "open": _name}, closed=_exit),
    _node("queue", {"queue": st.fixed_dictionaries({"skills": st.lists(_skill, min_size=1, max_size=2)},
                                                   optional={"priority": st.integers(0, 10)})},
          next=_exit, full=_exit, timeout=_exit, no_agents=_exit, overflow=_exit),
    _node("dial", {"dial": st.sampled_from(["+493055502", "${digits}", "+${x}"])}, next=_exit, busy=_exit,
          no_answer=_exit, failed=_exit, caller_id=st.sampled_from(["client", "caller", "+493055503"])),
    _node("goto", {"goto": _name}),
    _node("hangup", {"hangup": st.sampled_from([None, {"cause": 17}, {"reason": "bye"}])}),
)  # fmt: skip
FLOWS = st.fixed_dictionaries(dict.fromkeys(NAMES, NODES)).map(lambda nodes: flow_of(nodes, NAMES[0]))
REPLIES: st.SearchStrategy[Reply | QueueResult] = st.one_of(
    st.builds(
        Reply,
        status=st.sampled_from(["done", "failed", "expired", "answered", "busy", "no_answer", "congestion",
                                "unavailable", "cancelled"]),
        digits=st.one_of(st.text("0123456789*#", max_size=5), st.text(max_size=5)),
    ),
    st.builds(QueueResult, st.sampled_from(["talked", "full", "expired", "no_agents", "agent_lost"])),
)  # fmt: skip
