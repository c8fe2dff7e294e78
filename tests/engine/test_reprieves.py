"""A reload that changes what refused contacts has them asked about again at once, also over a restart."""

import shutil
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from engine_rig import BEGAN_AT, CAMPAIGN, FILES, Rig, write_site

from dialer.config.loader import load
from dialer.engine.reprieves import grant_reprieves
from dialer.store.records import NewContact
from dialer.why import look, told

ROOT = Path(__file__).parents[2]
BERLIN = "+493023125141"
FILE = f"configs/campaigns/{CAMPAIGN}.yaml"
NOON = datetime(2023, 11, 20, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def campaign(root: Path, **more: Any) -> None:
    document = {key: value for key, value in FILES[FILE].items() if key != "rules"}
    write_site(root, {FILE: document | more})


@pytest.fixture
async def law(tmp_path: Path) -> AsyncIterator[Rig]:
    write_site(tmp_path)
    shutil.copytree(ROOT / "configs" / "rules", tmp_path / "configs" / "rules", dirs_exist_ok=True)
    campaign(tmp_path)
    rig = Rig(tmp_path)
    rig.clock.move(NOON - BEGAN_AT)
    await grant_reprieves(rig.engine)
    await rig.store.add_contacts(CAMPAIGN, [NewContact(BERLIN)])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    yield rig
    await rig.close()


def dialled(rig: Rig) -> int:
    return sum(order.detail.exten == "outbound" for order in rig.switch.given("originate"))


async def why(rig: Rig) -> str:
    config = rig.engine.configuration
    contact = await rig.store.find_contact(CAMPAIGN, BERLIN)
    assert contact is not None
    now, model = rig.clock.now(), config.campaigns[CAMPAIGN]
    return "\n".join(told(await look(config, rig.store, model, contact, now), model, now))


@pytest.mark.parametrize("change", [{"purpose": "service"}, {"rules": []}])
async def test_who_was_refused_for_want_of_a_consent_is_dialled_once_none_is_wanted(
    law: Rig, change: dict[str, Any],
) -> None:
    assert dialled(law) == 0 and "no consent" in await why(law)
    campaign(law.root, **change)
    assert await law.reloader.reload() == []
    await grant_reprieves(law.engine)
    await law.quiet()
    assert "next: it is being called" in await why(law)
    assert dialled(law) == 1


async def test_a_restart_with_other_rules_is_no_different(law: Rig) -> None:
    campaign(law.root, purpose="service")
    law.configuration = load(law.root, {})
    await law.crash()
    await grant_reprieves(law.engine)
    assert "next: now" in await why(law)


async def test_a_reload_that_changes_no_rule_leaves_them(law: Rig) -> None:
    waits = law.row("SELECT next_at FROM contacts")
    campaign(law.root, ring_timeout="22s")
    assert await law.reloader.reload() == []
    law.clock.move(5)  # who is refused anew is put off to another moment
    await grant_reprieves(law.engine)
    await law.quiet()
    assert law.row("SELECT next_at FROM contacts") == waits > law.clock.now()


def rewrite(root: Path, *changes: tuple[str, str]) -> None:
    path = root / "configs/rules/de.yaml"
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)


async def test_a_pack_s_prose_and_the_order_it_is_written_in_decide_nothing(law: Rig) -> None:
    waits = law.row("SELECT next_at FROM contacts")
    rewrite(law.root, ("title: Germany", "title: Federal Republic of Germany"), ("version: 2", "version: 9"),
            ("dated: 2026-11-22", "dated: 2026-11-23"), ("An example, not advice.", "No advice, an example."),
            ("bundesnetzagentur.de", "its site"), ("[mon, tue,", "[tue, mon,"))
    assert await law.reloader.reload() == []
    assert law.engine.configuration.rules["de"].version == 9
    law.clock.move(5)  # who is refused anew is put off to another moment
    await grant_reprieves(law.engine)
    await law.quiet()
    assert law.row("SELECT next_at FROM contacts") == waits > law.clock.now()


async def test_a_pack_s_changed_rule_does(law: Rig) -> None:
    rewrite(law.root, ("audiences: [consumer]", "audiences: [business]"))
    assert await law.reloader.reload() == []
    await grant_reprieves(law.engine)
    await law.quiet()
    assert dialled(law) == 1


async def test_rules_that_refuse_as_before_put_them_off_again(law: Rig) -> None:
    campaign(law.root, caps={"contact": 5})
    assert await law.reloader.reload() == []
    await grant_reprieves(law.engine)
    law.clock.move(0.1)
    await law.quiet()
    assert dialled(law) == 0 and "no consent" in await why(law)
    assert law.row("SELECT next_at FROM contacts") > law.clock.now() + 3600
