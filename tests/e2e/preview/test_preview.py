"""An agent sees a contact before it is called."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = {
    **campaign("calls", mode="preview", preview={"time": "10m", "skips": 1, "again_after": "2h"}),
    **campaign("outlived", mode="preview", preview={"time": "10m"}),
    **campaign("hurried", mode="preview", preview={"time": "1s"}),
}


async def until_shown(lab: Lab, agent: str) -> Mapping[str, Any]:
    async def there() -> Any:
        row = await lab.get(f"agents/{agent}")
        return row if row["preview"] else None

    row: Mapping[str, Any] = await lab._until(there, lambda: lab.get("agents"))
    return row


async def test_accepted_skipped_and_given_back_at_the_end(lab: Lab) -> None:
    numbers = ["+493023120099", "+493023120199", "+493023120299"]
    await lab.log_in("agent01")
    await lab.dial("calls", *numbers)
    row = await until_shown(lab, "agent01")
    assert (row["state"], row["preview"]["then"], row["preview"]["skips_left"]) == ("reserved", "dial", 1)
    await lab.post("agents/agent01/preview/skip", {"reason": "knows him"})
    row = await until_shown(lab, "agent01")
    assert row["preview"]["skips_left"] == 0
    assert "1 are allowed" in await lab.refused("agents/agent01/preview/skip")
    assert all(lab.people.invites(number) == [] for number in numbers)
    await lab.post("agents/agent01/preview/accept")
    phone = await lab.until_rung(numbers[1])
    await lab.until_agent("agent01", "talking")
    phone.hang_up()
    call = await lab.one()
    assert (call.outcome, call.number, call.agent) == ("answered", numbers[1], "agent01")
    await until_shown(lab, "agent01")
    await lab.post("campaigns/calls/stop")
    await lab.until_agent("agent01", "idle")
    states = {number: lab.ledger.contact("calls", number) for number in numbers}
    found = [(contact.state, contact.attempts) for contact in states.values()]
    assert found == [("waiting", 0), ("done", 1), ("due", 0)]
    assert states[numbers[0]].next_at - lab.since > 7000


async def test_dialled_when_the_time_is_over(lab: Lab) -> None:
    number = "+493023120399"
    await lab.log_in("agent02")
    await lab.dial("hurried", number)
    await until_shown(lab, "agent02")
    phone = await lab.until_rung(number)
    await lab.until_agent("agent02", "talking")
    phone.hang_up()
    assert (await lab.one()).outcome == "answered"


async def test_killed_while_a_contact_is_shown(lab: Lab) -> None:
    number = "+493023120499"
    await lab.log_in("agent01")
    await lab.dial("outlived", number)
    await until_shown(lab, "agent01")
    await lab.engine.kill()
    await lab.engine.start()
    await lab.until_agent("agent01", "reserved")
    row = await until_shown(lab, "agent01")
    assert row["state"] == "reserved"
    assert lab.people.invites(number) == []
    await lab.post("agents/agent01/preview/accept")
    rung = await lab.until_rung(number)
    await lab.until_agent("agent01", "talking")
    rung.hang_up()
    assert (await lab.one()).outcome == "answered"
