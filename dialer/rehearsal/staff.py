"""The agents: when they come, pause and go, and how long they write up a talk."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

from dialer.agents.model import State
from dialer.rehearsal.population import Population
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


class Staff:
    """`talk_over` is to be told by the switch."""

    def __init__(
        self, engine: "Engine", population: Population, steps: Sequence[Step],
        dispose: Callable[[str, str], None],
    ) -> None:
        self._engine, self._population, self._dispose = engine, population, dispose
        self._talks: dict[str, int] = {}
        self._of_phone = {agent.phone: name for name, agent in engine.configuration.agents.items()}
        for step in steps:
            engine.clock.call_later(step.at, self._do, step.agent, step.verb)

    def _do(self, agent: str, verb: str) -> None:
        with suppress(RefusedError, KeyError):
            self._engine.floor.command(agent, verb)

    def talk_over(self, phone: str) -> None:
        agent = self._of_phone[phone]
        talk = self._talks[agent] = self._talks.get(agent, 0) + 1
        seconds = self._population.wrap_up_s(agent, talk)
        call = self._engine.floor.desk.state(agent).call_id
        self._engine.clock.call_later(seconds, self._written_up, agent, call)

    def _written_up(self, agent: str, call: str | None) -> None:
        state = self._engine.floor.desk.state(agent)
        if state.state is not State.WRAP_UP or state.call_id != call:
            return  # the limit was up before
        live = self._engine.floor.last_call(agent)
        if live is not None and live.contact is not None:
            code = self._population.disposition(live.contact.number, live.contact.attempts + 1)
            said = live.campaign.dispositions.get(code or "") if live.campaign is not None else None
            promises = said is not None and said.callback and said.retry_after is None  # for when, nobody says here
            if code is not None and said is not None and not promises:
                self._dispose(agent, code)
                return
        self._do(agent, "end_wrap_up")
