"""A key in the message of an abandoned call, or in a flow: nobody of the client's calls that number again."""

from tests.e2e.files import LONG, campaign, flow
from tests.e2e.lab import Lab

MESSAGE = {"en": f"This was Acme. Press nine and we do not call again. {LONG}"}
FILES = {
    **campaign("calls", abandon={"connect_within": "2s", "message": MESSAGE,
                                 "opt_out": {"key": "9", "confirm": {"en": "Done."}}}),
    **flow("news", {
        "news": {"menu": {"en": f"News. Nine: no more news. {LONG}"}, "choices": {"9": "stop"}, "retries": 0},
        "stop": {"do_not_call": "client", "next": "bye"}, "bye": {"hangup": None},
    }),
    **campaign("newscast", mode="agentless", flow="news", agents=None, abandon=None),
}  # fmt: skip
OPTIONS = {"people": {"ring_ms": 1500}}


async def test_the_abandoned_person_presses_the_key(lab: Lab) -> None:
    number = "+493023120009"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    phone = await lab.until_rung(number)
    lab.phone("agent01").hang_up()
    await lab.until_agent("agent01", "logged_out")
    await lab.until_call("ending", direction="outbound")
    phone.press("9")
    call = await lab.one()
    assert (call.outcome, call.message, call.hung_up_by) == ("abandoned", "opted_out", "system")
    assert await lab.over(phone) == "us"
    assert [(stop.scope, stop.source) for stop in lab.ledger.stops(number)] == [
        ("client:acme", f"key in call {call.id}")]
    await lab.log_in("agent02")
    await lab.post("campaigns/newscast/contacts", {"number": number})
    await lab.post("campaigns/newscast/start")

    def done() -> bool:
        contact = lab.ledger.contact("newscast", number)
        return (contact.state, contact.result) == ("done", "do_not_call.client")

    await lab.until(done)
    assert len(lab.people.invites(number)) == 1


async def test_the_key_in_a_flow(lab: Lab) -> None:
    number = "+493023120109"
    await lab.dial("newscast", number)
    phone = await lab.until_rung(number)
    await lab.until_call("flow", direction="outbound")
    await lab.until_answered(phone)
    phone.press("9")
    call = await lab.one()
    assert (call.outcome, call.flow) == ("answered", "news")
    assert [(stop.scope, stop.source) for stop in lab.ledger.stops(number)] == [
        ("client:acme", f"flow in call {call.id}")]
