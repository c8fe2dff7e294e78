"""Consents that come and go while contacts are queued, and persons erased while they talk."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_rig import CAMPAIGN, FILES, SURVEYED, Rig, script, write_site
from test_engine_law import berlin

from dialer.calls import events as ev
from dialer.calls.outcome import Outcome
from dialer.pseudonyms import KEY_FILE
from dialer.store.records import CallRecord, NewContact
from dialer.web.person_port import ConsentView
from dialer.web.port import RefusedError, UnknownError

ROOT = Path(__file__).parents[2]
NUMBER, OTHER = "+493023125141", "+493023125142"
NOON = berlin("2023-11-20T12:00")
GIVEN = ConsentView("acme", "advertising", NOON - 86_400, None, None, "web form", "form 4711", None)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """Under Germany's rules, advertising."""
    files = {name: dict(document) for name, document in FILES.items()}
    for name in (CAMPAIGN, SURVEYED):
        del files[f"configs/campaigns/{name}.yaml"]["rules"]
    write_site(tmp_path, files)
    shutil.copytree(ROOT / "configs" / "rules", tmp_path / "configs" / "rules")
    made = Rig(tmp_path)
    made.clock.move(NOON - made.clock.now())
    yield made
    await made.close()


async def begin(rig: Rig, *contacts: NewContact) -> None:
    await rig.store.add_contacts(CAMPAIGN, contacts)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()


def dialled(rig: Rig) -> list[str]:
    orders = [order for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [order.detail.endpoint.removeprefix("PJSIP/").removesuffix("@trunk") for order in orders]


async def asked(rig: Rig, question: Any) -> Any:
    """Its answer, while calls end as the switch is told."""
    task = asyncio.ensure_future(question)
    ended: set[str] = set()
    while not task.done():
        for order in rig.switch.given("hangup"):
            if order.channel not in ended:
                ended.add(order.channel)
                rig.post(ev.HungUp(order.channel, rig.clock.now(), 16))
        await asyncio.sleep(0.01)
    return task.result()


async def test_without_consent_nobody_is_called_and_with_it_at_once(rig: Rig) -> None:
    await begin(rig, NewContact(NUMBER))
    assert dialled(rig) == []
    assert rig.rows("SELECT rule, until FROM refusals") == [("de.consent", NOON + 86_400)]
    assert await rig.control.persons.consent(NUMBER, GIVEN) == 1
    await rig.quiet()
    assert dialled(rig) == [NUMBER]
    assert await rig.control.persons.consent(NUMBER, GIVEN) == 0
    assert await rig.control.persons.consents(NUMBER, None) == [GIVEN]
    with pytest.raises(UnknownError):
        await rig.control.persons.consent(NUMBER, replace(GIVEN, client="nobody"))
    with pytest.raises(RefusedError, match="future"):
        await rig.control.persons.consent(NUMBER, replace(GIVEN, given_at=NOON + 9))


async def test_a_revoked_consent_holds_nobody_s_call_up_but_its_own(rig: Rig) -> None:
    for number in (NUMBER, OTHER):
        await rig.control.persons.consent(number, GIVEN)
    await begin(rig, NewContact(NUMBER), NewContact(OTHER))
    call = rig.switch.given("originate")[-1].channel
    rig.post(ev.Ringing(call, rig.clock.now()))
    assert await rig.control.persons.revoke("acme", NUMBER, None) == 1
    assert rig.switch.given("hangup")[-1].channel == call
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    for _ in range(3):
        await rig.quiet()
        rig.clock.move(61)
    assert dialled(rig) == [NUMBER, OTHER]
    assert rig.row("SELECT result FROM contacts WHERE number = ?", NUMBER) is None
    assert rig.row("SELECT count(*) FROM refusals WHERE rule = 'de.consent'") == 1


async def test_a_person_is_erased_in_the_middle_of_a_talk_and_never_called_again(rig: Rig) -> None:
    await rig.control.persons.consent(NUMBER, GIVEN)
    await begin(rig, NewContact(NUMBER, {"name": "Erika"}, others=(OTHER,)))
    call, now = rig.switch.given("originate")[-1].channel, rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    assert rig.call_state(call) == "talking"
    made = await asked(rig, rig.control.persons.erase(OTHER, None, "letter of Monday"))
    await rig.quiet()
    assert (made.id, made.reason, made.erased["contacts"]) == (1, "letter of Monday", 1)
    assert {kept.what for kept in made.kept} == {"calls", "do_not_call", "consents"}
    assert rig.row("SELECT number, outcome FROM calls WHERE id = ?", call) == ("erased-1", "answered")
    assert rig.rows("SELECT number FROM do_not_call WHERE number LIKE '+%'") == []
    assert (rig.root / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert rig.engine.floor.last_call("ada") is None
    # A list brings the number again: refused by its other name, also by an engine that begins anew.
    await rig.crash()
    rig.link_up()
    rig.log_in("bob")
    await rig.store.add_contacts(SURVEYED, [NewContact(NUMBER)])
    rig.engine.campaigns.set_status(SURVEYED, "running")
    await rig.quiet()
    assert len(dialled(rig)) == 1
    assert rig.row("SELECT result FROM contacts WHERE campaign = ?", SURVEYED) == "do_not_call.global"
    assert await rig.control.persons.certificate(1) == made


async def test_nobody_is_erased_whom_another_node_talks_with(rig: Rig) -> None:
    """That node would write the number again when its call ends; one that died with it is not waited for for ever."""
    await rig.store.add_contacts(CAMPAIGN, [NewContact(NUMBER)])
    talking = CallRecord("n2-1", "outbound", "n2", "main", "acme", NUMBER, "+4930", rig.clock.now(), campaign="theirs",
                         state="talking", answered_at=rig.clock.now())
    await rig.store.save_call(talking)
    with pytest.raises(RefusedError, match="under way on n2"):
        await rig.control.persons.erase(NUMBER, None, "letter")
    assert rig.row("SELECT number FROM contacts") == NUMBER
    await rig.store.settle(replace(talking, outcome=Outcome.ANSWERED, ended_at=rig.clock.now()), None)
    await rig.control.persons.erase(NUMBER, None, "letter")
    assert rig.rows("SELECT number FROM calls") == [("erased-1",)]

    await rig.store.save_call(replace(talking, id="n3-1", node="n3", number=OTHER))
    rig.clock.move(2 * 3600 + 1)
    await rig.control.persons.erase(OTHER, None, "letter")
    assert rig.row("SELECT number FROM calls WHERE id = 'n3-1'") == "erased-2"


async def test_nobody_is_erased_before_the_switch_has_told_of_an_earlier_life_s_calls(rig: Rig) -> None:
    await rig.control.persons.consent(NUMBER, GIVEN)
    await begin(rig, NewContact(NUMBER))
    await rig.crash()
    with pytest.raises(RefusedError, match="under way on n1"):
        await rig.control.persons.erase(NUMBER, None, "letter")


async def test_the_reports_of_imports_lose_the_person_and_lists_are_named(rig: Rig) -> None:
    lists = rig.root / "configs" / "lists"
    lists.mkdir(parents=True)
    (lists / "winback.csv").write_text(f"number,name\n{NUMBER},Erika\n030 23125199,Max\n")
    report = lists / f"winback.{CAMPAIGN}.rejected.csv"
    rows = ["line,result,reason,number", "3,duplicate,stands elsewhere,'030 23125141", "4,rejected,no number,abc"]
    report.write_text("\n".join(rows))
    for name in (CAMPAIGN, SURVEYED):  # a list of two campaigns is named once
        path = rig.root / f"configs/campaigns/{name}.yaml"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"list": "lists/winback.csv", "country": "DE"}))
    assert await rig.control.reload() == []
    made = await asked(rig, rig.control.persons.erase(NUMBER, "acme", "letter"))
    assert made.erased["rows of reports"] == 1
    assert report.read_text().splitlines() == rows[:1] + rows[2:]
    assert made.elsewhere == ("winback.csv still has the number: take it out there; it is not called again anyway",)
    assert made.client == "acme"
    with pytest.raises(UnknownError):
        await rig.control.persons.erase(NUMBER, "nobody", "letter")


async def test_no_list_and_nobody_brings_back_who_was_erased(rig: Rig) -> None:
    await begin(rig, NewContact(NUMBER, {"name": "Erika"}, others=(OTHER,)))
    await asked(rig, rig.control.persons.erase(NUMBER, "acme", "letter"))
    path = rig.root / "again.csv"
    path.write_text(f"number,mobile\n+493023125199,\n{OTHER},\n+493023125198,{NUMBER}\n12,\n")
    campaign = rig.root / f"configs/campaigns/{CAMPAIGN}.yaml"
    lists = [{"name": "again", "file": "../again.csv", "map": {"others": ["mobile"]}}]
    campaign.write_text(json.dumps(json.loads(campaign.read_text()) | {"lists": lists}))
    assert await rig.control.reload() == []
    counts = await rig.control.import_list(CAMPAIGN, str(path))
    assert counts == {"imported": 1, "known": 0, "duplicates": 0, "rejected": 3}
    assert rig.rows("SELECT number FROM contacts WHERE number LIKE '+%'") == [("+493023125199",)]
    report = path.with_name(f"again.{CAMPAIGN}.rejected.csv").read_text()
    assert report.splitlines()[1:3] == ["3,rejected,the person was erased,", "4,rejected,the person was erased,"]
    assert NUMBER[1:] not in report and OTHER[1:] not in report
    for brought in (rig.control.add_contact(CAMPAIGN, NewContact("+493023125197", others=(OTHER,))),
                    rig.control.desks.dial("ada", CAMPAIGN, NUMBER)):  # fmt: skip
        with pytest.raises(RefusedError, match="the person with this number was erased"):
            await brought
    assert rig.row("SELECT count(*) FROM contacts WHERE number LIKE '+%'") == 1
