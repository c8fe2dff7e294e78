"""`dialer campaign NAME set|reset` and `dialer callbacks`."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from port_double import Plant

from dialer.config.loader import load
from dialer.service import store_url
from dialer.store.records import NewContact
from dialer.store.store import Store

Dialer = Callable[..., Any]


def test_values_are_set_and_undone(dialer: Dialer, running: Path, plant: Plant) -> None:
    values = ["mode=power", "ratio=1.5", "limits.channels=none", "abandon.max=2%"]
    seen = dialer(running, "campaign", "winback", "set", *values)
    assert seen.exit_code == 0, seen.output
    assert plant.orders[-1] == ("change", "winback", {
        "mode": "power", "ratio": 1.5, "limits.channels": None, "abandon.max": 0.02})  # fmt: skip
    assert "winback: running, " in seen.output and "limits.channels=none" in seen.output
    seen = dialer(running, "campaign", "winback", "reset")
    assert seen.exit_code == 0 and "as its file has it" in seen.output
    assert plant.orders[-1] == ("reset", "winback")


@pytest.mark.parametrize("words", [["set"], ["set", "colour=red"], ["set", "mode"], ["start", "mode=power"]])
def test_what_cannot_be_set(dialer: Dialer, running: Path, plant: Plant, words: list[str]) -> None:
    seen = dialer(running, "campaign", "winback", *words)
    assert seen.exit_code == 2
    assert plant.orders == []


def test_the_engine_checks_the_value(dialer: Dialer, running: Path, plant: Plant) -> None:
    seen = dialer(running, "campaign", "winback", "set", "limits.channels=0")
    assert seen.exit_code == 1 and "limits.channels" in seen.stderr
    assert plant.orders == []


def test_callbacks_are_listed_moved_and_cancelled(dialer: Dialer, running: Path, plant: Plant) -> None:
    seen = dialer(running, "callbacks", "winback")
    assert seen.exit_code == 0
    assert "contact 7  +49…23  anna" in seen.stdout
    dialer(running, "callbacks", "winback", "--move", "7", "--at", "2033-05-18T05:33:20+02:00", "--to", "anyone")
    assert plant.orders[-1] == ("move", "winback", 7, 2000000000.0, "anyone")
    assert "nobody of winback is promised a call" in dialer(running, "callbacks", "winback", "--cancel", "7").stdout
    assert plant.orders[-1] == ("cancel", "winback", 7)
    assert dialer(running, "callbacks", "winback", "--cancel", "8").exit_code == 1
    assert dialer(running, "callbacks", "winback", "--at", "2033-05-18T05:33").exit_code == 2
    assert dialer(running, "callbacks", "winback", "--move", "7", "--at", "tomorrow").exit_code == 2


NEW = "acme_winback_2027"


def renamed_files(root: Path) -> None:
    path = root / "configs/campaigns/acme_winback.yaml"
    text = path.read_text().replace("campaign: acme_winback", f"campaign: {NEW}")
    path.rename(path.with_name(f"{NEW}.yaml")).write_text(text)


def in_store(root: Path, work: Callable[[Store], Any]) -> Any:
    async def run() -> Any:
        store = Store.open(store_url(load(root, {}).plant.store.url, root))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def test_a_campaign_goes_on_under_another_name(dialer: Dialer, root: Path) -> None:
    in_store(root, lambda store: store.add_contacts("acme_winback", [NewContact("+493023125141")]))
    renamed_files(root)
    seen = dialer(root, "campaign", "acme_winback", "rename", NEW)
    assert seen.exit_code == 0, seen.output
    assert seen.stdout == f"acme_winback is {NEW} now: 1 contacts, with all that is known of them\n"
    assert in_store(root, lambda store: store.find_contact(NEW, "+493023125141")).campaign == NEW
    again = dialer(root, "campaign", "acme_winback", "rename", NEW)
    assert again.exit_code == 1 and "the store knows no campaign `acme_winback`" in again.stderr


def test_what_keeps_a_campaign_from_being_renamed(dialer: Dialer, root: Path) -> None:
    for values, told in (([], "one new name"), ([NEW], f"no campaign {NEW}"), (["Autumn!"], "is not a name")):
        seen = dialer(root, "campaign", "acme_winback", "rename", *values)
        assert seen.exit_code == 2 and told in seen.stderr
    path = root / "configs/campaigns/acme_winback.yaml"
    text = path.read_text()
    renamed_files(root)
    path.write_text(text)
    seen = dialer(root, "campaign", "acme_winback", "rename", NEW)
    assert seen.exit_code == 2 and "acme_winback.yaml is still there" in seen.stderr


def test_not_while_the_engine_runs(dialer: Dialer, running: Path) -> None:
    renamed_files(running)
    seen = dialer(running, "campaign", "acme_winback", "rename", NEW)
    assert seen.exit_code == 1 and "stop it first" in seen.stderr
