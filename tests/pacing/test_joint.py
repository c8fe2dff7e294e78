"""Campaigns that share agents: shares, priorities, one risk for all; whatever is told, limits hold."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaigns.pacing import Decision, EventKind, IdleAgent, Pace, Power, Predictive, Progressive, Snapshot
from dialer.campaigns.pacing.joint import OTHER, Ask, Joint, Member, members_of
from dialer.campaigns.pacing.rivals import at_times
from dialer.campaigns.pacing.windows import Estimates, Limit, Window, Windows
from dialer.simulation.shared import SharedShift, Sharer
from dialer.simulation.world import world

SWITCH = "ast1"
TEAM = {f"a{i}": SWITCH for i in range(4)}


def predictive(**pace: float) -> Member:
    forecast = Predictive(Pace(**pace))
    return Member(forecast, forecast, False)


def one_to_one() -> Member:
    return Member(Predictive(), Progressive(), True)


def joint(**members: Member) -> Joint:
    made = Joint()
    for name, member in members.items():
        made.put(name, member, 1.0, 0)
    return made


def ask(idle: int = 0, agents: dict[str, str] | None = None, **more: object) -> Ask:
    able = agents if agents is not None else TEAM
    state = Snapshot(idle=tuple([IdleAgent(name, SWITCH) for name in list(able)[:idle]]), free={SWITCH: 50}, **more)
    return Ask(state, able)


def placed(decisions: dict[str, Decision]) -> Counter[str]:
    return Counter({name: len(decision.places) for name, decision in decisions.items()})


# -- turns ----------------------------------------------------------------------------------------------


def test_a_campaign_alone_dials_as_without_the_others():
    alone, together, placed = Predictive(), joint(a=predictive()), 0
    for now in range(0, 60, 2):
        asked = ask(idle=2, in_the_air=placed)
        own = alone.decide(float(now), asked.state)
        assert together.decide(float(now), {"a": asked})["a"] == own
        placed += len(own.places)
        for i in range(len(own.places)):
            alone.on_event(float(now), "placed", f"d{now}-{i}", None)
            together.on_event(float(now), "a", "placed", f"d{now}-{i}", None)


def test_an_idle_agent_is_held_for_one_campaign_only():
    decisions = joint(a=one_to_one(), b=one_to_one()).decide(0.0, {"a": ask(idle=4), "b": ask(idle=4)})
    held = [place.agent for decision in decisions.values() for place in decision.places]
    assert len(held) == len(set(held)) == 4
    assert placed(decisions) == {"a": 2, "b": 2}


def test_the_higher_priority_dials_first():
    both = joint(a=one_to_one(), b=one_to_one())
    both.shares.put("b", 1.0, 1)
    assert placed(both.decide(0.0, {"a": ask(idle=3), "b": ask(idle=3)})) == {"a": 0, "b": 3}


def test_what_one_claims_while_nobody_is_free_blocks_nobody_later():
    both = joint(a=one_to_one(), b=one_to_one())
    for agent in TEAM:
        both.on_event(0.0, "a", "connected", f"x{agent}", agent)
    for now in (0.0, 200.0):
        both.decide(now, {"a": ask(), "b": ask()})
    both.shares.put("a", 1.0, 1)
    assert placed(both.decide(300.0, {"a": ask(idle=1), "b": ask(idle=1)})) == {"a": 1, "b": 0}


def test_who_cannot_dial_leaves_everything_to_the_other():
    both = joint(a=one_to_one(), b=one_to_one())
    closed = Ask(ask(idle=4).state, TEAM, open=False)
    assert placed(both.decide(0.0, {"a": ask(idle=4), "b": closed})) == {"a": 4}
    assert placed(both.decide(0.0, {"a": ask(idle=4, due=0), "b": ask(idle=4)})) == {"a": 0, "b": 4}


def test_dials_of_the_other_are_reckoned_with():
    """Four idle agents have four dials at least between them: not four each."""
    thrifty = {"answered": 1000.0, "abandoned": 60.0}
    both = joint(a=predictive(**thrifty), b=predictive(**thrifty))
    assert placed(both.decide(0.0, {"a": ask(idle=4), "b": ask(idle=4)})).total() == 4


def test_an_agent_at_work_for_the_other_is_supply_for_both():
    team = {f"a{i}": SWITCH for i in range(12)}

    def dials(told: bool) -> int:
        both = joint(a=predictive(), b=predictive())
        for agent in team if told else ():
            both.on_event(0.0, "b", "connected", f"x{agent}", agent)
            both.on_event(100.0, "b", "wrap_up", None, agent)
        return placed(both.decide(118.0, {"a": ask(agents=team), "b": ask(agents=team, channels=0)}))["a"]

    assert dials(told=False) == 0 < dials(told=True)


def test_what_others_risk_is_bounded_by_whom_it_may_hit():
    """The other's people, of whom none may be lost any more, are on the line: fewer are dialled beside them."""

    def dials(lost: float) -> int:
        both = joint(mine=predictive(), theirs=predictive(answered=1_000.0, abandoned=lost))
        team = {f"a{i}": SWITCH for i in range(12)}
        for i in range(10):
            both.on_event(0.0, "theirs", "placed", f"d{i}", None)
        asks = {"mine": ask(12, team), "theirs": ask(12, team, channels=0, in_the_air=10)}
        return placed(both.decide(0.0, asks))["mine"]

    assert dials(lost=30.5) < dials(lost=5.0)


def test_callers_in_line_have_the_first_claim():
    one = joint(a=predictive(answered=1000.0, abandoned=60.0))
    idle = ask(idle=4)
    assert len(one.decide(0.0, {"a": Ask(idle.state, TEAM, True, callers=3)})["a"].places) == 1


def test_a_budget_that_is_spent_has_agents_held_for_each_dial():
    spent = predictive()
    window = Window(Limit("it.silent", 3, answers=100), Estimates())
    window.add(0.0, "abandoned", 3)
    spent.windows = Windows([window])
    decision = joint(a=spent).decide(0.0, {"a": ask(idle=2)})["a"]
    assert [place.agent for place in decision.places] == ["a0", "a1"]
    assert decision.reason == "abandon_budget"


def test_only_those_who_share_agents_are_together():
    asks = {"a": ask(agents={"x": SWITCH, "y": SWITCH}), "b": ask(agents={"z": SWITCH}), "c": ask(agents={"y": SWITCH})}
    assert sorted(sorted(group) for group in members_of(asks)) == [["a", "c"], ["b"]]


def test_chances_at_other_times_lie_between():
    [(count, row)] = at_times([(2, [0.2, 0.4])], [10.0, 20.0], [5.0, 10.0, 15.0, 30.0])
    assert count == 2
    assert [round(chance, 6) for chance in row] == [0.1, 0.2, 0.3, 0.4]
    [(_, row)] = at_times([(1, [0.2, 0.4, 0.1])], [10.0, 20.0, 5.0], [20.0, 15.0, 5.0])
    assert [round(chance, 6) for chance in row] == [0.4, 0.3, 0.1]


KINDS: tuple[EventKind, ...] = (
    "placed", "ringing", "answered", "live", "machine", "failed", "connected", "abandoned", "ended", "wrap_up",
)  # fmt: skip
names = st.sampled_from(["a", "b", "c", OTHER])
dials = st.sampled_from([None, *(f"d{i}" for i in range(6))])
agents = st.sampled_from([None, *TEAM])
steps = st.lists(st.tuples(st.floats(0, 20), names, st.sampled_from(KINDS), dials, agents), max_size=30)
limit = st.one_of(st.none(), st.integers(0, 6))


def some_ask(able: list[str]) -> st.SearchStrategy[Ask]:
    state = st.builds(
        Snapshot,
        idle=st.lists(st.sampled_from([IdleAgent(one, SWITCH) for one in able]), unique=True).map(tuple),
        in_the_air=st.integers(0, 5), due=limit, channels=limit, rate=limit,
        free=st.just({SWITCH: 7}),
    )  # fmt: skip
    return st.builds(Ask, state, st.just(dict.fromkeys(able, SWITCH)), st.booleans())


@settings(max_examples=120, deadline=None)
@given(steps, some_ask(["a0", "a1", "a2", "a3"]), some_ask(["a0", "a1"]), some_ask(["a1", "a2"]))
def test_whatever_is_told_every_limit_holds(
    steps: list[tuple[float, str, EventKind, str | None, str | None]], one: Ask, two: Ask, three: Ask
):
    """In partly overlapping teams, in any order of events: no agent held twice, no dial beyond a limit."""
    made = joint(a=predictive(), b=one_to_one(), c=Member(Predictive(), Power(2.0), False))
    asks, now = {"a": one, "b": two, "c": three}, 0.0
    for passed, name, kind, dial, agent in steps:
        now += passed
        made.on_event(now, name, kind, dial, agent)
    decisions = made.decide(now, asks)
    assert decisions.keys() == {name for name, each in asks.items() if each.open}
    for name, decision in decisions.items():
        state = asks[name].state
        for most in (state.due, state.channels, state.rate):
            assert most is None or len(decision.places) <= most
        assert {place.agent for place in decision.places} <= {None, *(idle.agent for idle in state.idle)}
    assert placed(decisions).total() <= 7
    held = [place.agent for decision in decisions.values() for place in decision.places if place.agent]
    assert len(held) == len(set(held))


# -- a shift --------------------------------------------------------------------------------------------


def test_shares_are_kept_and_the_budget_of_each():
    base = world("hishort", 12)
    sharers = [Sharer("two", base, share=2.0), Sharer("one", base, share=1.0)]
    shift = SharedShift(sharers, 12, 1.0, 1).run()
    total = sum(came.busy_s for came in shift.came.values())
    assert abs(shift.came["two"].busy_s / total - 2 / 3) < 0.03
    assert all(came.abandoned <= 0.03 for came in shift.came.values())
    assert all(came.worst[200] <= 0.03 for came in shift.came.values()), "at any moment"
    assert shift.occupancy > 0.80


def test_a_team_of_few_within_a_larger_one_has_calls_and_keeps_its_budget():
    """Four of eight agents on each of two switches serve both campaigns."""
    base = world("hishort", 16)
    sharers = [Sharer("wide", base), Sharer("narrow", base, agents=[*range(4), *range(8, 12)])]
    shift = SharedShift(sharers, 16, 0.5, 1, switches=[8, 8]).run()
    assert all(came.abandoned <= 0.03 for came in shift.came.values())
    assert shift.occupancy > 0.785


def test_one_to_one_has_its_share_beside_one_that_dials_ahead():
    base = world("hishort", 12)
    sharers = [Sharer("ahead", base, share=1.0), Sharer("held", base, mode="progressive", share=1.0)]
    shift = SharedShift(sharers, 12, 1.0, 1).run()
    used = {name: came.busy_s + came.held_s for name, came in shift.came.items()}
    assert abs(used["held"] / sum(used.values()) - 0.5) < 0.08
    assert shift.came["held"].lost == 0


def test_who_runs_dry_gives_its_share_to_the_other_at_once():
    base = world("hishort", 8)
    sharers = [Sharer("short", base, ends=1800.0), Sharer("long", base)]
    shift = SharedShift(sharers, 8, 1.0, 1).run()
    assert shift.came["long"].busy_s > 2.3 * shift.came["short"].busy_s
    assert shift.occupancy > 0.78
