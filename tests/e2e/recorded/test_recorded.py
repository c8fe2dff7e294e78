"""Talks recorded by a real Asterisk, with a tone of each side's own: who is in the file, and where it is silent."""

import io
import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from demo.plant import Asterisk
from dialer.store.recordings import RecordingRow
from tests.e2e.eventually import eventually
from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab, Puppet
from tests.e2e.recorded.tones import RATE, Hummer, heard, samples, share

CALLER_HZ, AGENT_HZ = 440.0, 1000.0
TOLD, ASKED = "+493023125080", "+493023125081"
TALKATIVE = "+4930231250981"
CALLER = "+4930231250777"
ANNOUNCED = {"announce": {"en": "Recorded."}, "sound": "stereo", "keep": "30d"}


def line(recording: dict[str, Any]) -> dict[str, Any]:
    queue = {"skills": ["sales"], "max_wait": "60s", "wrap_up": "0s", "recording": recording}
    return {"line": {"queue": queue, "next": "bye"}, "bye": {"hangup": {}}}


FILES = {
    **flow("told", line(ANNOUNCED), number=TOLD),
    **flow("asked", line({**ANNOUNCED, "agree": "1", "sound": "mixed"}), number=ASKED),
    **campaign("service", recording={"sound": "agent"}),
    "configs/score_cards/service.yaml": {
        "card": "service", "title": "Service", "passes": 70,
        "criteria": {"greeting": {"text": "Named the company", "points": 10},
                     "identity": {"text": "Checked who is calling", "points": 1, "critical": True}},
    },
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
) -> AsyncIterator[FaultLab]:
    plant = asterisk_of_session
    await plant.clear()
    place = {"read": str(plant.directory / "spool" / "talks"), "seen_as": f"{plant.seen_as}/spool/talks"}
    async with FaultLab(
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


def whole_samples(lab: Lab, row: RecordingRow) -> "array[int]":
    """Of both sides in turns, while more is being written."""
    data = file_of(lab, row).read_bytes()
    return samples(data[: len(data) // 4 * 4])


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


async def test_who_agrees_is_recorded_and_who_does_not_is_not(lab: Lab) -> None:
    await lab.log_in("agent01")
    silent = await lab.call(ASKED)
    await lab.until_agent("agent01", "talking")
    assert (await lab.agent("agent01"))["recording"] is None
    assert "nothing is recorded" in await lab.refused("agents/agent01/pause_recording")
    silent.hang_up()
    await lab.settled(1)
    puppet = await lab.call(ASKED)
    await lab.until_answered(puppet)
    puppet.press("1")
    row = await begun(lab)
    await recorded(lab, row, 1.0)
    puppet.hang_up()
    await lab.settled(2)
    [row] = lab.ledger.recordings(lab.since)
    assert heard(samples(file_of(lab, row).read_bytes()), AGENT_HZ) >= 0.7 and row.sound == "mixed"


async def test_of_a_called_person_only_the_agent_is_kept(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("service", TALKATIVE)
    await lab.until_agent("agent01", "talking")
    row = await begun(lab)
    await recorded(lab, row, 1.5)
    await lab.post("agents/agent01/hangup")
    await lab.one()
    sound = samples(file_of(lab, row).read_bytes())
    spoken = [part for at in range(0, len(sound) - 800, 800) if max(map(abs, part := sound[at:at + 800])) > 100]
    assert len(spoken) >= 10 and all(share(part, AGENT_HZ) > 0.9 for part in spoken[1:-1])  # who called back would mix


async def test_heard_scored_and_erased(lab: Lab, caller: Hummer) -> None:
    await lab.log_in("agent01")
    puppet = await lab.call(TOLD, sender=CALLER, media=caller.port)
    row = await begun(lab)
    await recorded(lab, row, 1.0)
    row = await over(lab, puppet, row)

    async def wav() -> bytes | None:
        async with lab.request("GET", f"/v1/recordings/{row.id}/audio?by=maria") as answer:
            return await answer.read() if answer.status == 200 else None

    with wave.open(io.BytesIO(await eventually(wav))) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, RATE) and sound.getnframes() >= RATE
        assert heard(samples(sound.readframes(sound.getnframes()))[0::2], CALLER_HZ) >= 0.7
    card = await lab.post(f"recordings/{row.id}/card",
                          {"by": "maria", "points": {"greeting": 8, "identity": 0}, "card": "service"})  # fmt: skip
    assert (card["score"], card["failed"], card["passed"]) == (0.0, ["identity"], False)
    detail = await lab.get(f"recordings/{row.id}")
    assert [one["on_behalf_of"] for one in detail["listened"]] == ["maria"] and detail["cards"][0]["counts"]
    made = await lab.post("erasures", {"number": CALLER, "reason": "letter"})
    assert made["erased"]["recordings"] == 1 and made["elsewhere"] == []
    assert not file_of(lab, row).exists() and await wav() is None


async def test_the_engines_crash_ends_neither_the_recording_nor_its_pause(lab: FaultLab, caller: Hummer) -> None:
    await lab.log_in("agent01")
    puppet = await lab.call(TOLD, media=caller.port)
    row = await begun(lab)
    await recorded(lab, row, 0.5)
    await lab.post("agents/agent01/pause_recording")
    await lab.crash()
    await lab.until_agent("agent01", "talking")
    assert (await lab.agent("agent01"))["recording"] == "paused"
    paused = whole_samples(lab, row)
    assert (await lab.post("agents/agent01/resume_recording"))["recording"] == "on"
    await eventually(lambda: heard(whole_samples(lab, row)[len(paused)::2], CALLER_HZ) >= 0.3)
    row = await over(lab, puppet, row)
    [(since, until)] = row.pauses
    assert since is not None and until is not None and until - since > 0.5 and row.fault is None
