"""A busy number is called again after its rule's time, as often as the rule says and no oftener."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls", retry={"busy": {"after": "2s", "times": 1}})
NUMBER = "+493023120086"


async def test_busy_is_called_once_more(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", NUMBER)
    await lab.settled(1)
    waiting = lab.ledger.contact("calls", NUMBER)
    assert (waiting.state, waiting.attempts, dict(waiting.tries)) == ("waiting", 1, {"busy": 1})
    first, second = await lab.settled(2)
    assert (first.outcome, second.outcome) == ("busy", "busy")
    assert first.id != second.id and first.contact_id == second.contact_id
    assert first.ended_at is not None and second.dialled_at is not None
    assert second.dialled_at - first.ended_at >= 2.0
    await lab.until_campaign("calls", "exhausted")
    contact = lab.ledger.contact("calls", NUMBER)
    assert (contact.state, contact.attempts, contact.result) == ("done", 2, "busy")
    assert len(lab.people.invites(NUMBER)) == 2
    assert lab.ledger.totals("calls").outcomes == {"busy": 2}
