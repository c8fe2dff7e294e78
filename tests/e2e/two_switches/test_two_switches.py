"""One engine, two Asterisks: each with its own link, agents, channels and calls; one may fail without the other."""

from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from demo.plant import Asterisk, Phone
from demo.ports import HOST
from tests.e2e.engine_process import EngineProcess
from tests.e2e.eventually import eventually
from tests.e2e.files import BASE, campaign, write
from tests.e2e.ledger import Ledger
from tests.e2e.sipp import called_people, phones

AGENTS = {
    "agent01": {"name": "One", "phone": "agent01", "skills": ["sales"], "switch": "north"},
    "agent02": {"name": "Two", "phone": "agent02", "skills": ["sales"], "switch": "south"},
}
FILES = {**BASE, "configs/agents.yaml": {"agents": AGENTS}, **campaign("calls", limits={"channels": 2})}


def switch(plant: Asterisk, secret_env: str) -> dict[str, object]:
    return {
        "ami": {"host": plant.host, "port": plant.ami_port, "user": plant.ami_user, "secret_env": secret_env},
        "channels": 5,
        "sounds": {"write": str(plant.sounds_write), "seen_as": plant.sounds_seen_as},
    }


class Plants:
    """Two Asterisks with their people and phones, and the engine over both."""

    def __init__(self, north: Asterisk, south: Asterisk, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.north, self.south = north, south
        write(root, FILES)
        monkeypatch.setenv("SOUTH_SECRET", south.ami_secret)
        switches = {"north": switch(north, "DIALER_AMI_SECRET"), "south": switch(south, "SOUTH_SECRET")}
        self.engine = EngineProcess(north, root, switches=switches)
        self.people = {plant.name: called_people(plant.trunk_port) for plant in (north, south)}
        self.phones = {plant.name: phones(plant.phone_port) for plant in (north, south)}

    async def start(self, stack: AsyncExitStack) -> None:
        for plant in (self.north, self.south):
            await plant.set_phones([Phone(name, f"{HOST}:{plant.phone_port}") for name in AGENTS])
            await stack.enter_async_context(self.people[plant.name])
            await stack.enter_async_context(self.phones[plant.name])
        await self.south.point_engine(HOST, self.engine.fastagi_port)
        stack.push_async_callback(self.engine.kill)
        await self.engine.start()
        self.ledger = Ledger(self.engine.store)
        stack.callback(self.ledger.close)

    async def agent_is(self, name: str, *states: str) -> None:
        async def there() -> bool:
            rows = await self.engine.api.get("/v1/agents")
            return any(row["id"] == name and row["state"] in states for row in rows)

        await eventually(there)

    async def log_in(self, name: str) -> None:
        await self.engine.api.post(f"/v1/agents/{name}/login")
        await self.agent_is(name, "paused")
        await self.engine.api.post(f"/v1/agents/{name}/ready")

    async def insert(self, *numbers: str) -> None:
        for number in numbers:
            await self.engine.api.post("/v1/campaigns/calls/contacts", {"number": number})

    async def health(self) -> dict[str, str]:
        url = f"http://{HOST}:{self.engine.web_port}/healthz"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return dict((await answer.json())["switches"])


async def test_agents_are_joined_on_their_own_switch_and_a_dead_switch_stops_only_its_own(
    fresh_asterisk, tmp_path, monkeypatch
):
    north, south = await fresh_asterisk("north"), await fresh_asterisk("south")
    plants = Plants(north, south, tmp_path, monkeypatch)
    async with AsyncExitStack() as stack:
        await plants.start(stack)
        api = plants.engine.api
        await plants.log_in("agent01")
        await plants.log_in("agent02")
        await plants.insert("+493023125111", "+493023125112")
        await api.post("/v1/campaigns/calls/start")
        await plants.agent_is("agent01", "talking")
        await plants.agent_is("agent02", "talking")
        assert len(plants.people["north"].invites()) == len(plants.people["south"].invites()) == 1
        rows = {row["agent"]: row["id"] for row in await api.get("/v1/calls")}
        assert set(rows) == {"agent01", "agent02"}

        await south.kill()
        await eventually(lambda: _only_south_down(plants))
        await api.post("/v1/agents/agent01/hangup")
        await plants.agent_is("agent01", "idle", "reserved")
        await plants.insert("+493023125113")
        await plants.agent_is("agent01", "talking")
        assert len(plants.people["north"].invites()) == 2

        await south.start()
        await south.point_engine(HOST, plants.engine.fastagi_port)
        await eventually(lambda: _both_up(plants))
        await plants.agent_is("agent02", "logged_out")
        await eventually(lambda: len(plants.ledger.settled(0.0)) == 2)
        (lost,) = [call for call in plants.ledger.settled(0.0) if call.id == rows["agent02"]]
        assert (lost.switch, lost.agent, lost.hung_up_by) == ("south", "agent02", "unknown")
        await plants.log_in("agent02")
        await plants.insert("+493023125114")
        await plants.agent_is("agent02", "talking")
        assert len(plants.people["south"].invites()) == 2
        for name in AGENTS:
            await api.post(f"/v1/agents/{name}/hangup")
        calls = await eventually(lambda: len(plants.ledger.settled(0.0)) == 4 and plants.ledger.settled(0.0))
        assert {(call.agent, call.switch) for call in calls} == {("agent01", "north"), ("agent02", "south")}
        assert all(AGENTS[call.agent]["switch"] == call.switch for call in calls)
        assert await plants.engine.stop() == 0
        assert await north.channels() == await south.channels() == []
        assert plants.ledger.open() == []


async def _both_up(plants: Plants) -> bool:
    return await plants.health() == {"north": "up", "south": "up"}


async def _only_south_down(plants: Plants) -> bool:
    health = await plants.health()
    return health["north"] == "up" != health["south"]
