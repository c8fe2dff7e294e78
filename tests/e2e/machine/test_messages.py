"""Machines get a message after their tone; some go to agents, who say what they were; detection is set by campaign."""

import re

from tests.e2e.files import campaign
from tests.e2e.lab import Lab
from tests.e2e.machine.ear import Ear
from tests.e2e.sipp import voices

OPTIONS = {"people": {"machine": "answerphone"}, "audiosocket": {"port": 0}}
MESSAGE = "This is Acme. Please call us back on five five five, one two three."
CODES = {"dispositions": {"robot": {"machine": True}, "sale": {}}}
SLOW = {
    "initial_silence": "9s", "greeting": "9s", "max_words": 99, "max_word_length": "9s", "after_greeting_silence": "9s",
    "total_analysis_time": "1s",
}  # fmt: skip
BEEP = {"detect": True, "then": "message", "message": {"en": MESSAGE}, "after_tone": {"tone": True, "silence": "12s"}}
FILES = {
    **campaign("beeped", machine=BEEP),
    **campaign("messages", machine={"detect": True, "then": "message", "message": {"en": MESSAGE}}),
    **campaign("sampled", machine={"detect": True, "sample": "100%"}, **CODES),
    **campaign("patient", machine={"detect": True, "settings": SLOW}),
}


async def test_the_message_begins_after_the_tone_and_is_heard_whole(lab: Lab) -> None:
    number = "+493023120081"
    await lab.log_in("agent01")
    with Ear() as ear:
        await lab.dial("messages", number)
        machine = await lab.until_rung(number)
        await lab.until_agent("agent01", "idle")
        call = await lab.one(60.0)
        assert await lab.over(machine) == "us"
    assert (call.outcome, call.hung_up_by, call.joined_at) == ("machine", "system", None)
    ok = next(message.text for message in machine.messages() if message.sent and message.word == "200")
    port = re.search(r"m=audio (\d+)", ok)
    assert port is not None and call.answered_at is not None and call.ended_at is not None
    [(begin, end)] = ear.speeches(int(port[1]))
    assert begin - call.answered_at > greeting_s() - 0.3, "not into the greeting or the tone"
    assert 2.0 < end - begin < 9.0
    assert call.ended_at >= end - 0.1, "to its end"


async def test_the_tone_itself_is_waited_for(lab: Lab) -> None:
    """Long before it was silent for long enough."""
    number = "+493023120381"
    await lab.log_in("agent01")
    with Ear() as ear:
        await lab.dial("beeped", number)
        machine = await lab.until_rung(number)
        call = await lab.one(60.0)
        assert await lab.over(machine) == "us"
    assert call.outcome == "machine"
    ok = next(message.text for message in machine.messages() if message.sent and message.word == "200")
    port = re.search(r"m=audio (\d+)", ok)
    assert port is not None and call.answered_at is not None
    [(begin, _)] = ear.speeches(int(port[1]))
    after_s = begin - call.answered_at - greeting_s()
    assert -0.3 < after_s < 6.0, "neither into the tone, nor after the silence"


def greeting_s() -> float:
    """Until the tone is over."""
    return len((voices() / "answerphone.alaw").read_bytes().rstrip(b"\xd5")) / 8000


async def test_a_sampled_machine_is_looked_at_by_an_agent(lab: Lab) -> None:
    number = "+493023120181"
    await lab.log_in("agent01")
    await lab.dial("sampled", number)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/disposition", {"disposition": "robot"})
    await lab.post("agents/agent01/hangup")
    call = await lab.one()
    assert (call.outcome, call.disposition) == ("answered", "robot")
    found = next(row["detection"] for row in await lab.get("campaigns") if row["id"] == "sampled")
    assert (found["samples"], found["people"], found["rate"]) == (1, 0, 0.0)
    assert 0.7 < found["high"] < 0.8


async def test_the_campaign_s_settings_reach_detection(lab: Lab) -> None:
    """So slow that it never knows: what nobody knows is treated as a person."""
    number = "+493023120281"
    await lab.log_in("agent01")
    await lab.dial("patient", number)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    assert (await lab.one()).outcome == "answered"
