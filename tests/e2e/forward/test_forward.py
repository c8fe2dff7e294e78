"""A flow dials a number and joins it to the caller."""

from tests.e2e.files import flow
from tests.e2e.lab import Lab

AFTER = {
    "after": {"hangup": {"cause": 16}}, "busy": {"hangup": {"cause": 17}}, "away": {"hangup": {"cause": 19}},
    "failed": {"say": {"en": "Sorry."}},
}  # fmt: skip
EXITS = {"next": "after", "busy": "busy", "no_answer": "away", "failed": "failed"}


def forwarding(name: str, number: str, to: str, **more: object) -> dict[str, object]:
    return {**flow(name, {"partner": {"dial": to, **EXITS, **more}, **AFTER}, number=number)}


ANSWERS, BUSY, AWAY, FAILS = "+493023120099", "+493023120086", "+493023120008", "+493023120003"
FILES = {
    **forwarding("answers", "+493023125001", ANSWERS),
    **forwarding("busy", "+493023125002", BUSY),
    **forwarding("away", "+493023125003", AWAY, ring="1s"),
    **forwarding("fails", "+493023125004", FAILS),
    **forwarding("shows", "+493023125005", "+493023120199", caller_id="caller"),
}


async def test_they_talk_and_the_partner_hangs_up(lab: Lab) -> None:
    caller = await lab.call("+493023125001")
    partner = await lab.until_rung(ANSWERS)
    await lab.until_bridged(2)
    assert "sip:+493023125001@" in partner.invite.header("From"), "the client's number"
    partner.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent, call.cause) == ("forwarded", "system", None, 16)
    assert call.answered_at is not None
    assert (await lab.over(partner), await lab.over(caller)) == ("it", "us")


async def test_they_talk_and_the_caller_hangs_up(lab: Lab) -> None:
    caller = await lab.call("+493023125001")
    await lab.until_bridged(2)
    partner = await lab.until_rung(ANSWERS, len(lab.people.invites(ANSWERS)))
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("forwarded", "customer")
    assert (await lab.over(partner), await lab.over(caller)) == ("us", "it")


async def test_the_callers_own_number_is_shown(lab: Lab) -> None:
    caller = await lab.call("+493023125005", sender="+4930231259")
    partner = await lab.until_rung("+493023120199")
    await lab.until_bridged(2)
    assert "sip:+4930231259@" in partner.invite.header("From")
    caller.hang_up()
    assert (await lab.one()).outcome == "forwarded"


async def test_the_partner_is_busy(lab: Lab) -> None:
    caller = await lab.call("+493023125002")
    call = await lab.one()
    assert (call.outcome, call.answered_at) == ("self_served", None)
    assert await lab.final(caller) == "486"
    assert await lab.final(await lab.until_rung(BUSY)) == "486"


async def test_the_partner_does_not_answer(lab: Lab) -> None:
    caller = await lab.call("+493023125003")
    call = await lab.one()
    assert (call.outcome, call.answered_at) == ("self_served", None)
    assert await lab.final(await lab.until_rung(AWAY)) == "487"
    assert await lab.final(caller) == "480"


async def test_the_trunk_fails(lab: Lab) -> None:
    caller = await lab.call("+493023125004")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("failed", "system")
    assert await lab.final(await lab.until_rung(FAILS)) == "503"
    assert await lab.over(caller) == "us"
