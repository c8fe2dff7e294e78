"""The engine dies while a phone rings, and is back before the person answers."""

from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import campaign

FILES = campaign("calls", ring_timeout="30s")
OPTIONS = {"people": {"ring_ms": 12_000}}
"""Long enough for a new start on a busy machine: the dialplan gives an answered person's engine three seconds."""


async def test_killed_while_it_rings_the_person_who_answers_gets_the_agent(lab: FaultLab) -> None:
    number = "+493023120111"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_rung(number)
    await lab.crash()
    await lab.until_agent("agent01", "talking")
    assert lab.times_called([number]) == {number: 1}
    (await lab.until_rung(number)).hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent) == ("answered", "agent01")
