"""It rings and nobody picks up: we stop in time. A stopped campaign takes back what still rings."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls", ring_timeout="5s")


async def test_the_ring_timeout_ends_it(lab: Lab) -> None:
    number = "+493023120008"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    phone = await lab.until_rung(number)
    call = await lab.one()
    assert (call.outcome, call.answered_at) == ("no_answer", None)
    assert call.ringing_at is not None and call.ended_at is not None
    assert await lab.final(phone) == "487"
    row = await lab.cdr(call.id)
    assert row["disposition"] == "NO ANSWER"
    assert 4.0 < row["end"] - row["start"] < 7.0, "as long as the campaign lets it ring"
    assert lab.ledger.contact("calls", number).result == "no_answer"
    await lab.until_agent("agent01", "idle")


async def test_a_stopped_campaign_takes_back_what_still_rings(lab: Lab) -> None:
    number = "+493023120108"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    phone = await lab.until_rung(number)
    await lab.until_call("ringing", direction="outbound")
    await lab.post("campaigns/calls/stop")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.answered_at) == ("cancelled", "system", None)
    assert await lab.final(phone) == "487"
    contact = lab.ledger.contact("calls", number)
    assert (contact.state, contact.tries) == ("waiting", {}), "it was never rung out: no rule counts it"
    await lab.until_agent("agent01", "idle")
