"""After an abandoned call: nobody without an agent calls that person, one who has an agent held for it does."""

from typing import Any

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PACK = {
    "rules": "always", "title": "Always", "version": 1, "dated": "2026-11-22", "notice": "A lawyer must check it.",
    "sources": [{"rule": "none", "where": "here"}], "hours": [{"days": DAYS, "from": "00:00", "to": "24:00"}],
    "pauses": {"next_with_agent": {"after": "abandoned", "days": 30, "unless": "agent"}},
}  # fmt: skip
MESSAGE = {"connect_within": "2s", "message": {"en": "This was Acme."}}
FILES = {
    "configs/rules/always.yaml": PACK,
    **campaign("calls", abandon=MESSAGE, rules=["always"]),
    **campaign("ahead", mode="power", ratio=2.0, abandon=MESSAGE, rules=["always"]),
}
OPTIONS = {"people": {"ring_ms": 1500}}


async def test_the_next_call_has_an_agent_held_for_it(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_rung(number)
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    call = await lab.one()
    assert (call.outcome, call.message) == ("abandoned", "heard")

    await lab.dial("ahead", number)
    await lab.log_in("agent02")
    phone = await lab.until_rung(number, times=2)

    def guaranteed() -> Any:
        rows = [row for row in lab.ledger.open() if (row.campaign, row.number) == ("ahead", number)]
        return rows and rows[0].agent == "agent02"

    await lab.until(guaranteed)
    await lab.until_agent("agent02", "talking")
    assert (await lab.agent("agent02"))["campaign"] == "ahead"
    await lab.post("campaigns/ahead/stop")
    phone.hang_up()
    ended = {row.number: row for row in await lab.settled(2) if row.campaign == "ahead"}
    assert (ended[number].outcome, ended[number].agent) == ("answered", "agent02")
