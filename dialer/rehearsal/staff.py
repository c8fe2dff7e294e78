"""The agents: when they come, pause and go, how long they look at a contact, and how long they write up a talk."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal, Protocol

from dialer.agents.model import State
from dialer.rehearsal.population import People
from dialer.web.port import RefusedError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

Verb = Literal["login", "ready", "pause", "logout"]
LATE_S, PAUSE_S, PAUSE_EVERY_S, LUNCH_S = 600.0, 300.0, 2700.0, 1800.0
"""The shift begins within ten minutes; a pause of five every three quarters of an hour; half an hour of lunch."""
UNREADY_S = 2.0
"""Between a log-in, and being ready."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an agent does, `at` seconds after the beginning."""

    at: float
    agent: str
    verb: Verb


def usual_day(agents: Iterable[str], seconds: float, seed: int) -> list[Step]:
    """Everybody is there the whole time, but for pauses; a shift below two hours has none."""
    steps: list[Step] = []
    for agent in agents:
        draw = Random(f"{seed}/rota/{agent}")
        if seconds < 7200.0:
            steps += [Step(0.0, agent, "login"), Step(UNREADY_S, agent, "ready")]
            continue
        start = draw.uniform(0.0, LATE_S)
        steps += [Step(start, agent, "login"), Step(start + UNREADY_S, agent, "ready")]
        lunch = seconds * draw.uniform(0.4, 0.6)
        pauses, at = [(lunch, LUNCH_S)], start
        while (at := at + PAUSE_EVERY_S * draw.uniform(0.6, 1.4)) < seconds:
            if abs(at - lunch) > PAUSE_EVERY_S / 2:
                pauses.append((at, PAUSE_S))
        for begin, length in pauses:
            steps += [Step(begin, agent, "pause"), Step(begin + length, agent, "ready")]
    return steps


class Desktop(Protocol):
    """What agents do on theirs; what is refused comes to nothing."""

    def dispose(self, agent: str, code: str) -> None: ...
    def accept(self, agent: str) -> None: ...
    def dial(self, agent: str, campaign: str, number: str) -> None: ...


class Staff:
    """`talk_over` is to be told by the switch, `look` now and then. `by_hand`: by campaign, the numbers that agents
    dial one after another."""

    def __init__(
        self, engine: "Engine", people: People, steps: Sequence[Step], desktop: Desktop,
        by_hand: Mapping[str, Sequence[str]],
    ) -> None:
        self._engine, self._people, self._desktop = engine, people, desktop
        self._by_hand = {campaign: deque(numbers) for campaign, numbers in by_hand.items()}
        self._talks: dict[str, int] = {}
        self._looking: set[str] = set()
        """Agents at a contact: their own of a preview, or the next one to dial by hand."""
        self._of_phone = {agent.phone: name for name, agent in engine.configuration.agents.items()}
        for step in steps:
            engine.clock.call_later(step.at, self._do, step.agent, step.verb)

    def _do(self, agent: str, verb: str) -> None:
        with suppress(RefusedError, KeyError):
            self._engine.floor.command(agent, verb)

    def talk_over(self, phone: str) -> None:
        agent = self._of_phone[phone]
        talk = self._talks[agent] = self._talks.get(agent, 0) + 1
        last = self._engine.floor.last_call(agent)
        seconds = self._people("" if last is None else last.seed.number).wrap_up_s(agent, talk)
        call = self._engine.floor.desk.state(agent).call_id
        self._engine.clock.call_later(seconds, self._written_up, agent, call)

    def _written_up(self, agent: str, call: str | None) -> None:
        state = self._engine.floor.desk.state(agent)
        if state.state is not State.WRAP_UP or state.call_id != call:
            return  # the limit was up before
        live = self._engine.floor.last_call(agent)
        if live is not None and live.contact is not None:
            code = self._people(live.contact.number).disposition(live.contact.number, live.contact.attempts + 1)
            said = live.campaign.dispositions.get(code or "") if live.campaign is not None else None
            promises = said is not None and said.callback and said.retry_after is None  # for when, nobody says here
            if code is not None and said is not None and not promises:
                self._desktop.dispose(agent, code)
                return
        self._do(agent, "end_wrap_up")

    # -- contacts looked at before the call ---------------------------------------------------------

    def look(self) -> None:
        """Who is shown a contact, or has nothing else to do than to dial the next one by hand, thinks about it."""
        for state in self._engine.floor.desk.states():
            agent = state.agent
            if agent in self._looking:
                continue
            if (shown := self._engine.campaigns.previews.view(agent)) is not None:
                self._think(agent, shown[0].number, None)
            elif state.state is State.IDLE and (found := self._next_by_hand(agent)) is not None:
                self._think(agent, found[1], found[0])

    def _next_by_hand(self, agent: str) -> tuple[str, str] | None:
        """Of the campaign that has most left."""
        campaign = max(self._by_hand, key=lambda name: len(self._by_hand[name]), default=None)
        if campaign is None or not self._by_hand[campaign]:
            return None
        return campaign, self._by_hand[campaign].popleft()

    def _think(self, agent: str, number: str, by_hand: str | None) -> None:
        self._looking.add(agent)
        seconds = self._people(number).think_s(agent, number)
        self._engine.clock.call_later(seconds, self._call, agent, number, by_hand)

    def _call(self, agent: str, number: str, by_hand: str | None) -> None:
        self._looking.discard(agent)
        if by_hand is not None and self._engine.floor.desk.state(agent).state is not State.IDLE:
            self._by_hand[by_hand].appendleft(number)
        elif by_hand is not None:
            self._desktop.dial(agent, by_hand, number)
        elif (shown := self._engine.campaigns.previews.view(agent)) is not None and shown[0].number == number:
            self._desktop.accept(agent)
