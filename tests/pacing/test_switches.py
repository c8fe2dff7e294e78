"""Agents on several switches: a person can only be joined to an agent on the same one."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaigns.pacing import Decision, EventKind, IdleAgent, Pace, Power, Predictive, Progressive, Snapshot
from dialer.campaigns.pacing.joint import Ask, Joint, Member
from dialer.simulation.shared import SharedShift, Sharer
from dialer.simulation.world import world

ONE, TWO = "ast1", "ast2"
TEAM = {**{f"a{i}": ONE for i in range(4)}, **{f"b{i}": TWO for i in range(4)}}
SPARING = Pace(answered=10_000.0, abandoned=297.0)
"""Of its budget little is left."""
SPENT = Pace(answered=1000.0, abandoned=60.0)


def joint(**members: Member) -> Joint:
    made = Joint()
    for name, member in members.items():
        made.put(name, member, 1.0, 0)
    return made


def predictive(pace: Pace = SPARING) -> Member:
    forecast = Predictive(pace)
    return Member(forecast, forecast, False)


def ask(idle: list[str], dials: dict[str, set[str]] | None = None, **more: object) -> Ask:
    dials = dials or {}
    state = Snapshot(
        idle=tuple([IdleAgent(agent, TEAM[agent]) for agent in idle]), free={ONE: 50, TWO: 40}, dials=dials,
        in_the_air=sum(len(there) for there in dials.values()), **more,
    )  # fmt: skip
    return Ask(state, TEAM)


def by_switch(*decisions: Decision) -> Counter[str]:
    return Counter([place.switch for decision in decisions for place in decision.places])


def place_all(pacers: Joint, name: str, dials: dict[str, set[str]]) -> None:
    for there in dials.values():
        for dial in sorted(there):
            pacers.on_event(0.0, name, "placed", dial, None)


def test_who_is_idle_here_is_dialled_for_here_whatever_is_in_the_air_there():
    dials = {TWO: {f"d{i}" for i in range(8)}}
    pacers = joint(one=predictive())
    place_all(pacers, "one", dials)
    placed = by_switch(pacers.decide(0.0, {"one": ask(["a0", "a1", "a2", "a3"], dials)})["one"])
    assert placed[ONE] >= 4
    assert placed[TWO] == 0


def test_dials_are_shared_out_by_who_is_idle_where():
    """One dial at a time: not always to the switch with the most room."""
    pacers, dials, now = joint(one=predictive()), dict[str, set[str]]({ONE: set(), TWO: set()}), 0.0
    for i in range(8):
        decision = pacers.decide(now, {"one": ask(list(TEAM), dials, rate=1)})["one"]
        [place] = decision.places
        pacers.on_event(now, "one", "placed", f"d{i}", None)
        dials[place.switch].add(f"d{i}")
        now += 0.1
    assert {switch: len(there) for switch, there in dials.items()} == {ONE: 4, TWO: 4}


@pytest.mark.parametrize("budget", [SPARING, SPENT])
def test_dials_of_another_campaign_count_on_their_own_switch(budget: Pace):
    """The other's eight are on the first switch, where four are idle for both; on the second nobody has any."""
    pacers, theirs = joint(mine=predictive(budget), theirs=predictive()), {ONE: {f"d{i}" for i in range(8)}}
    place_all(pacers, "theirs", theirs)
    asks = {"mine": ask(list(TEAM)), "theirs": ask(list(TEAM), theirs, channels=0)}
    placed = by_switch(pacers.decide(0.0, asks)["mine"])
    assert placed[TWO] >= 4
    assert placed[ONE] <= 1


def test_one_to_one_leaves_the_idle_to_the_dials_that_need_them_there():
    ahead, theirs = predictive(), {ONE: {f"d{i}" for i in range(8)}}
    pacers = joint(held=Member(Predictive(), Progressive(), True), ahead=ahead)
    place_all(pacers, "ahead", theirs)
    asks = {"held": ask(list(TEAM)), "ahead": ask(list(TEAM), theirs, channels=0)}
    placed = by_switch(pacers.decide(0.0, asks)["held"])
    assert placed[TWO] == 4
    assert placed[ONE] <= 1


KINDS: tuple[EventKind, ...] = (
    "placed", "ringing", "answered", "live", "machine", "failed", "connected", "abandoned", "ended", "wrap_up",
)  # fmt: skip
dials = st.sampled_from([f"d{i}" for i in range(8)])
steps = st.lists(
    st.tuples(st.floats(0, 20), st.sampled_from("xyz"), st.sampled_from(KINDS), dials, st.sampled_from([None, *TEAM])),
    max_size=30,
)
limit = st.one_of(st.none(), st.integers(0, 6))


def some_ask(able: list[str]) -> st.SearchStrategy[Ask]:
    state = st.builds(
        Snapshot,
        idle=st.lists(st.sampled_from([IdleAgent(one, TEAM[one]) for one in able]), unique=True).map(tuple),
        in_the_air=st.integers(0, 5), due=limit, channels=limit, rate=limit, contacts_left=limit,
        free=st.fixed_dictionaries({ONE: st.integers(0, 4)}, optional={TWO: st.integers(0, 4)}),
        dials=st.dictionaries(st.sampled_from([ONE, TWO]), st.sets(dials, max_size=5)),
    )  # fmt: skip
    return st.builds(Ask, state, st.just({one: TEAM[one] for one in able}), st.booleans())


@settings(max_examples=60, deadline=None)
@given(steps, some_ask(list(TEAM)), some_ask(["a0", "a1", "b0"]), some_ask(["a1", "a2", "b0", "b1"]))
def test_whatever_is_told_every_limit_holds_on_each_switch(
    steps: list[tuple[float, str, EventKind, str, str | None]], x: Ask, y: Ask, z: Ask
):
    made = joint(
        x=predictive(Pace()), y=predictive(Pace()), z=Member(Predictive(), Power(2.0), False),
    )  # fmt: skip
    now = 0.0
    for passed, name, kind, dial, agent in steps:
        now += passed
        made.on_event(now, name, kind, f"{name}{dial}", agent)
    asks = {"x": x, "y": y, "z": z}
    decisions = made.decide(now, asks)
    for name, decision in decisions.items():
        state = asks[name].state
        for most in (state.due, state.channels, state.rate):
            assert most is None or len(decision.places) <= most
        if name != "z":
            assert state.contacts_left is None or len(decision.places) <= state.contacts_left
        assert all(place.switch in set(asks[name].agents.values()) for place in decision.places)
    placed = by_switch(*decisions.values())
    for switch in (ONE, TWO):
        assert placed[switch] <= max(ask.state.free.get(switch, 0) for ask in asks.values())


@pytest.mark.parametrize("switches", [(5, 5), (7, 3)])
def test_a_shift_on_two_switches_keeps_the_budget(switches: tuple[int, int]):
    """Reckoned with as if everybody could be joined to everybody, one in twenty-five was lost."""
    shift = SharedShift([Sharer("one", world("hishort", 10))], 10, 0.4, 1, switches).run()
    assert shift.came["one"].abandoned <= 0.03
    assert shift.occupancy > 0.74
