"""A campaign without agents: whoever answers hears a flow."""

from tests.e2e.files import LONG, campaign, flow
from tests.e2e.lab import Lab

FILES = {
    **flow("news", {"news": {"say": {"en": "News."}, "next": "bye"}, "bye": {"hangup": None}}),
    **flow("long_news", {"news": {"say": {"en": LONG}}}),
    **campaign("calls", mode="agentless", flow="news", agents=None, abandon=None),
    **campaign("long_calls", mode="agentless", flow="long_news", agents=None, abandon=None,
               retry={"hung_up": {"after": "1h", "times": 1}}),
}  # fmt: skip


async def test_the_flow_is_heard_to_its_end(lab: Lab) -> None:
    number = "+493023120099"
    await lab.dial("calls", number)
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.flow, call.agent) == ("answered", "system", "news", None)
    assert await lab.over(await lab.until_rung(number)) == "us"
    assert lab.ledger.contact("calls", number).result == "answered"


async def test_a_person_who_hangs_up_in_it(lab: Lab) -> None:
    number = "+493023120199"
    await lab.dial("long_calls", number)
    await lab.until_call("flow", direction="outbound")
    phone = await lab.until_rung(number)
    phone.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("answered", "customer")
    assert await lab.over(phone) == "it"


async def test_busy_is_busy(lab: Lab) -> None:
    number = "+493023120086"
    await lab.dial("calls", number)
    call = await lab.one()
    assert (call.outcome, call.sip) == ("busy", 486)
    assert await lab.final(await lab.until_rung(number)) == "486"
