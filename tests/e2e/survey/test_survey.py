"""After the talk the flow goes on: the customer answers a question with keys."""

from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

NUMBER = "+493023125001"
QUESTION = {
    "question": {
        "menu": {"en": "One, or two?"}, "choices": {"1": "good", "2": "bad"}, "retries": 1, "timeout": "2s",
        "otherwise": "silence",
    },
    "good": {"hangup": {"cause": 16, "reason": "good"}},
    "bad": {"hangup": {"cause": 21, "reason": "bad"}},
    "silence": {"hangup": {"cause": 19, "reason": "silence"}},
}  # fmt: skip
LINE = {"queue": {"skills": ["sales"], "wrap_up": "30s"}, "next": "question", "overflow": "silence"}
FILES = {
    **flow("line", {"line": LINE, **QUESTION}, number=NUMBER),
    **flow("after", QUESTION),
    **campaign("calls", flow="after", agents={"skills": ["sales"], "wrap_up": "30s"}),
}


async def test_a_caller_answers_after_the_talk(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    await lab.until_agent("agent01", "wrap_up")
    await lab.until_call("flow")
    caller.press("2")
    call = await lab.one()
    assert (call.outcome, call.cause, call.agent) == ("answered", 21, "agent01")
    assert await lab.over(caller) == "us"
    (talk,) = lab.ledger.talks(call.id)
    assert call.ended_at is not None and call.ended_at > talk.ended_at
    assert (await lab.agent("agent01"))["state"] == "wrap_up", "the agent's after-call work is not the survey's"


async def test_silence_has_its_own_way(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    call = await lab.one()
    assert (call.outcome, call.cause) == ("answered", 19)
    assert await lab.over(caller) == "us"


async def test_a_caller_who_leaves_in_the_survey_hung_up_himself(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    await lab.until_call("flow")
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("answered", "customer")
    assert await lab.over(caller) == "it"


async def test_a_called_person_is_asked_after_the_talk(lab: Lab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_agent("agent01", "talking")
    await lab.post("agents/agent01/hangup")
    await lab.until_call("flow", direction="outbound")
    call = await lab.one()
    assert (call.outcome, call.cause, call.flow) == ("answered", 19, "after")
    assert await lab.over(await lab.until_rung(number)) == "us"
    assert lab.ledger.contact("calls", number).result == "answered"


async def test_a_customer_who_hangs_up_on_the_agent_is_not_asked(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call(NUMBER)
    await lab.until_agent("agent01", "talking")
    caller.hang_up()
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("answered", "customer")
