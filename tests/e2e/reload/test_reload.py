"""A changed configuration is taken while calls go on, or refused whole with the place of every fault."""

import json
import signal

from tests.e2e.files import LONG, campaign, flow, write
from tests.e2e.lab import Lab

NUMBER, NEW = "+493023125001", "+493023125002"


def line(cause: int, number: str = NUMBER) -> dict[str, object]:
    """A flow that ends by the key 1 with this cause."""
    nodes = {
        "ask": {"menu": {"en": LONG}, "choices": {"1": "bye"}, "otherwise": "bye"}, "bye": {"hangup": {"cause": cause}},
    }  # fmt: skip
    return {**flow("line", nodes, number=number)}


FILES = {**line(21), **campaign("calls")}


async def test_a_living_call_keeps_its_flow_and_the_next_has_the_new_one(lab: Lab) -> None:
    await lab.log_in("agent01")
    old = await lab.call(NUMBER, sender="+4930231251")
    await lab.until_answered(old)
    write(lab.root, line(19))
    assert await lab.post("reload") == {"reloaded": True}
    new = await lab.call(NUMBER, sender="+4930231252")
    await lab.until_answered(new)
    assert old.over_by == ""
    new.press("1")
    await lab.settled(1)
    old.press("1")
    calls = {call.number: call for call in await lab.settled(2)}
    assert calls["+4930231251"].cause == 21, "the flow it began with"
    assert calls["+4930231252"].cause == 19
    assert (await lab.agent("agent01"))["state"] == "idle", "agents stay logged in"


async def test_a_faulty_one_is_refused_whole(lab: Lab) -> None:
    caller = await lab.call(NUMBER)
    await lab.until_answered(caller)
    faulty = line(17)["ivr_flows/line.yaml"]
    faulty["nodes"]["ask"]["otherwise"] = "nowhere"  # type: ignore[index]
    write(lab.root, {"ivr_flows/line.yaml": faulty, **flow("fresh", {"bye": {"hangup": None}}, number=NEW)})
    try:
        refusal = await lab.refused("reload")
        assert "409" in refusal and "line.yaml" in refusal and "nowhere" in refusal
        stranger = await lab.call(NEW)
        lab.strangers = 1
        assert await lab.final(stranger) == "404", "nothing of it was taken"
        assert caller.over_by == ""
        caller.press("1")
        call = await lab.one()
        assert call.outcome == "self_served" and call.cause != 17
    finally:
        (lab.root / "ivr_flows/fresh.yaml").unlink()
        write(lab.root, line(19))
    assert await lab.post("reload") == {"reloaded": True}


async def test_a_signal_does_the_same(lab: Lab) -> None:
    write(lab.root, line(28, NEW))
    lab.engine.send(signal.SIGHUP)
    await lab.until(lambda: "flows: changed line" in lab.engine.last_words(5))
    caller = await lab.call(NEW)
    await lab.until_answered(caller)
    caller.press("1")
    assert (await lab.one()).cause == 28


async def test_what_needs_a_restart_is_refused(lab: Lab) -> None:
    path = lab.root / "configs/plant.yaml"
    before = path.read_text()
    path.write_text(json.dumps({**json.loads(before), "node": "other"}))
    try:
        assert "needs a restart" in await lab.refused("reload")
    finally:
        path.write_text(before)
