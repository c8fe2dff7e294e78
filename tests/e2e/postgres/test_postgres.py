"""The main job on PostgreSQL: a caller, a campaign, a disposition, and a crash in the middle of a talk."""

from tests.e2e.eventually import eventually
from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

NUMBER = "+493023125001"
FILES = {
    **flow("line", {"line": {"queue": {"skills": ["sales"], "wrap_up": "0s"}, "overflow": "bye"},
                    "bye": {"hangup": None}}, number=NUMBER),
    **campaign("calls", dispositions={"sale": {}}, agents={"skills": ["sales"], "wrap_up": "60s"}),
}  # fmt: skip


async def test_a_caller_and_a_called_person(lab: Lab) -> None:
    assert lab.engine.store.startswith("postgresql")
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    caller.hang_up()
    await lab.until_agent("agent01", "idle")
    number = "+493023120099"
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    (await lab.until_rung(number)).hang_up()
    await lab.until_agent("agent01", "wrap_up")
    await lab.post("agents/agent01/disposition", {"disposition": "sale"})
    inbound, outbound = await lab.settled(2)
    assert (inbound.outcome, outbound.outcome, outbound.disposition) == ("answered", "answered", "sale")
    assert lab.ledger.contact("calls", number).result == "sale"
    assert lab.ledger.totals("calls").outcomes == {"answered": 1}


async def test_a_crash_in_a_talk_loses_nothing(lab: Lab) -> None:
    number = "+493023120199"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    phone = await lab.until_rung(number)
    await eventually(lambda: [call.state for call in lab.ledger.open()] == ["talking"])  # on disk
    await lab.engine.kill()
    await lab.engine.start()
    await lab.until_agent("agent01", "talking")
    assert phone.over_by == ""
    phone.hang_up()
    call = await lab.one()
    assert (call.outcome, call.agent, call.hung_up_by) == ("answered", "agent01", "customer")
    assert len(lab.people.invites(number)) == 1, "nobody is called twice"
