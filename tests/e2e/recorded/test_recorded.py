"""Talks recorded by a real Asterisk, with a tone of each side's own: who is in the file, and where it is silent."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from dialer.store.recordings import RecordingRow
from tests.e2e.eventually import eventually
from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab, Puppet
from tests.e2e.recorded.tones import RATE, Hummer, heard, samples

CALLER_HZ, AGENT_HZ = 440.0, 1000.0
TOLD, ASKED, SILENT = "+493023125080", "+493023125081", "+493023125082"
ANNOUNCED = {"announce": {"en": "Recorded."}, "sound": "stereo", "keep": "30d"}


def line(recording: Any) -> dict[str, Any]:
    queue = {"skills": ["sales"], "max_wait": "60s", "wrap_up": "0s", "recording": recording}
    return {"line": {"queue": {key: value for key, value in queue.items() if value}, "next": "bye"},
            "bye": {"hangup": {}}}  # fmt: skip


FILES = {
    **flow("told", line(ANNOUNCED), number=TOLD),
    **flow("asked", line({**ANNOUNCED, "agree": "1", "sound": "mixed"}), number=ASKED),
    **flow("silent", line(None), number=SILENT),
    **campaign("service", recording={"consent": True, "sound": "agent"}),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def agent_hums() -> AsyncIterator[Hummer]:
    async with AsyncExitStack() as stack:
        hummer = Hummer(AGENT_HZ)
        await hummer.open(stack)
        yield hummer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(
    agent_hums: Hummer, asterisk_of_session: Asterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Lab]:
    plant = asterisk_of_session
    await plant.clear()
    place = {"read": str(plant.directory / "spool" / "talks"), "seen_as": f"{plant.seen_as}/spool/talks"}
    async with Lab(
        plant, tmp_path_factory.mktemp("recorded"), FILES, phone_media=agent_hums.port, switch={"recordings": place}
    ) as lab:
        yield lab


@pytest_asyncio.fixture(loop_scope="session")
async def caller() -> AsyncIterator[Hummer]:
    async with AsyncExitStack() as stack:
        hummer = Hummer(CALLER_HZ)
        await hummer.open(stack)
        yield hummer


def file_of(lab: Lab, row: RecordingRow) -> Path:
    return lab.plant.directory / "spool" / "talks" / row.file


async def recorded(lab: Lab, row: RecordingRow, seconds: float) -> float:
    """Waits until so much more is in the file; its seconds then."""
    path = file_of(lab, row)

    def length() -> float:
        return path.stat().st_size / (2 * RATE * row.channels) if path.exists() else 0.0

    began = length()
    return await eventually(lambda: length() if length() >= began + seconds else None)


async def begun(lab: Lab) -> RecordingRow:
    """The recording that goes on."""
    return await eventually(lambda: next((row for row in lab.ledger.recordings(lab.since) if not row.ended_at), None))


async def over(lab: Lab, caller: Puppet, row: RecordingRow) -> RecordingRow:
    caller.hang_up()
    await lab.one()
    return await eventually(
        lambda: next((it for it in lab.ledger.recordings(lab.since) if it.id == row.id and it.ended_at), None))


async def test_both_sides_and_silence_where_it_was_paused(lab: Lab, caller: Hummer) -> None:
    await lab.log_in("agent01")
    puppet = await lab.call(TOLD, media=caller.port)
    await lab.until_agent("agent01", "talking")
    row = await begun(lab)
    assert (row.client, row.queue, row.agent, row.sound) == ("acme", "told_line", "agent01", "stereo")
    assert row.until == pytest.approx(row.began_at + 30 * 86_400) and "+49" not in row.file
    before = await recorded(lab, row, 1.0)
    assert (await lab.post("agents/agent01/pause_recording"))["recording"] == "paused"
    after = await recorded(lab, row, 1.0)
    assert (await lab.post("agents/agent01/resume_recording"))["recording"] == "on"
    await recorded(lab, row, 1.0)
    row = await over(lab, puppet, row)
    sound = samples(file_of(lab, row).read_bytes())
    customer, agent = sound[0::2], sound[1::2]
    assert heard(customer, CALLER_HZ) >= 1.5 and heard(customer, AGENT_HZ) == 0
    assert heard(agent, AGENT_HZ) >= 1.5 and heard(agent, CALLER_HZ) == 0
    margin = 0.3
    paused = slice(int((before + margin) * RATE), int((after - margin) * RATE))
    assert max(map(abs, customer[paused])) == max(map(abs, agent[paused])) == 0
    [(since, until)] = row.pauses
    assert since is not None and until is not None and 0.5 < until - since < after - before + 5


async def test_who_does_not_agree_is_not_recorded(lab: Lab, caller: Hummer) -> None:
    await lab.log_in("agent01")
    puppet = await lab.call(ASKED, media=caller.port)
    await lab.until_agent("agent01", "talking")
    assert (await lab.agent("agent01"))["recording"] is None
    assert "nothing is recorded" in await lab.refused("agents/agent01/pause_recording")
    puppet.hang_up()
    await lab.one()
    assert lab.ledger.recordings(lab.since) == []
