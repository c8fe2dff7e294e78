"""`/v1/recordings`, `/v1/samples`, `/v1/scores`."""

import io
import wave

import aiohttp
import pytest
from port_double import Plant
from recording_double import ID, SOUND

from dialer.web.recording_port import Asked

CARD = {"by": "maria", "points": {"greeting": 5, "fax": None}, "comment": "kind"}


async def test_listed_held_and_deleted(api: aiohttp.ClientSession, plant: Plant) -> None:
    [row] = await (await api.get("/v1/recordings?client=acme&agent=anna&from=2026-11-01&to=2026-11-02")).json()
    assert (row["id"], row["pauses"], row["hold"]) == (ID, [[1010.0, 1020.0]], None)
    assert plant.recordings.asked == [Asked(1793491200.0, 1793664000.0, "acme", None, "anna", None)]
    held = await api.post(f"/v1/recordings/{ID}/hold", json={"reason": "claim 4711"})
    assert (await held.json())["hold"] == "claim 4711"
    assert (await (await api.delete(f"/v1/recordings/{ID}/hold")).json())["hold"] is None
    gone = await api.post(f"/v1/recordings/{ID}/delete", json={"reason": "asked for"})
    assert (await gone.json())["deleted_why"] == "by_hand"


async def test_heard_as_wav_and_written_down(api: aiohttp.ClientSession) -> None:
    answer = await api.get(f"/v1/recordings/{ID}/audio?by=maria")
    assert (answer.status, answer.content_type) == (200, "audio/wav")
    with wave.open(io.BytesIO(await answer.read())) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, 8000)
        assert sound.readframes(sound.getnframes()) == SOUND
    [listening] = (await (await api.get(f"/v1/recordings/{ID}")).json())["listened"]
    assert (listening["by"], listening["on_behalf_of"]) == ("local", "maria")
    assert (await api.head(f"/v1/recordings/{ID}/audio?by=maria")).status == 405
    assert len((await (await api.get(f"/v1/recordings/{ID}")).json())["listened"]) == 1


async def test_sampled_and_scored(api: aiohttp.ClientSession, plant: Plant) -> None:
    [sample] = await (await api.get("/v1/samples?scored=no&period=2026-11&campaign=winback")).json()
    assert (sample["card"], sample["recording"]["id"]) == ("service", ID)
    card = await api.post(f"/v1/recordings/{ID}/card", json=CARD)
    told = await card.json()
    assert (card.status, told["points"], told["score"]) == (201, {"greeting": [5, 100], "fax": [None, 100]}, 50.0)
    [result] = await (await api.get("/v1/scores?by=campaign&month=2026-11&client=acme")).json()
    assert (result["group"], result["criteria"]) == ("anna", {"greeting": 50.0})
    assert plant.recordings.asked == [
        (None, "winback", None, "2026-11", False), ("campaign", "2026-11", "acme", None)]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status"), [
    ("get", "recordings/nothing", None, 404), ("get", "recordings/nothing/audio?by=maria", None, 404),
    ("get", f"recordings/{ID}/audio?by=Maria%0d%0a", None, 400),
    ("get", "recordings?from=2026-13-01", None, 400), ("get", "samples?period=November", None, 400),
    ("get", "scores?by=mood", None, 400), ("get", "scores?month=2026-13", None, 400),
    ("post", f"recordings/{ID}/delete", {"reason": "held"}, 409), ("post", f"recordings/{ID}/delete", {}, 400),
    ("post", f"recordings/{ID}/card", {**CARD, "points": {}}, 409),
    ("post", f"recordings/{ID}/card", {**CARD, "points": {"greeting": -1}}, 400),
    ("post", f"recordings/{ID}/card", {**CARD, "by": "Maria"}, 400), ("post", "recordings/nothing/card", CARD, 404),
])  # fmt: skip
async def test_what_is_refused(
    api: aiohttp.ClientSession, method: str, path: str, body: object, status: int
) -> None:
    assert (await api.request(method, f"/v1/{path}", json=body)).status == status
