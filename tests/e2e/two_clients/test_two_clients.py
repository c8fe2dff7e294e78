"""Two clients share the agents; each has its numbers, its languages, its flow and the number it shows."""

from tests.e2e.files import campaign, flow
from tests.e2e.lab import Lab

ACME, GLOBEX = "+493023125001", "+441632960001"
LINE = {"queue": {"skills": ["sales"], "wrap_up": "0s"}, "overflow": "bye"}
FILES = {
    "configs/clients/globex.yaml": {
        "client": "globex", "name": "Globex", "caller_id": GLOBEX, "languages": ["de", "en"],
    },
    **flow("acme_line", {"line": LINE, "bye": {"hangup": None}}, number="+493023125010"),
    **flow(
        "globex_line",
        {"which": {"language": {"1": "de", "2": "en"}, "timeout": "2s", "next": "line"}, "line": LINE,
         "bye": {"hangup": None}},
        number="+441632960010", client="globex", languages=["de", "en"],
    ),
    **campaign("acme_calls"),
    **campaign("globex_calls", client="globex", language=None, caller_id="+441632960002",
               abandon={"message": {"de": "Niemand ist frei."}}),
}  # fmt: skip


async def test_callers_of_both_reach_the_same_agent(lab: Lab) -> None:
    await lab.log_in("agent01")
    for number, client in (("+493023125010", "acme"), ("+441632960010", "globex")):
        caller = await lab.call(number)
        if client == "globex":
            await lab.until_answered(caller)
            caller.press("2")
        row = await lab.until_agent("agent01", "talking")
        assert row["client"] == client, "the agent must say whose call it is"
        caller.hang_up()
        await lab.until_agent("agent01", "idle")
    acme, globex = await lab.settled(2)
    assert [(call.client, call.flow, call.our_number) for call in (acme, globex)] == [
        ("acme", "acme_line", "+493023125010"), ("globex", "globex_line", "+441632960010"),
    ]  # fmt: skip
    assert (acme.language, globex.language) == ("en", "en")
    assert {call.agent for call in (acme, globex)} == {"agent01"}


async def test_silence_leaves_the_first_language(lab: Lab) -> None:
    await lab.log_in("agent01")
    caller = await lab.call("+441632960010")
    await lab.until_agent("agent01", "talking")
    caller.hang_up()
    assert (await lab.one()).language == "de"


async def test_called_people_see_the_number_of_the_client(lab: Lab) -> None:
    await lab.log_in("agent01")
    shown = {}
    for name, number in (("acme_calls", "+493023120099"), ("globex_calls", "+441632960199")):
        await lab.dial(name, number)
        await lab.until_agent("agent01", "talking")
        phone = await lab.until_rung(number)
        shown[name] = phone.invite.header("From"), phone.invite.header("P-Asserted-Identity")
        phone.hang_up()
        await lab.until_agent("agent01", "idle")
        await lab.post(f"campaigns/{name}/stop")
    assert f"sip:{ACME}@" in shown["acme_calls"][0] and ACME in shown["acme_calls"][1]
    assert "sip:+441632960002@" in shown["globex_calls"][0] and "+441632960002" in shown["globex_calls"][1]
    acme, globex = await lab.settled(2)
    assert (acme.client, acme.our_number, acme.language) == ("acme", ACME, "en")
    assert (globex.client, globex.our_number, globex.language) == ("globex", "+441632960002", "de")
