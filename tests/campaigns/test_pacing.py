"""How many calls, for whom, and why not more."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaigns.pacing import IdleAgent, Place, Snapshot, agentless, pacer_for, progressive
from dialer.config.campaign import Campaign

AMPLE = {"ast1": 50, "ast2": 50}


def idle(*names: str, switch: str = "ast1") -> tuple[IdleAgent, ...]:
    return tuple(IdleAgent(name, switch) for name in names)


def test_progressive_places_one_call_for_each_idle_agent_on_the_agents_switch() -> None:
    team = (*idle("ann"), *idle("bob", switch="ast2"))
    decision = progressive(Snapshot(idle=team, free=AMPLE))
    assert decision.places == (Place("ast1", "ann"), Place("ast2", "bob"))
    assert decision.reason == "dialling"


@pytest.mark.parametrize(
    ("snapshot", "placed", "reason"),
    [
        (Snapshot(free=AMPLE), [], "no_idle_agent"),
        (Snapshot(idle=idle("ann", "bob"), free=AMPLE, waiting=2), [], "people_waiting"),
        (Snapshot(idle=idle("ann", "bob"), free=AMPLE, waiting=1), ["bob"], "dialling"),
        (Snapshot(idle=idle("ann", "bob"), free={"ast1": 1}), ["ann"], "no_free_channel"),
        (Snapshot(idle=idle("ann", "bob"), free={}), [], "no_free_channel"),
        (Snapshot(idle=idle("ann", "bob"), free=AMPLE, due=1), ["ann"], "nothing_due"),
        (Snapshot(idle=idle("ann", "bob"), free=AMPLE, due=0), [], "nothing_due"),
        (Snapshot(idle=idle("ann", "bob"), free=AMPLE, channels=1), ["ann"], "campaign_channels"),
        (Snapshot(idle=idle("ann", "bob"), free=AMPLE, rate=0), [], "rate_limit"),
        (Snapshot(idle=idle("ann", "bob"), free=AMPLE, due=2, channels=2, rate=2), ["ann", "bob"], "dialling"),
        (Snapshot(idle=(*idle("ann"), *idle("bob", switch="ast2")), free={"ast2": 3}), ["bob"], "no_free_channel"),
    ],
)  # fmt: skip
def test_progressive_says_what_held_it_back(snapshot: Snapshot, placed: list[str], reason: str) -> None:
    decision = progressive(snapshot)
    assert [place.agent for place in decision.places] == placed
    assert decision.reason == reason


@pytest.mark.parametrize(
    ("snapshot", "placed", "reason"),
    [
        (Snapshot(free={"ast1": 1, "ast2": 3}), {"ast1": 1, "ast2": 3}, "no_free_channel"),
        (Snapshot(free={"ast1": 1, "ast2": 3}, channels=2), {"ast2": 2}, "campaign_channels"),
        (Snapshot(free={"ast1": 4, "ast2": 4}, rate=4), {"ast1": 2, "ast2": 2}, "rate_limit"),
        (Snapshot(free={"ast1": 4}, due=0), {}, "nothing_due"),
        (Snapshot(free={}), {}, "no_free_channel"),
    ],
)
def test_agentless_fills_the_switch_with_the_most_room(
    snapshot: Snapshot, placed: dict[str, int], reason: str
) -> None:
    decision = agentless(snapshot)
    assert Counter(place.switch for place in decision.places) == placed
    assert decision.reason == reason
    assert {place.agent for place in decision.places} <= {None}


SNAPSHOTS = st.builds(
    Snapshot,
    idle=st.lists(st.builds(IdleAgent, st.uuids().map(str), st.sampled_from(["ast1", "ast2", "ast3"])), max_size=9)
    .map(tuple),
    waiting=st.integers(0, 4),
    due=st.none() | st.integers(0, 9),
    free=st.dictionaries(st.sampled_from(["ast1", "ast2"]), st.integers(0, 5)),
    channels=st.none() | st.integers(0, 9),
    rate=st.none() | st.integers(0, 9),
)  # fmt: skip


@given(SNAPSHOTS)
def test_no_bound_is_broken_and_none_is_left_unused(snapshot: Snapshot) -> None:
    for decide in (progressive, agentless):
        decision = decide(snapshot)
        used = Counter(place.switch for place in decision.places)
        bounds = [bound for bound in (snapshot.due, snapshot.channels, snapshot.rate) if bound is not None]
        assert all(len(decision.places) <= bound for bound in bounds)
        assert all(count <= snapshot.free.get(switch, 0) for switch, count in used.items())
        if decide is progressive:
            agents = [place.agent for place in decision.places]
            assert len(set(agents)) == len(agents)
            assert len(agents) <= max(0, len(snapshot.idle) - snapshot.waiting)
            assert {(place.agent, place.switch) for place in decision.places} <= {
                (one.agent, one.switch) for one in snapshot.idle
            }
            held_back = {one.switch for one in snapshot.idle[snapshot.waiting:] if one.agent not in agents}
            room = any(snapshot.free.get(switch, 0) > used[switch] for switch in held_back)
        else:
            room = sum(snapshot.free.values()) > len(decision.places)
        assert not room or any(len(decision.places) == bound for bound in bounds)


def test_the_campaigns_mode_chooses_the_pacer() -> None:
    basis = {"campaign": "winback", "client": "acme"}
    one_to_one = Campaign.model_validate({**basis, "agents": {"skills": ["de"]}})
    by_flow = Campaign.model_validate({**basis, "mode": "agentless", "flow": "survey"})
    snapshot = Snapshot(idle=idle("ann"), free={"ast1": 5})
    assert len(pacer_for(one_to_one).decide(0.0, snapshot).places) == 1
    assert len(pacer_for(by_flow).decide(0.0, snapshot).places) == 5
