"""The law on the engine's way to a dial: in the claim, and again at the instant of dialling."""

import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_rig import BEGAN_AT, CAMPAIGN, FILES, SURVEYED, Rig, script, write_site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.calls import events as ev
from dialer.config.loader import load
from dialer.registers import FOLDER, import_register, path_of
from dialer.store.records import NewContact, Stop
from dialer.web.port import RefusedError, UnknownError

ROOT = Path(__file__).parents[2]
BERLIN = "+493023125141"


def site(root: Path, **campaign: Any) -> None:
    """The rig's site, its campaigns under the rules of each number's country."""
    files = {name: dict(document) for name, document in FILES.items()}
    for name in (CAMPAIGN, SURVEYED):
        document = files[f"configs/campaigns/{name}.yaml"]
        del document["rules"]
        document |= {"purpose": "service", "agents": {"skills": ["sales"], "wrap_up": "0s"}, "dispositions": {
            "sale": {}, "no": {"refused": True}, "never": {"do_not_call": True}}} | campaign
    write_site(root, files)
    shutil.copytree(ROOT / "configs" / "rules", root / "configs" / "rules", dirs_exist_ok=True)


@pytest.fixture
async def law(tmp_path: Path) -> AsyncIterator[Rig]:
    site(tmp_path)
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


@pytest.fixture
async def sales(tmp_path: Path) -> AsyncIterator[Rig]:
    """Registers bind those who advertise."""
    site(tmp_path, purpose="advertising")
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


def berlin(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


async def ready(rig: Rig, when: float, *numbers: str, campaign: str = CAMPAIGN) -> None:
    """An agent is idle, the campaign runs, its contacts are due."""
    rig.clock.move(when - BEGAN_AT)
    await rig.store.add_contacts(campaign, [NewContact(number) for number in numbers])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(campaign, "running")
    await rig.quiet()


def dialled(rig: Rig) -> list[str]:
    """The numbers, in order."""
    orders = [order.detail for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [order.endpoint.removeprefix("PJSIP/").removesuffix("@trunk") for order in orders]


async def no_answer(rig: Rig) -> None:
    call = rig.switch.given("originate")[-1].channel
    rig.post(ev.HungUp(call, rig.clock.now(), 19))
    await rig.quiet()


async def test_nobody_is_dialled_out_of_hours_and_the_refusal_says_why(law: Rig) -> None:
    evening = berlin("2023-11-20T20:30")
    await ready(law, evening, BERLIN)
    assert dialled(law) == []
    morning = berlin("2023-11-21T08:00")
    assert law.row("SELECT state, next_at, attempts FROM contacts") == ("waiting", morning, 0)
    assert law.rows("SELECT rule, until FROM refusals") == [("de.hours", morning)]
    assert law.row("SELECT count(*) FROM calls") == 0
    assert law.engine.campaigns.runs[CAMPAIGN].reason == "de.hours"
    assert (law.status(), law.agent_state("ada")) == ("running", "idle")
    counted = law.engine.metrics.registry.get_sample_value(
        "dialer_refusals_total", {"campaign": CAMPAIGN, "rule": "de.hours"})
    assert counted == 1
    law.clock.move(morning - evening - 1)
    await law.quiet()
    assert dialled(law) == []
    law.clock.move(2)
    await law.quiet()
    assert dialled(law) == [BERLIN]


async def test_lawful_contacts_behind_unlawful_ones_are_dialled(sales: Rig) -> None:
    await ready(sales, berlin("2023-11-20T20:30"), *[f"+4930231251{index:02}" for index in range(80)], "+12125550123")
    assert dialled(sales) == []  # the register for the US is not imported
    assert sales.row("SELECT count(*) FROM refusals WHERE rule = 'us.national_dnc_missing'") == 1
    listed = sales.root / "dnc.txt"
    listed.write_text("+12125550199\n")
    import_register(listed, path_of(sales.root / FOLDER, "national_dnc"), lambda _: None, sales.clock.now())
    sales.clock.move(3601)
    await sales.quiet()
    assert dialled(sales) == ["+12125550123"]


async def test_a_number_in_a_register_is_never_dialled(sales: Rig) -> None:
    listed = sales.root / "dnc.txt"
    listed.write_text("+12125550123\n")
    import_register(listed, path_of(sales.root / FOLDER, "national_dnc"), lambda _: None, berlin("2023-11-20T12:00"))
    await ready(sales, berlin("2023-11-20T20:30"), "+12125550123")
    assert dialled(sales) == []
    assert sales.row("SELECT state, result FROM contacts") == ("done", "us.national_dnc")


async def test_a_broken_register_counts_as_missing(sales: Rig) -> None:
    path = path_of(sales.root / FOLDER, "national_dnc")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"DIALERN1 cut off here")
    await ready(sales, berlin("2023-11-20T20:30"), "+12125550123")
    assert dialled(sales) == []
    assert sales.row("SELECT rule FROM refusals") == "us.national_dnc_missing"


async def test_three_calls_a_day_over_all_campaigns_of_the_client(tmp_path: Path) -> None:
    site(tmp_path, retry={"no_answer": {"after": "1m", "times": 9}})
    rig = Rig(tmp_path)
    await ready(rig, berlin("2023-11-20T10:00"), BERLIN)
    for _ in range(2):
        await no_answer(rig)
        rig.clock.move(61)
        await rig.quiet()
    assert dialled(rig) == [BERLIN] * 3
    await no_answer(rig)
    rig.engine.campaigns.set_status(CAMPAIGN, "paused")
    await rig.store.add_contacts(SURVEYED, [NewContact(BERLIN)])
    rig.engine.campaigns.set_status(SURVEYED, "running")
    await rig.quiet()
    assert dialled(rig) == [BERLIN] * 3
    assert rig.rows("SELECT rule, until FROM refusals") == [("de.calls_a_day", berlin("2023-11-21T08:00"))]
    rig.clock.move(berlin("2023-11-21T08:00") - rig.clock.now() + 1)
    await rig.quiet()
    assert dialled(rig) == [BERLIN] * 4
    await rig.close()


async def test_the_hour_that_ends_between_claim_and_dial_is_noticed(law: Rig) -> None:
    end = berlin("2023-11-20T20:00")
    last = end - 23.0  # who is dialled later may be ringing still when the hours are over
    law.clock.move(last - 0.5 - BEGAN_AT)
    await law.store.add_contacts(CAMPAIGN, [NewContact(BERLIN)])
    law.link_up()
    law.log_in("ada")
    law.engine.campaigns.set_status(CAMPAIGN, "running")  # the claim is on its way to the disk
    law.clock.move(0.5)
    await law.quiet()
    assert dialled(law) == []
    assert law.row("SELECT state, attempts, next_at FROM contacts") == ("waiting", 0, berlin("2023-11-21T08:00"))
    assert law.row("SELECT count(*) FROM calls") == 0
    assert law.rows("SELECT rule, at FROM refusals") == [("de.hours", last)]
    assert law.agent_state("ada") == "idle"
    assert law.engine.limits.free  # the channel is free again:
    law.clock.move(12 * 3600 + 24)
    await law.quiet()
    assert dialled(law) == [BERLIN]


async def test_who_says_stop_between_claim_and_dial_is_not_dialled(law: Rig) -> None:
    law.clock.move(berlin("2023-11-20T12:00") - BEGAN_AT)
    await law.store.add_contacts(CAMPAIGN, [NewContact(BERLIN)])
    law.link_up()
    law.log_in("ada")
    law.engine.campaigns.set_status(CAMPAIGN, "running")  # the claim is on its way to the disk
    law.engine.law.stop([Stop("client:acme", BERLIN, "api", law.clock.now())])
    await law.quiet()
    assert dialled(law) == []
    assert law.row("SELECT state, result FROM contacts") == ("done", "do_not_call.client")
    assert law.row("SELECT scope, source FROM do_not_call") == ("client:acme", "api")
    assert law.agent_state("ada") == "idle"


async def test_what_another_node_hears_between_our_claim_and_our_dial_holds(law: Rig) -> None:
    law.clock.move(berlin("2023-11-20T12:00") - BEGAN_AT)
    await law.store.add_contacts(CAMPAIGN, [NewContact(BERLIN)])
    law.link_up()
    law.log_in("ada")
    law.engine.campaigns.set_status(CAMPAIGN, "running")  # the claim is on its way to the disk
    law.engine.law._heard(Stop("client:acme", BERLIN, "agent of another node", law.clock.now()))
    await law.quiet()
    assert dialled(law) == []
    assert law.row("SELECT state, result FROM contacts") == ("done", "do_not_call.client")


async def test_what_another_node_hears_while_our_call_rings_takes_it_back(law: Rig) -> None:
    await ready(law, berlin("2023-11-20T12:00"), BERLIN)
    call = law.switch.given("originate")[-1].channel
    law.engine.law._heard(Stop("client:acme", BERLIN, "agent of another node", law.clock.now()))
    assert law.switch.given("hangup")[-1].channel == call


async def test_a_disposition_ends_every_campaign_of_the_client_for_the_number(law: Rig) -> None:
    await ready(law, berlin("2023-11-20T12:00"), BERLIN)
    call = law.switch.given("originate")[-1].channel
    now = law.clock.now()
    law.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    await law.control.dispose("ada", "never")
    law.post(ev.HungUp(call, law.clock.now(), 16))
    await law.store.add_contacts(SURVEYED, [NewContact(BERLIN)])
    law.engine.campaigns.set_status(SURVEYED, "running")
    await law.quiet()
    assert dialled(law) == [BERLIN]
    assert law.rows("SELECT number, scope, source FROM do_not_call") == [(BERLIN, "client:acme", "agent ada")]
    assert law.row("SELECT result FROM contacts WHERE campaign = ?", SURVEYED) == "do_not_call.client"


async def test_who_says_stop_says_it_for_all_numbers(law: Rig) -> None:
    await law.store.add_contacts(CAMPAIGN, [NewContact(BERLIN, others=("+493023120777",))])
    await ready(law, berlin("2023-11-20T12:00"))
    call = law.switch.given("originate")[-1].channel
    now = law.clock.now()
    law.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    await law.control.dispose("ada", "never")
    await law.quiet()
    assert {number for (number,) in law.rows("SELECT number FROM do_not_call")} == {BERLIN, "+493023120777"}


async def test_a_do_not_call_entry_holds_without_any_country_s_rules(rig: Rig) -> None:
    await rig.control.stop_calling("global", "+493055500000", "api", None)
    await rig.dial(contacts=2)
    assert dialled(rig) == ["+493055500001"]
    with pytest.raises(UnknownError):
        await rig.control.stop_calling("client:nobody", BERLIN, "api", None)


async def test_it_rings_as_long_as_the_rules_ask(tmp_path: Path) -> None:
    site(tmp_path, ring_timeout="6s")
    rig = Rig(tmp_path)
    await ready(rig, berlin("2023-11-20T12:00"), BERLIN)
    assert rig.switch.given("originate")[-1].detail.ring_s == 23.0  # 8 s may pass before it rings
    await rig.close()


async def test_a_reload_brings_other_rules(law: Rig) -> None:
    await ready(law, berlin("2023-11-20T20:30"), BERLIN)
    assert dialled(law) == []
    path = law.root / "configs/campaigns" / f"{CAMPAIGN}.yaml"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rules": ["us"], "purpose": "advertising"}))
    assert await law.control.reload() == []
    assert load(law.root, {}).campaigns[CAMPAIGN].rules == ["us"]
    await law.store.add_contacts(CAMPAIGN, [NewContact("+493023125142")])
    law.engine.campaigns.contact_added(CAMPAIGN)
    await law.quiet()
    assert law.rows("SELECT DISTINCT rule FROM refusals ORDER BY rule") == [("de.hours",), ("us.national_dnc_missing",)]


ZONES = ("America/New_York", "America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Pacific/Chatham", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "America/Havana")  # fmt: skip
CHANGES = [datetime(2024, 3, 10, 7, tzinfo=UTC), datetime(2024, 11, 3, 6, tzinfo=UTC),
           datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2024, 10, 27, 1, tzinfo=UTC)]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CHANGES), st.integers(-86400, 86400), st.lists(st.sampled_from(ZONES), min_size=1, max_size=4),
       st.lists(st.floats(60, 8 * 3600), min_size=1, max_size=12))  # fmt: skip
async def test_no_dial_outside_lawful_hours_on_the_engine_s_way(
    tmp_path_factory: pytest.TempPathFactory, change: datetime, begin: int, zones: list[str], steps: list[float]
) -> None:
    """Round both changes of the clock, contacts in several zones, whatever moves the clock meanwhile."""
    root = tmp_path_factory.mktemp("law")
    site(root, rules=["de"], retry={"no_answer": {"after": "10m", "times": 99}})
    rig = Rig(root)
    seen: list[tuple[str, float]] = []
    rig.switch.told = lambda order: seen.append((order.detail.endpoint, rig.clock.now())) if (
        order.verb == "originate" and order.detail.exten == "outbound") else None  # fmt: skip
    rig.clock.move(change.timestamp() + begin - BEGAN_AT)
    where = {f"+4930231250{index:02}": zone for index, zone in enumerate(zones)}
    await rig.store.add_contacts(CAMPAIGN, [NewContact(n, {"timezone": zone}) for n, zone in where.items()])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    for step in steps:
        await rig.quiet()
        rig.clock.move(step)
        await rig.quiet()
        if (calls := rig.switch.given("originate")) and rig.call_state(calls[-1].channel):
            await no_answer(rig)
    await rig.close()
    for endpoint, at in seen:
        local = datetime.fromtimestamp(at, ZoneInfo(where[endpoint.removeprefix("PJSIP/").removesuffix("@trunk")]))
        assert 8 <= local.hour < 20, local
        assert local.weekday() < 6, local


async def test_an_api_stop_that_cannot_be_written_is_in_force_and_said(law: Rig) -> None:
    await law.store.close()
    with pytest.raises(RefusedError, match="in force"):
        await law.control.stop_calling("global", BERLIN, "api", None)
    assert law.engine.law._stops
