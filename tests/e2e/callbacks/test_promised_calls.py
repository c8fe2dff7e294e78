"""A person asks to be called again, and is, at the promised time."""

import time
from datetime import UTC, datetime

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign(
    "calls", agents={"skills": ["sales"], "wrap_up": "60s"}, callbacks={"hold": "30s"},
    dispositions={"later": {"callback": True}}, retry={"callback": {"after": "2s", "times": 1}},
)  # fmt: skip


async def promise(lab: Lab, number: str, in_s: float, to: str) -> float:
    """agent01 talks with the person and writes down the wish; when it is for."""
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    (await lab.until_rung(number)).hang_up()
    await lab.until_agent("agent01", "wrap_up")
    at = time.time() + in_s
    wish = {"at": datetime.fromtimestamp(at, UTC).isoformat(), "to": to}
    await lab.post("agents/agent01/disposition", {"disposition": "later", "callback": wish})
    return at


async def test_personal_with_the_agent_kept_free(lab: Lab) -> None:
    number = "+493023120099"
    at = await promise(lab, number, 4.0, "me")
    [listed] = await lab.get("campaigns/calls/callbacks")
    assert (listed["agent"], abs(listed["at"] - at) < 0.01) == ("agent01", True)
    await lab.log_in("agent02")
    await lab.until_agent("agent01", "reserved")
    again = await lab.until_rung(number, 2)
    await lab.until_agent("agent01", "talking")
    again.hang_up()
    first, second = await lab.settled(2)
    assert (first.disposition, second.outcome, second.agent) == ("later", "answered", "agent01")
    assert second.dialled_at is not None
    assert at <= second.dialled_at < at + 10
    assert lab.ledger.contact("calls", number).state == "done"
    await lab.post("agents/agent01/end_wrap_up")


async def test_to_anyone_although_its_agent_went_home(lab: Lab) -> None:
    number = "+493023120199"
    at = await promise(lab, number, 2.0, "anyone")
    await lab.post("agents/agent01/logout")
    await lab.log_in("agent02")
    again = await lab.until_rung(number, 2)
    await lab.until_agent("agent02", "talking")
    again.hang_up()
    call = (await lab.settled(2))[-1]
    assert (call.agent, call.outcome) == ("agent02", "answered")
    assert call.dialled_at is not None and call.dialled_at >= at
    await lab.post("agents/agent02/end_wrap_up")
