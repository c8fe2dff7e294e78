"""The network speaks before the person does (183): that is no answer, and nobody is joined to it."""

from tests.e2e.files import campaign
from tests.e2e.lab import Lab

FILES = campaign("calls")
NUMBER = "+493023120083"


async def test_early_media_is_not_an_answer(lab: Lab) -> None:
    await lab.log_in("agent01")
    await lab.dial("calls", NUMBER)
    phone = await lab.until_rung(NUMBER)
    await lab.until_agent("agent01", "reserved")
    await lab.until_agent("agent01", "talking")
    assert [message.word for message in phone.messages() if message.sent][:3] == ["100", "183", "200"]
    await lab.post("agents/agent01/hangup")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.agent) == ("answered", "agent", "agent01")
    assert call.dialled_at is not None and call.answered_at is not None and call.joined_at is not None
    assert call.answered_at - call.dialled_at > 0.9, "the second of early media is none of the talk"
    assert call.joined_at >= call.answered_at
    assert await lab.over(phone) == "us"
