"""The carrier has no circuit (503): congestion, which is neither the person's doing nor a fault of ours."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls", retry={"congestion": {"after": "1h", "times": 3}})
NUMBER = "+493023120003"


async def test_no_circuit_is_congestion_and_is_called_again_by_its_rule(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", NUMBER)
    call = await lab.one()
    assert (call.outcome, call.sip, call.answered_at) == ("congestion", 503, None)
    assert await lab.final(await lab.until_rung(NUMBER)) == "503"
    assert (await lab.cdr(call.id))["disposition"] == "CONGESTION"
    contact = lab.ledger.contact("calls", NUMBER)
    assert (contact.state, dict(contact.tries)) == ("waiting", {"congestion": 1})
    assert call.ended_at is not None
    assert abs(contact.next_at - call.ended_at - 3600) < 2
    await lab.until_agent("agent01", "idle")
