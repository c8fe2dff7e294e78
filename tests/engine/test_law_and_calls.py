"""What the law asks of calls that are under way, and of persons with several numbers."""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_rig import BEGAN_AT, CAMPAIGN, FILES, SURVEYED, Rig, script, seen, write_site

from dialer.calls import events as ev
from dialer.registers import FOLDER, import_register, path_of
from dialer.store.records import Contact, NewContact, Stop
from dialer.web.desk_port import Wish
from dialer.web.port import RefusedError

ROOT = Path(__file__).parents[2]
NUMBER, OTHER = "+493055500000", "+493055500077"
NEW_YORK = "+12125550123"


def dialled(rig: Rig) -> list[str]:
    orders = [order.detail for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [order.endpoint.removeprefix("PJSIP/").removesuffix("@trunk") for order in orders]


async def tick(rig: Rig, seconds: float = 0.0) -> None:
    rig.clock.move(seconds)
    for _ in range(3):
        rig.engine.tick()
        await rig.quiet()


def rig_of(root: Path, rules: tuple[str, ...] = (), packs: dict[str, Any] | None = None, **campaign: Any) -> Rig:
    """The rig's site with other settings of its campaign; with `rules`, the packs of these names."""
    path = f"configs/campaigns/{CAMPAIGN}.yaml"
    document = FILES[path] | campaign
    if rules:
        del document["rules"]
    write_site(root, {**FILES, path: document, **(packs or {})})
    for name in rules:
        (root / "configs/rules").mkdir(exist_ok=True)
        shutil.copy(ROOT / "configs/rules" / f"{name}.yaml", root / "configs/rules")
    return Rig(root)


async def test_who_is_in_a_call_is_not_called_by_the_client_s_other_campaign(rig: Rig) -> None:
    call, _ = await rig.talk()
    rig.log_in("bob")
    await rig.store.add_contacts(SURVEYED, [NewContact(OTHER, others=(NUMBER,))])
    rig.engine.campaigns.set_status(SURVEYED, "running")
    await tick(rig)
    assert dialled(rig) == [NUMBER]
    with pytest.raises(RefusedError, match="in_call"):
        await rig.control.desks.dial("bob", SURVEYED, NUMBER)
    assert rig.row("SELECT state, attempts FROM contacts WHERE number = ?", OTHER) == ("waiting", 0)
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await tick(rig, 61)
    assert dialled(rig) == [NUMBER, OTHER]
    assert rig.rows("SELECT DISTINCT rule FROM refusals") == [("in_call",)]


async def test_two_claims_of_a_moment_for_one_number_make_one_call(rig: Rig) -> None:
    await rig.contacts(1)
    await rig.store.add_contacts(SURVEYED, [NewContact(NUMBER)])
    rig.link_up()
    rig.log_in("ada")
    rig.log_in("bob")
    for campaign in (CAMPAIGN, SURVEYED):  # neither claim knows of the other's call
        rig.engine.campaigns.set_status(campaign, "running")
    await rig.quiet()
    assert dialled(rig) == [NUMBER]


@pytest.mark.parametrize(("scope", "taken"), [("client:acme", True), ("global", True), ("client:umbrella", False)])
async def test_who_says_stop_while_the_engine_is_down_is_not_rung_on(rig: Rig, scope: str, taken: bool) -> None:
    call, leg = await rig.dial()
    await rig.crash()
    await rig.store.stop([Stop(scope, NUMBER, "cli", rig.clock.now())])
    rig.link_up(seen(call, "ringing"), seen(leg))
    await rig.store.stops(NUMBER)  # answered after what was asked before
    await rig.quiet()
    assert [order.channel for order in rig.switch.given("hangup")] == ([call] if taken else [])


async def test_a_promise_for_a_day_when_today_s_register_will_be_old_is_taken(tmp_path: Path) -> None:
    """The register is imported again before; and who is in it is refused as ever."""
    rig = rig_of(tmp_path, ("us", "strict"))
    config = rig.engine.configuration.campaigns[CAMPAIGN]
    contact = Contact(1, CAMPAIGN, NEW_YORK, {}, "due", 0, {}, 0.0)
    (tmp_path / "dnc.csv").write_text("+12125550199\n")
    register = path_of(tmp_path / FOLDER, "national_dnc")
    import_register(tmp_path / "dnc.csv", register, lambda text: text, rig.clock.now())
    at = datetime(2024, 3, 4, 12, tzinfo=ZoneInfo("America/New_York")).timestamp()
    assert await rig.engine.law.ask(config, contact, None, at) is None
    listed = await rig.engine.law.ask(config, contact, "+12125550199", at)
    assert listed is not None and listed.rule == "us.national_dnc"
    await rig.close()


async def test_who_wants_no_calls_where_it_was_promised_has_none_at_the_own_number_either(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, dispositions={"later": {"callback": True}, "never": {"do_not_call": True}})
    call, _ = await rig.talk()
    await rig.control.dispose("ada", "later", None, Wish(rig.clock.now() + 600, True, OTHER))
    rig.post(ev.HungUp(call, rig.clock.now(), 16))
    await tick(rig)
    await tick(rig, 601)
    assert dialled(rig) == [NUMBER, OTHER]
    call, now = rig.switch.given("originate")[-1].channel, rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    await rig.control.dispose("ada", "never")
    await rig.quiet()
    assert rig.rows("SELECT number, scope FROM do_not_call ORDER BY number") == [
        (NUMBER, "client:acme"), (OTHER, "client:acme")]  # fmt: skip
    await rig.close()


async def test_a_person_waits_no_longer_than_the_country_called_allows(tmp_path: Path) -> None:
    """The campaign names no rules, so its file cannot be held against them."""
    rig = rig_of(tmp_path, rules=("it", "us", "strict"), purpose="service", abandon={"connect_within": "9s"})
    noon = datetime(2023, 11, 20, 12, tzinfo=ZoneInfo("America/New_York")).timestamp()
    rig.clock.move(noon - BEGAN_AT)
    gate = rig.engine.law.gate(rig.configuration.campaigns[CAMPAIGN], noon)
    await rig.store.add_contacts(CAMPAIGN, [NewContact(number) for number in (NEW_YORK, "+390612345678")])
    waits = {}
    for number in (NEW_YORK, "+390612345678"):
        contact = await rig.store.find_contact(CAMPAIGN, number)
        assert contact is not None
        waits[number] = gate.connect_within_s(contact), gate.from_greeting(contact)
    assert waits == {NEW_YORK: (2.0, True), "+390612345678": (3.0, False)}
    assert rig.engine.budgets.pace(rig.configuration.campaigns[CAMPAIGN]).connect_s == 2.0
    await rig.close()


PACK = {
    "rules": "long", "title": "Long", "version": 1, "dated": "2026-11-22", "notice": "An example.",
    "sources": [{"rule": "any", "where": "here"}], "countries": ["DE"],
    "hours": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}],
    "least_ring": "20s", "abandon": {"few": {"most": "3%", "days": 30, "connect_within": "1s"}},
}  # fmt: skip


async def test_the_call_itself_keeps_to_the_pack(tmp_path: Path) -> None:
    """Abandoned after one second, and no dial is taken back that has not rung for twenty."""
    rig = rig_of(tmp_path, ("strict",), {"configs/rules/long.yaml": PACK}, purpose="service")
    call, leg = await rig.dial()
    assert rig.switch.given("originate")[-1].detail.ring_s == 28.0
    assert rig.engine.budgets.pace(rig.configuration.campaigns[CAMPAIGN]).take_back_s == 20.0
    now = rig.clock.now()
    rig.post(ev.HungUp(leg, now, 16), ev.Answered(call, now), script(call, now, "outbound"))
    assert rig.switch.given("run")[-1].detail.most_s == pytest.approx(1.0)
    await rig.close()


async def test_a_call_that_outlives_the_engine_keeps_to_the_pack_as_well(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, ("strict",), {"configs/rules/long.yaml": PACK}, purpose="service")
    call, _ = await rig.dial()
    before = rig.engine.calls.get(call)
    assert before is not None
    await rig.crash()
    rig.link_up(seen(call, "ringing"))
    revived = rig.engine.calls.get(call)
    assert revived is not None
    assert revived.call.plan == before.call.plan
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"))
    assert rig.switch.given("run")[-1].detail.most_s == pytest.approx(1.0)
    await rig.close()


async def test_a_day_s_calls_are_those_to_the_person_whichever_number_was_called(tmp_path: Path) -> None:
    """Three a day in Germany: not three at each number."""
    retry = {"no_answer": {"after": "1m", "times": 9, "next_number": True}}
    rig = rig_of(tmp_path, ("de", "strict"), purpose="service", retry=retry)
    rig.clock.move(datetime(2023, 11, 20, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp() - BEGAN_AT)
    await rig.store.add_contacts(CAMPAIGN, [NewContact(NUMBER, others=(OTHER,))])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    for _ in range(5):
        call = rig.switch.given("originate")[-1].channel
        rig.post(ev.HungUp(call, rig.clock.now(), 19))
        await tick(rig, 61)
    assert dialled(rig) == [NUMBER, OTHER, NUMBER]
    assert rig.rows("SELECT rule FROM refusals") == [("de.calls_a_day",)]
    await rig.close()


async def test_a_refusal_holds_when_its_campaign_is_gone(tmp_path: Path) -> None:
    """Sixty days in France, whatever becomes of the campaign, or of the disposition's name in it."""
    rig = rig_of(tmp_path, ("fr", "strict"), purpose="service", dispositions={"no": {"refused": True}})
    paris, path = "+33145678900", tmp_path / f"configs/campaigns/{CAMPAIGN}.yaml"
    rig.clock.move(datetime(2023, 11, 20, 11, tzinfo=ZoneInfo("Europe/Paris")).timestamp() - BEGAN_AT)
    await rig.store.add_contacts(CAMPAIGN, [NewContact(paris)])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    call, now = rig.switch.given("originate")[-1].channel, rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    await rig.control.dispose("ada", "no")
    rig.post(ev.HungUp(call, now, 16))
    await tick(rig)
    path.write_text(path.read_text().replace(CAMPAIGN, "renamed").replace('"no"', '"not_now"'))
    path.rename(path.with_stem("renamed"))
    assert await rig.control.reload() == []
    await rig.store.add_contacts("renamed", [NewContact(paris)])
    rig.engine.campaigns.set_status("renamed", "running")
    await tick(rig, 86_400.0)
    assert dialled(rig) == [paris]
    opens = datetime(2024, 1, 22, 10, tzinfo=ZoneInfo("Europe/Paris")).timestamp()  # Saturday the 20th, then Monday
    assert rig.rows("SELECT rule, until FROM refusals") == [("fr.after_refusal", opens)]
    await rig.close()


@pytest.mark.parametrize(("hour", "number"), [(21, NEW_YORK), (9, NUMBER), (3, None)])
async def test_of_numbers_in_two_countries_the_one_is_dialled_whose_rules_and_clock_allow_it(
    tmp_path: Path, hour: int, number: str | None
) -> None:
    """At 21 h in Berlin it is 15 h in New York, at 9 h 3 h, and at 3 h 21 h."""
    rig = rig_of(tmp_path, ("de", "us", "strict"), purpose="service")
    at = datetime(2023, 11, 20, hour, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    rig.clock.move(at - BEGAN_AT)
    await rig.store.add_contacts(CAMPAIGN, [NewContact(NUMBER, others=(NEW_YORK,))])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    assert dialled(rig) == ([number] if number else [])
    if number is None:  # the first of the two that opens
        opens = datetime(2023, 11, 20, 8, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
        assert rig.row("SELECT next_at FROM contacts") == opens
    await rig.close()
