"""A caller goes through a menu by real RFC 4733 digits."""

import pytest

from tests.e2e.files import flow
from tests.e2e.lab import Lab

FILES = flow(
    "hotline",
    {
        "menu": {
            "menu": {"en": "One or two."}, "choices": {"1": "sales", "2": "account"}, "retries": 1, "timeout": "2s",
            "invalid": {"en": "No."}, "otherwise": "sorry",
        },
        "sales": {"say": {"en": "Sales."}, "next": "bye"},
        "account": {
            "collect": {"prompt": {"en": "Account."}, "digits": {"min": 4, "max": 6}, "store": "account"},
            "next": "known", "otherwise": "sorry",
        },
        "known": {"branch": [{"when": 'account == "4711"', "to": "welcome_back"}], "otherwise": "sorry"},
        "welcome_back": {"hangup": {"cause": 16, "reason": "known"}},
        "sorry": {"hangup": {"cause": 21, "reason": "sorry"}},
        "bye": {"hangup": {"cause": 16}},
    },
    number="+493023125010",
)  # fmt: skip
NUMBER = "+493023125010"


async def test_a_key_chooses_and_the_flow_goes_to_its_end(lab: Lab) -> None:
    caller = await lab.call(NUMBER)
    await lab.until_answered(caller)
    caller.press("1")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.cause) == ("self_served", "system", 16)
    assert (call.flow, call.number, call.our_number) == ("hotline", "+4930231250", NUMBER)
    assert call.answered_at is not None and call.agent is None
    assert (caller.status, await lab.over(caller)) == ("200", "us")
    row = await lab.cdr(call.id)
    assert (row["disposition"], row["dialled"]) == ("ANSWERED", NUMBER)


@pytest.mark.parametrize(("keys", "cause"), [("4711#", 16), ("4712#", 21)])
async def test_digits_are_collected_one_by_one(lab: Lab, keys: str, cause: int) -> None:
    caller = await lab.call(NUMBER)
    await lab.until_answered(caller)
    caller.press("2" + keys)
    call = await lab.one()
    assert (call.outcome, call.hung_up_by) == ("self_served", "system")
    assert await lab.over(caller) == "us"
    assert (await lab.cdr(call.id))["lastapp"] == "AGI"
    assert call.cause == cause


async def test_a_wrong_key_and_silence_lead_elsewhere(lab: Lab) -> None:
    caller = await lab.call(NUMBER)
    await lab.until_answered(caller)
    caller.press("9")
    call = await lab.one()
    assert (call.outcome, call.hung_up_by, call.cause) == ("self_served", "system", 21)
    assert await lab.over(caller) == "us"
