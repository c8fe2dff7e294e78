"""The desk: agents, line, and matching together."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dialer.agents import model as m
from dialer.agents.desk import Desk
from dialer.agents.model import State
from dialer.agents.routing import Waiting
from dialer.config.models import Agent
from dialer.store.records import AgentSession


def agent(*skills: str, wrap_up: str | None = None) -> Agent:
    return Agent.model_validate({"name": "A", "phone": "phone1", "skills": list(skills), "wrap_up": wrap_up})


def team(**skills: str) -> Desk:
    """A desk whose agents are idle, in this order, one second apart."""
    desk = Desk({name: agent(*wanted.split()) for name, wanted in skills.items()})
    for second, name in enumerate(skills):
        desk.apply(name, m.LegUp(f"leg-{name}", "ast1"), float(second))
        desk.apply(name, m.ReadyRequested(), float(second))
    return desk


def caller(call_id: str, *skills: str, since: float = 10.0, most: int | None = None, switch: str = "ast1") -> Waiting:
    return Waiting(call_id, switch, "support", frozenset(skills), 0, since, most)


def served(desk: Desk, now: float = 20.0) -> list[tuple[str, str]]:
    return [(assignment.call_id, assignment.agent) for assignment in desk.match(now)]


def test_a_match_reserves_the_agent_for_that_call() -> None:
    desk = team(ann="de", bob="de")
    assert desk.enqueue(caller("call-1", "de")) == "queued"
    (assignment,) = desk.match(25.0)
    assert (assignment.call_id, assignment.agent, assignment.waited_s) == ("call-1", "ann", 15.0)
    assert any(isinstance(effect, m.RecordSpan) for effect in assignment.effects)
    assert desk.state("ann").state is State.RESERVED
    assert (desk.by_call("call-1"), desk.idle(["de"]), desk.waiting()) == ("ann", ["bob"], 0)


def test_an_agent_held_for_a_campaigns_dial_is_for_that_call_only() -> None:
    desk = team(ann="de")
    desk.apply("ann", m.Reserved("dial-1"), 5.0)
    desk.enqueue(caller("call-1", "de"))
    assert served(desk) == []
    desk.apply("ann", m.Released("dial-1"), 21.0)
    assert served(desk) == [("call-1", "ann")]


def test_after_a_dial_to_nobody_the_agent_is_still_the_first() -> None:
    desk = team(ann="de", bob="de")
    desk.apply("ann", m.Reserved("dial-1"), 5.0)
    desk.apply("ann", m.Released("dial-1"), 9.0)
    assert desk.idle() == ["ann", "bob"]


def test_a_full_queue_takes_nobody_unless_somebody_is_idle() -> None:
    desk = team(ann="de")
    assert desk.enqueue(caller("call-1", "de", most=1)) == "queued"
    desk.match(20.0)
    assert desk.enqueue(caller("call-2", "de", most=1)) == "queued"
    assert desk.enqueue(caller("call-3", "de", most=1)) == "full"
    assert desk.enqueue(caller("call-2", "de", most=1)) == "queued", "it has its place already"
    assert desk.dequeue("call-2")
    assert not desk.dequeue("call-2")
    assert desk.enqueue(caller("call-3", "de", most=1)) == "queued"
    without_waiting = team(bob="de")
    assert without_waiting.enqueue(caller("call-1", "de", most=0)) == "queued"
    assert served(without_waiting) == [("call-1", "bob")]
    assert without_waiting.enqueue(caller("call-2", "de", most=0)) == "full"


def test_agents_serve_the_switch_that_their_leg_is_on() -> None:
    desk = team(ann="de")
    desk.enqueue(caller("call-1", "de", switch="ast2"))
    assert served(desk) == []
    desk.apply("ann", m.LegUp("leg-2", "ast2"), 30.0)
    assert served(desk) == [("call-1", "ann")]


def test_an_agents_own_wrap_up_time_counts() -> None:
    desk = Desk({"ann": agent("de", wrap_up="7s")})
    for event in (m.LegUp("leg", "ast1"), m.ReadyRequested(), m.Reserved("c"), m.Joined("c", "acme")):
        desk.apply("ann", event, 1.0)
    assert m.StartTimer("ann", m.WRAP_UP_TIMER, 7.0) in desk.apply("ann", m.Parted("c", 99.0), 2.0)


def test_legs_and_calls_lead_to_their_agent_only_while_they_are_theirs() -> None:
    desk = team(ann="de")
    desk.apply("ann", m.Reserved("call-1"), 5.0)
    desk.apply("ann", m.Joined("call-1", "acme"), 6.0)
    assert (desk.by_channel("leg-ann"), desk.by_call("call-1")) == ("ann", "ann")
    desk.apply("ann", m.Parted("call-1", 30.0), 7.0)
    assert desk.by_call("call-1") is None
    desk.apply("ann", m.LegLost("leg-ann"), 8.0)
    assert desk.by_channel("leg-ann") is None


def test_staffed_counts_who_works_or_will() -> None:
    desk = team(ann="de sales", bob="de", cid="de")
    desk.apply("bob", m.PauseRequested(), 5.0)
    desk.apply("ann", m.Reserved("call-1"), 5.0)
    assert (desk.staffed(["de"]), desk.staffed(["sales"]), desk.staffed(["fr"]), desk.staffed()) == (2, 1, 0, 2)
    assert desk.staffed(["de"], "ast2") == 0


def test_queues_are_told_with_their_longest_wait() -> None:
    desk = Desk({})
    desk.enqueue(caller("call-1", "de", since=12.0))
    desk.enqueue(caller("call-2", "en", since=11.0))
    assert (desk.queues()["support"].waiting, desk.queues()["support"].oldest) == (2, 11.0)
    assert (desk.waiting(), desk.waiting(["de", "fr"])) == (2, 1)


def test_changed_skills_count_at_once_and_agents_gone_finish_their_call() -> None:
    desk = team(ann="de", bob="de")
    desk.apply("bob", m.Reserved("call-1"), 5.0)
    desk.apply("bob", m.Joined("call-1", "acme"), 6.0)
    effects = desk.reconfigure({"ann": agent("fr"), "cid": agent("de")}, 7.0)
    assert (desk.idle(["fr"]), desk.idle(["de"])) == (["ann"], [])
    assert not any(isinstance(effect, m.HangUpLeg) for effect in effects)
    assert desk.state("cid").state is State.LOGGED_OUT
    assert m.HangUpLeg("bob", "leg-bob") in desk.apply("bob", m.Parted("call-1", 0.0), 9.0)
    assert {state.agent for state in desk.states()} == {"ann", "cid"}
    assert m.HangUpLeg("ann", "leg-ann") in desk.reconfigure({}, 10.0)
    assert list(desk.states()) == []


def test_an_agent_taken_back_into_the_configuration_stays() -> None:
    desk = team(ann="de")
    desk.apply("ann", m.Reserved("call-1"), 5.0)
    desk.apply("ann", m.Joined("call-1", "acme"), 6.0)
    desk.reconfigure({}, 7.0)
    desk.reconfigure({"ann": agent("de")}, 8.0)
    desk.apply("ann", m.Parted("call-1", 0.0), 9.0)
    assert desk.state("ann").state is State.IDLE


def test_adoption_after_a_crash() -> None:
    desk = Desk({"ann": agent("de"), "bob": agent("de")})
    ann = AgentSession("ann", "leg-a", "ast1", 1.0, "ready")
    bob = AgentSession("bob", "leg-b", "ast1", 1.0, "ready")
    assert desk.adopt(ann, State.IDLE, None, 100.0) == (m.BecameIdle("ann"),)
    assert desk.adopt(bob, State.TALKING, "call-1", 100.0) == ()
    assert (desk.by_channel("leg-b"), desk.by_call("call-1"), desk.idle()) == ("bob", "bob", ["ann"])
    assert list(desk.sessions()) == [ann, bob]
    stranger = AgentSession("eve", "leg-e", "ast1", 1.0, "ready")
    assert desk.adopt(stranger, State.IDLE, None, 100.0) == (m.HangUpLeg("eve", "leg-e"), m.DropSession("eve"))


NAMES = st.sampled_from(["ann", "bob", "cid"])
CALLS = st.sampled_from([f"call-{number}" for number in range(4)])
SKILLS = st.sampled_from(["de", "en", "fr"])


class AnyDay(RuleBasedStateMachine):
    """Whatever happens in whatever order, the indexes agree with the states."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk({"ann": agent("de"), "bob": agent("de", "en"), "cid": agent("fr")})
        self.now = 0.0

    def tell(self, name: str, event: m.Event) -> None:
        self.now += 1.0
        if name in {state.agent for state in self.desk.states()}:
            self.desk.apply(name, event, self.now)

    @rule(name=NAMES, leg=st.sampled_from(["1", "2"]), switch=st.sampled_from(["ast1", "ast2"]))
    def leg_up(self, name: str, leg: str, switch: str) -> None:
        self.tell(name, m.LegUp(f"{name}-{leg}", switch))
        self.tell(name, m.ReadyRequested())

    @rule(name=NAMES, leg=st.sampled_from(["1", "2"]))
    def leg_lost(self, name: str, leg: str) -> None:
        self.tell(name, m.LegLost(f"{name}-{leg}"))

    @rule(name=NAMES, wish=st.sampled_from([m.ReadyRequested(), m.PauseRequested(), m.LogoutRequested()]))
    def wish(self, name: str, wish: m.Event) -> None:
        self.tell(name, wish)

    @rule(name=NAMES, call_id=CALLS, wrap_up_s=st.sampled_from([0.0, 30.0]))
    def talk_or_release(self, name: str, call_id: str, wrap_up_s: float) -> None:
        self.join(name, call_id)
        self.tell(name, m.Parted(call_id, wrap_up_s))
        self.tell(name, m.Released(call_id))

    @rule(name=NAMES, call_id=CALLS)
    def talk(self, name: str, call_id: str) -> None:
        self.join(name, call_id)

    def join(self, name: str, call_id: str) -> None:
        """A call is with one agent at a time, and waits for no other: so the engine has it."""
        if self.desk.by_call(call_id) in (None, name):
            self.desk.dequeue(call_id)
            self.tell(name, m.Joined(call_id, "acme"))

    @rule(name=NAMES)
    def wrap_up_over(self, name: str) -> None:
        self.tell(name, m.WrapUpOver())

    @rule(call_id=CALLS, skill=SKILLS, priority=st.integers(0, 1), most=st.sampled_from([None, 0, 2]))
    def enqueue(self, call_id: str, skill: str, priority: int, most: int | None) -> None:
        if self.desk.by_call(call_id) is None:
            wanted = frozenset({skill})
            self.desk.enqueue(Waiting(call_id, "ast1", "queue", wanted, priority, self.now, most))

    @rule(call_id=CALLS)
    def dequeue(self, call_id: str) -> None:
        self.desk.dequeue(call_id)

    @rule()
    def match(self) -> None:
        for assignment in self.desk.match(self.now):
            state = self.desk.state(assignment.agent)
            assert (state.state, state.call_id) == (State.RESERVED, assignment.call_id)

    @rule(kept=st.sets(NAMES), skill=SKILLS)
    def reconfigure(self, kept: set[str], skill: str) -> None:
        self.desk.reconfigure({name: agent(skill) for name in kept}, self.now)

    @invariant()
    def indexes_agree(self) -> None:
        states = list(self.desk.states())
        assert sorted(self.desk.idle()) == sorted(s.agent for s in states if s.state is State.IDLE)
        assert self.desk.staffed() == sum(s.state in m.STAFFED for s in states)
        german = [s for s in states if s.state in m.STAFFED and "de" in self.desk.config(s.agent).skills]
        assert self.desk.staffed(["de"]) == len(german)
        assert self.desk.staffed(["de"], "ast2") == sum(s.switch == "ast2" for s in german)
        for state in states:
            if state.channel:
                assert self.desk.by_channel(state.channel) == state.agent
            if state.state in (State.RESERVED, State.TALKING):
                assert state.call_id
                assert self.desk.by_call(state.call_id) == state.agent
            elif state.call_id:
                assert self.desk.by_call(state.call_id) != state.agent
        assert self.desk.waiting_in("queue") == self.desk.waiting()
        assert sum(queue.waiting for queue in self.desk.queues().values()) == self.desk.waiting()


TestAnyDay = AnyDay.TestCase
TestAnyDay.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
