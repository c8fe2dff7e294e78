"""What agents' desktops ask of the engine: `web/desk_port.Desks`."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from dialer.agents.model import AgentState, State
from dialer.campaigns.pacing import Place
from dialer.campaigns.policy import Policy
from dialer.engine.run import HELD_BACK, Run
from dialer.store.errors import StoreError
from dialer.store.records import Picked, Slot
from dialer.web.port import AgentView, RefusedError, UnknownError

if TYPE_CHECKING:
    from dialer.engine.core import Engine


class EngineDesks:
    def __init__(self, engine: "Engine", view: Callable[[str], AgentView]) -> None:
        self._engine = engine
        self._view = view

    async def accept(self, agent: str) -> AgentView:
        self._state(agent)
        await _answer(self._engine.campaigns.previews.accept(agent))
        return self._view(agent)

    async def skip(self, agent: str, reason: str) -> AgentView:
        self._state(agent)
        self._engine.campaigns.previews.skip(agent, reason)
        return self._view(agent)

    async def dial(self, agent: str, campaign: str, number: str) -> AgentView:
        self._state(agent)
        engine = self._engine
        run = engine.campaigns.runs.get(campaign)
        if run is None:
            raise UnknownError(f"no campaign {campaign}")
        if await engine.law.erased(run.config.client, number):
            raise RefusedError("the person with this number was erased")
        state = self._state(agent)
        slot, now = self._slot(run, state), engine.clock.now()
        gate = Policy(run.config, engine.law.gate(run.config, now), now, by_hand=True)
        dialling = engine.campaigns.dialling
        recorder = dialling.recorder(run.config, now, by_hand=True)
        run.claiming += 1
        future = engine.store.pick(campaign, number, slot, recorder, now, gate)
        picked = partial(dialling.picked, run, slot, recorder)
        future.add_done_callback(lambda done: engine.post(lambda: picked(done)))
        await _answer(future)
        return self._view(agent)

    def _slot(self, run: Run, state: AgentState) -> Slot:
        """What the call holds, the agent among it. Raises RefusedError."""
        engine, config = self._engine, run.config
        skills = set(config.agents.skills) if config.agents is not None else None
        if engine.draining:
            raise RefusedError("the engine is shutting down")
        if skills is None:
            raise RefusedError(f"{config.campaign} has no agents")
        if not skills <= engine.floor.desk.skills(state.agent):
            raise RefusedError(f"{state.agent} lacks the skills of {config.campaign}: {', '.join(sorted(skills))}")
        if run.status not in ("running", "exhausted"):
            raise RefusedError(f"{config.campaign} is {run.status}: start it first")
        if state.state is not State.IDLE or state.switch is None:
            raise RefusedError(f"the agent is {state.state}: only one who is idle can dial")
        if config.switches is not None and state.switch not in config.switches:
            raise RefusedError(f"{config.campaign} does not dial over {state.switch}, where the agent is")
        if not engine.switches[state.switch].up or not engine.reconciler.knows(state.switch):
            raise RefusedError(f"{state.switch} cannot be reached; try again when it is up")
        if (why := engine.campaigns.held_back(run, engine.clock.now())) is not None:
            raise RefusedError(f"{config.campaign} may not dial now: {HELD_BACK[why]}")
        slot = engine.campaigns.dialling.slot(run, Place(state.switch, state.agent), engine.clock.now())
        if slot is None:
            raise RefusedError("no channel is free for it, or too many calls were begun this second; try again")
        return slot

    def _state(self, agent: str) -> AgentState:
        try:
            return self._engine.floor.desk.state(agent)
        except KeyError:
            raise UnknownError(f"no agent {agent}") from None


async def _answer(future: "asyncio.Future[Picked]") -> None:
    """Raises RefusedError with what forbids the call. Whoever asked may go away: the call goes on."""
    try:
        picked = await asyncio.shield(future)
    except StoreError as error:
        raise RefusedError(f"the call could not be recorded: {error}") from error
    if (refusal := picked.refusal) is not None:
        raise RefusedError(f"{refusal.rule}: {refusal.text}{_until(refusal.until)}")
    if picked.attempt is None:
        raise RefusedError("the contact is in another call already")


def _until(at: float | None) -> str:
    return "" if at is None else f"; allowed again from {datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
