"""The predictive pacer, told anything by anybody: also what is missing, doubled, late or out of order."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaigns.pacing import EventKind, IdleAgent, Pace, Power, Predictive, Snapshot

KINDS: tuple[EventKind, ...] = (
    "placed", "ringing", "answered", "live", "machine", "failed", "connected", "abandoned", "ended", "wrap_up", "idle",
    "left",
)  # fmt: skip

dials = st.sampled_from([None, *(f"d{i}" for i in range(8))])
agents = st.sampled_from([None, *(f"a{i}" for i in range(4))])
steps = st.lists(st.tuples(st.floats(-5.0, 40.0), st.sampled_from(KINDS), dials, agents), max_size=60)
limit = st.one_of(st.none(), st.integers(0, 12))
states = st.builds(
    Snapshot,
    idle=st.lists(st.sampled_from([IdleAgent(f"a{i}", f"ast{i % 2}") for i in range(4)]), unique=True).map(tuple),
    in_the_air=st.integers(0, 9),
    waiting=st.integers(0, 3),
    due=limit,
    free=st.dictionaries(st.sampled_from(["ast0", "ast1", "ast2"]), st.integers(0, 9)),
    channels=limit,
    rate=limit,
)


def idle(count: int) -> tuple[IdleAgent, ...]:
    return tuple(IdleAgent(f"a{i}", "ast1") for i in range(count))


@settings(max_examples=150, deadline=None)
@given(steps=steps, state=states)
def test_whatever_it_is_told_it_keeps_to_every_limit(
    steps: list[tuple[float, EventKind, str | None, str | None]], state: Snapshot
) -> None:
    pacer, now = Predictive(), 1000.0
    for passed, kind, dial, agent in steps:
        now += passed
        pacer.on_event(now, kind, dial, agent)
        pacer.decide(now, state)
    decision = pacer.decide(now, state)
    for name, free in state.free.items():
        assert sum(place.switch == name for place in decision.places) <= free
    for most in (state.due, state.channels, state.rate):
        assert most is None or len(decision.places) <= most
    assert all(place.switch in state.free for place in decision.places)


def test_without_agents_nothing_is_dialled() -> None:
    pacer = Predictive()
    decision = pacer.decide(0.0, Snapshot(free={"ast1": 50}))
    assert decision.places == () and decision.reason == "no_agent"
    pacer.on_event(1.0, "connected", "d1", "a1")
    pacer.on_event(2.0, "left", None, "a1")
    assert pacer.decide(3.0, Snapshot(free={"ast1": 50})).places == ()


def test_each_idle_agent_has_a_dial_at_least_while_the_budget_is_spent() -> None:
    pacer = Predictive(Pace(answered=1000.0, abandoned=60.0))
    decision = pacer.decide(0.0, Snapshot(idle=idle(3), free={"ast1": 50}))
    assert len(decision.places) == 3 and decision.reason == "abandon_budget"
    for i in range(3):
        pacer.on_event(0.0, "placed", f"d{i}", None)
    assert pacer.decide(1.0, Snapshot(idle=idle(3), in_the_air=3, free={"ast1": 50})).places == ()


def test_dials_that_it_was_not_told_of_count_as_well() -> None:
    lonely = Predictive(Pace(answered=1000.0, abandoned=60.0))
    assert lonely.decide(0.0, Snapshot(idle=idle(3), in_the_air=3, free={"ast1": 50})).places == ()


def test_a_person_who_waits_has_the_first_claim_on_an_idle_agent() -> None:
    pacer = Predictive(Pace(answered=1000.0, abandoned=60.0))
    assert len(pacer.decide(0.0, Snapshot(idle=idle(2), waiting=1, free={"ast1": 50})).places) == 1


def test_what_is_told_twice_counts_once() -> None:
    once, twice = Predictive(), Predictive()
    for pacer, times in ((once, 1), (twice, 2)):
        for i in range(60):
            for kind in ("placed", "ringing", "answered", "live", "abandoned"):
                for _ in range(times):
                    pacer.on_event(float(i), kind, f"d{i}", None)  # type: ignore[arg-type]
    state = Snapshot(idle=idle(2), free={"ast1": 50})
    assert once.decide(61.0, state) == twice.decide(61.0, state)
    assert once.decide(61.0, state).reason == "abandon_budget"


def test_a_dial_of_which_nothing_is_heard_is_forgotten() -> None:
    pacer = Predictive(Pace(answered=1000.0, abandoned=60.0))
    pacer.on_event(0.0, "placed", "d1", None)
    assert pacer.decide(1.0, Snapshot(idle=idle(1), free={"ast1": 5})).places == ()
    assert len(pacer.decide(100.0, Snapshot(idle=idle(1), free={"ast1": 5})).places) == 1


def test_calls_that_ring_long_are_taken_back_when_nobody_would_be_free() -> None:
    pacer = Predictive()
    pacer.on_event(0.0, "connected", "d0", "a1")
    for i in (1, 2):
        pacer.on_event(0.0, "placed", f"d{i}", None)
    pacer.on_event(2.0, "ringing", "d1", None)
    assert pacer.decide(16.0, Snapshot(in_the_air=2, free={"ast1": 5})).hang_up == ()
    assert pacer.decide(17.5, Snapshot(in_the_air=2, free={"ast1": 5})).hang_up == ("d1",)
    assert pacer.decide(17.6, Snapshot(in_the_air=2, free={"ast1": 5})).hang_up == ()
    patient = Predictive(Pace(take_back_s=None))
    patient.on_event(0.0, "placed", "d1", "a1")
    patient.on_event(2.0, "ringing", "d1", None)
    assert patient.decide(20.0, Snapshot(in_the_air=1, free={"ast1": 5})).hang_up == ()


def test_dials_go_to_the_switches_of_the_agents() -> None:
    pacer = Predictive()
    team = tuple(IdleAgent(f"a{i}", "ast1" if i < 3 else "ast2") for i in range(4))
    places = pacer.decide(0.0, Snapshot(idle=team, free={"ast1": 20, "ast2": 20, "ast3": 20}, rate=4)).places
    assert sorted(place.switch for place in places) == ["ast1", "ast1", "ast1", "ast2"]


def test_a_fixed_ratio_counts_what_is_under_way() -> None:
    pacer = Power(2.5)
    assert len(pacer.decide(0.0, Snapshot(idle=idle(4), in_the_air=3, free={"ast1": 50})).places) == 7
    pacer.on_event(1.0, "answered", "d1", None)
    assert len(pacer.decide(1.0, Snapshot(idle=idle(4), in_the_air=2, waiting=1, free={"ast1": 50})).places) == 4


def test_when_people_begin_to_answer_otherwise_less_is_risked_for_a_while() -> None:
    """One in four, then all but one in ten. Every thirtieth of them is let go."""
    answered = 0
    pacer, draw, over = Predictive(Pace(answered=9_000.0, abandoned=100.0)), Random(1), list[tuple[int, bool, str]]()
    for second in range(1_400):
        if second == 1_200:
            before = pacer.beliefs(1_200.0)
        pacer.on_event(float(second), "placed", f"d{second}", None)
        person = draw.random() < (0.25 if second < 1_200 else 0.9)
        over.append((second + draw.randint(4, 14) if person else second + draw.randint(3, 24), person, f"d{second}"))
        for _, person, dial in [one for one in over if one[0] == second]:
            answered += person
            kind: EventKind = "failed" if not person else "abandoned" if answered % 30 == 0 else "connected"
            pacer.on_event(second + 0.5, kind, dial, "b" if kind == "connected" else None)
        pacer.decide(second + 0.9, Snapshot(idle=idle(5)))
    after = pacer.beliefs(1_400.0)
    assert before.answer_ratio < 0.4 and after.answer_ratio > 0.6
    assert after.risk < 0.8 * before.risk
    assert pacer.beliefs(1_400.0 + 3_600.0).risk > 1.2 * after.risk
