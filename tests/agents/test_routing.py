"""The match against its rules, written the slow and plain way."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from dialer.agents.routing import IdleAgents, Waiting, WaitingLine, match

SKILLS = st.frozensets(st.sampled_from(["sales", "support", "de", "en"]), max_size=3)
SWITCHES = st.sampled_from(["ast1", "ast2"])
TIMES = st.integers(0, 5).map(float)

Agent = tuple[str, frozenset[str], str, float]


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[Agent], list[Waiting]]:
    agents = [
        (f"agent{number}", *rest) for number, rest in enumerate(draw(st.lists(st.tuples(SKILLS, SWITCHES, TIMES))))
    ]
    rows = draw(st.lists(st.tuples(SWITCHES, SKILLS, st.integers(0, 2), TIMES)))
    waiting = [
        Waiting(f"call{number}", switch, "queue", skills, priority, since)
        for number, (switch, skills, priority, since) in enumerate(rows)
    ]
    return agents, waiting


def seated(agents: Sequence[Agent], waiting: Sequence[Waiting]) -> tuple[WaitingLine, IdleAgents]:
    line, idle = WaitingLine(), IdleAgents()
    for agent in agents:
        idle.put(*agent)
    for call in waiting:
        line.put(call)
    return line, idle


def plainly(agents: Sequence[Agent], waiting: Sequence[Waiting]) -> list[tuple[str, str]]:
    """The rules as they are said: in order of priority and wait, each gets, of those who can serve, who has the
    fewest skills, and of those the longest idle."""
    left = sorted(agents, key=lambda agent: (len(agent[1]), agent[3], agent[0]))
    pairs: list[tuple[str, str]] = []
    for call in sorted(waiting, key=lambda call: (-call.priority, call.since)):  # stable: order of arrival
        for agent in left:
            if call.skills <= agent[1] and call.switch == agent[2]:
                pairs.append((call.call_id, agent[0]))
                left.remove(agent)
                break
    return pairs


@given(crowds())
def test_the_match_is_what_the_rules_say(crowd: tuple[list[Agent], list[Waiting]]) -> None:
    agents, waiting = crowd
    line, idle = seated(agents, waiting)
    pairs = [(call.call_id, agent) for call, agent in match(line, idle)]
    assert pairs == plainly(agents, waiting)


@given(crowds())
def test_nobody_waits_while_somebody_idle_could_serve_and_nobody_is_taken_twice(
    crowd: tuple[list[Agent], list[Waiting]],
) -> None:
    agents, waiting = crowd
    line, idle = seated(agents, waiting)
    pairs = match(line, idle)
    assert all(idle.first(call.skills, call.switch) is None for call in line)
    taken = [agent for _, agent in pairs]
    served = [call.call_id for call, _ in pairs]
    assert len(set(taken)) == len(taken)
    assert len(set(served)) == len(served)
    assert {agent for agent, *_ in agents} == set(taken) | {agent for agent, *_ in agents if agent in idle}
    assert not set(taken) & {agent for agent, *_ in agents if agent in idle}
    assert {call.call_id for call in waiting} == set(served) | {call.call_id for call in line}
    assert match(line, idle) == []


@given(crowds(), st.data())
def test_coming_and_going_leaves_no_trace(crowd: tuple[list[Agent], list[Waiting]], data: st.DataObject) -> None:
    agents, waiting = crowd
    gone = data.draw(st.sets(st.sampled_from([agent[0] for agent in agents]))) if agents else set()
    left = data.draw(st.sets(st.sampled_from([call.call_id for call in waiting]))) if waiting else set()
    line, idle = seated(agents, waiting)
    for agent in gone:
        idle.remove(agent)
        idle.remove(agent)
    for call_id in left:
        assert line.remove(call_id) is not None
        assert line.remove(call_id) is None
    stay = [agent for agent in agents if agent[0] not in gone]
    still = [call for call in waiting if call.call_id not in left]
    assert line.count("queue") == len(line) == len(still)
    assert len(idle) == len(stay)
    assert [(call.call_id, agent) for call, agent in match(line, idle)] == plainly(stay, still)


@given(crowds())
def test_idle_agents_are_listed_in_the_order_in_which_they_get_work(crowd: tuple[list[Agent], list[Waiting]]) -> None:
    agents, _ = crowd
    _, idle = seated(agents, [])
    wanted = frozenset({"de"})
    able = sorted(
        (len(skills), since, name) for name, skills, switch, since in agents if wanted <= skills and switch == "ast1")
    assert idle.all(wanted, "ast1") == [name for *_, name in able]
    assert idle.first(wanted, "ast1") == next(iter(idle.all(wanted, "ast1")), None)
    assert len(idle.all(frozenset(), None)) == len(agents)


def test_whoever_can_serve_others_as_well_is_spared_for_them() -> None:
    agents = [("ann", frozenset({"de", "en"}), "ast1", 5.0), ("bob", frozenset({"en"}), "ast1", 6.0)]
    calls = [Waiting("english", "ast1", "q", frozenset({"en"}), 0, 1.0),
             Waiting("german", "ast1", "q", frozenset({"de"}), 0, 2.0)]  # fmt: skip
    pairs = match(*seated(agents, calls))
    assert [(call.call_id, agent) for call, agent in pairs] == [("english", "bob"), ("german", "ann")]


def test_putting_again_moves() -> None:
    line, idle = seated([("ann", frozenset({"de"}), "ast1", 5.0), ("bob", frozenset({"de"}), "ast1", 6.0)], [])
    idle.put("ann", frozenset({"de", "en"}), "ast1", 9.0)
    assert idle.all(frozenset({"de"}), "ast1") == ["bob", "ann"]
    line.put(Waiting("call", "ast1", "one", frozenset(), 0, 1.0))
    line.put(Waiting("call", "ast1", "two", frozenset(), 3, 1.0))
    assert (len(line), line.count("one"), line.count("two")) == (1, 0, 1)


def test_a_group_that_comes_into_being_is_found_by_those_who_looked_before() -> None:
    idle = IdleAgents()
    assert idle.first(frozenset({"de"}), "ast1") is None
    idle.put("ann", frozenset({"de", "en"}), "ast1", 5.0)
    assert idle.first(frozenset({"de"}), "ast1") == "ann"
    idle.put("bob", frozenset({"de"}), "ast1", 4.0)
    assert idle.first(frozenset({"de"}), "ast1") == "bob"


def test_skills_that_callers_make_up_are_not_remembered_for_ever() -> None:
    idle = IdleAgents()
    idle.put("ann", frozenset({"de"}), "ast1", 1.0)
    for number in range(10_000):
        idle.first(frozenset({f"skill{number}"}), "ast1")
    assert len(idle._covering) <= 4096


class Counted(IdleAgents):
    """Counts how often somebody is looked for."""

    looked = 0

    def first(self, skills: frozenset[str], switch: str | None) -> str | None:
        self.looked += 1
        return super().first(skills, switch)


def test_a_thousand_who_wait_in_vain_cost_no_search_each() -> None:
    """The bound is on work done, not on time: one search a match, and one a group that nobody can serve."""
    line, idle = WaitingLine(), Counted()
    for number in range(1000):
        idle.put(f"agent{number}", frozenset({"de", f"team{number % 10}"}), "ast1", float(number))
        line.put(Waiting(f"vain{number}", "ast1", "q", frozenset({f"lost{number % 5}"}), 9, float(number)))
    for number in range(300):
        line.put(Waiting(f"call{number}", "ast1", "q", frozenset({f"team{number % 10}"}), 0, float(number)))
    assert len(match(line, idle)) == 300
    assert idle.looked <= 300 + 5 + 10
