"""A campaign starts and pauses by its schedule."""

from datetime import UTC, date, timedelta
from datetime import datetime as when

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = {"timezone": "UTC", "open": [{"days": WEEK, "from": "00:00", "to": "24:00"}]}
FILES = {
    **campaign("open", schedule=ALWAYS),
    **campaign("over", schedule={**ALWAYS, "last": str(date(2024, 2, 1))}),
    **campaign("ahead", schedule={**ALWAYS, "first": str(when.now(UTC).date() + timedelta(days=3))}),
}


async def test_running_from_the_start_or_not_yet_or_no_more(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    for name in ("open", "over", "ahead"):
        await lab.until_campaign(name, "paused" if name != "open" else "exhausted")
    await lab.post("campaigns/open/contacts", {"number": number})
    await lab.until_agent("agent01", "talking")
    (await lab.until_rung(number)).hang_up()
    assert (await lab.one()).outcome == "answered"
    await lab.post("campaigns/ahead/contacts", {"number": "+493023120199"})
    await lab.post("campaigns/ahead/start")
    (await lab.until_rung("+493023120199")).hang_up()
    assert (await lab.settled(2))[1].campaign == "ahead"
