"""Outside the hours: callers are told, campaigns do not dial."""

from datetime import UTC, datetime, timedelta

from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OTHER_DAY = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
FILES = {
    "configs/hours/never.yaml": {
        "hours": "never", "timezone": "UTC", "open": [{"days": [OTHER_DAY], "from": "00:00", "to": "24:00"}],
    },
    **flow("told", {"gate": {"hours": "never", "open": "bye", "closed": "night"},
                    "night": {"say": {"en": "Closed."}, "next": "bye"}, "bye": {"hangup": None}},
           number="+493023125001"),
    **flow("silent", {"gate": {"hours": "never", "open": "bye"}, "bye": {"hangup": None}}, number="+493023125002"),
    **flow("open", {"gate": {"hours": "always", "open": "bye"}, "bye": {"say": {"en": "Open."}}},
           number="+493023125003"),
    **campaign("calls", hours="never"),
}  # fmt: skip


async def test_a_caller_hears_that_we_are_closed(lab: Lab) -> None:
    caller = await lab.call("+493023125001")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("closed", "system")
    assert call.answered_at is not None
    assert (caller.status, await lab.over(caller)) == ("200", "us")


async def test_a_caller_who_does_not_wait_for_the_end_is_closed_too(lab: Lab) -> None:
    caller = await lab.call("+493023125001")
    await lab.until_answered(caller)
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) in [("closed", "customer"), ("closed", "system")]


async def test_nothing_is_said_and_nothing_answered(lab: Lab) -> None:
    caller = await lab.call("+493023125002")
    call = await lab.one()
    assert (call.outcome, call.answered_at) == ("closed", None)
    assert await lab.final(caller) >= "400"
    assert (await lab.cdr(call.id))["answer"] is None


async def test_open_hours_are_not_closed(lab: Lab) -> None:
    caller = await lab.call("+493023125003")
    call = await lab.one()
    assert call.outcome == "self_served"
    assert await lab.over(caller) == "us"


async def test_a_campaign_does_not_dial(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", "+493023120099")

    async def says_so() -> bool:
        return (await lab.get("campaigns"))[0]["reason"] == "closed"

    await lab.until(says_so)
    await lab.post("campaigns/calls/stop")
    assert lab.people.invites("+493023120099") == []
    assert lab.ledger.contact("calls", "+493023120099").state == "due"
