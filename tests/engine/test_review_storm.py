"""The same storm over campaigns whose modes, files and agents change under way, with previews, promises and dials by
hand: what began with one of them ends without it."""

import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from engine_rig import AGENTS, CAMPAIGN, FILES, SURVEYED, SWITCH, Rig, write_site
from street import Street
from test_engine_storm import settled_once

from dialer.config.loader import load
from dialer.coordination.limits import Scope
from dialer.web.desk_port import Wish
from dialer.web.port import RefusedError, UnknownError

STEPS = 600
MODES: tuple[dict[str, Any], ...] = (
    {"mode": "progressive"}, {"mode": "power", "ratio": 2.0}, {"mode": "predictive"}, {"mode": "predictive"},
    {"mode": "preview"}, {"mode": "manual"},
)  # fmt: skip
NAMES = (CAMPAIGN, SURVEYED)
FILE = "configs/campaigns/{}.yaml"
LATER = {"dispositions": {"sale": {}, "later": {"callback": True}}, "retry": {"busy": {"after": "5s", "times": 1}}}
SITE = {name: dict(document) for name, document in FILES.items()}
for _name in NAMES:
    SITE[FILE.format(_name)] |= LATER


class Upheaval(Street):
    async def act(self) -> None:
        if self.chance.random() >= 0.06:
            await super().act()
            return
        acts: list[Callable[[], Awaitable[None]]] = [
            self.change_mode, self.take_out, self.take_out_agent, self.put_back, self.accept, self.accept, self.accept,
            self.skip, self.promise, self.promise, self.promise, self.dial_by_hand, self.tick, self.tick, self.tick,
        ]  # fmt: skip
        with suppress(RefusedError, UnknownError):
            await self.chance.choice(acts)()

    async def change_mode(self) -> None:
        name = self.chance.choice(NAMES)
        if name in self.rig.engine.campaigns.runs:
            with suppress(KeyError):
                await self.rig.engine.overrides.change(name, self.chance.choice(MODES))

    async def take_out(self) -> None:
        (self.rig.root / FILE.format(self.chance.choice(NAMES))).unlink(missing_ok=True)
        await self.reload()

    async def take_out_agent(self) -> None:
        left = {name: {"name": name, "phone": f"p-{name}", "skills": [self.chance.choice(("sales", "sales", "other"))]}
                for name in AGENTS if self.chance.random() < 0.7}
        left["eve"] = {"name": "Eve", "phone": "p-eve", "skills": ["sales"]}  # somebody must be able to
        write_site(self.rig.root, {"configs/agents.yaml": {"agents": left}})
        await self.reload()

    async def put_back(self) -> None:
        write_site(self.rig.root, SITE)
        await self.reload()

    async def reload(self) -> None:
        assert await self.rig.reloader.reload() == []

    async def accept(self) -> None:
        await self.rig.control.desks.accept(self.chance.choice(AGENTS))

    async def skip(self) -> None:
        await self.rig.control.desks.skip(self.chance.choice(AGENTS), "no time")

    async def promise(self) -> None:
        agent, now = self.chance.choice(AGENTS), self.rig.clock.now()
        wish = Wish(now + self.chance.uniform(1, 60), self.chance.random() < 0.5, None)
        await self.rig.control.dispose(agent, "later", None, wish)

    async def dial_by_hand(self) -> None:
        number = f"+49305557{self.chance.randrange(4):04}"
        await self.rig.control.desks.dial(self.chance.choice(AGENTS), self.chance.choice(NAMES), number)

    async def tick(self) -> None:
        self.rig.engine.tick()
        await self.rig.control.refresh()

    def agent(self) -> None:
        with suppress(KeyError):
            super().agent()

    def campaign(self) -> None:
        with suppress(KeyError):
            super().campaign()

    def begin(self) -> None:
        self.restore()
        for name in self.rig.engine.campaigns.runs:
            self.rig.engine.campaigns.set_status(name, "running")

    async def crash(self) -> None:
        self.rig.configuration = load(self.rig.root, {})
        await super().crash()

    async def calm_down(self) -> None:
        await self.put_back()
        await self.rig.quiet()
        await super().calm_down()
        self.rig.engine.tick()  # who is held for a promise is let go then
        await self.rig.quiet()


@pytest.mark.parametrize("seed", [*range(4), 121, 159])
async def test_an_upheaval_leaves_nothing_behind(rig: Rig, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    write_site(rig.root, SITE)
    assert await rig.reloader.reload() == []
    street = Upheaval(rig, random.Random(seed))
    for campaign in NAMES:
        await rig.contacts(12, campaign)
    street.begin()
    for _ in range(STEPS):
        await street.act()
    await street.calm_down()
    await rig.quiet()

    settled_once(rig)
    nothing_held(rig, street)
    assert [record.getMessage() for record in caplog.records] == []


def nothing_held(rig: Rig, street: Street) -> None:
    engine = rig.engine
    desk, limits = engine.floor.desk, engine.limits
    states = {state.agent: state.state.value for state in desk.states()}
    assert set(states.values()) <= {"logged_out", "idle", "paused"}, states
    logged_in = {state.channel for state in desk.states()} - {None}
    assert set(street.channels) == logged_in
    assert limits.used(Scope("switch", SWITCH)) == len(logged_in)
    assert [limits.used(Scope("campaign", name)) for name in NAMES] == [0, 0]
    for run in engine.campaigns.runs.values():
        assert (run.claiming, len(run.calls), len(run.in_the_air)) == (0, 0, 0)
    assert not engine.campaigns.previews._shown and not engine.callbacks._held and not engine.callbacks._calls
    joint = engine.campaigns.pacing._joint
    for name, member in joint.members.items():
        assert member.forecast._roster.busy() == 0, name
        assert not joint.shares.busy(name) and joint.shares.held(name) == 0, name
    assert rig.rows("SELECT id FROM contacts WHERE state = 'claimed'") == []
