"""`dialer dnc` and `dialer why`, with and without a running engine."""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from port_double import Plant

from dialer.calls.outcome import Outcome
from dialer.store.records import CallRecord, Consent, ContactVerdict, NewContact, Refusal, Slot
from dialer.store.store import Store

Dialer = Callable[..., Any]
NUMBER = "+493023125141"
WINBACK = "acme_winback"


def in_store(root: Path, work: Callable[[Store], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        store = Store.open(f"sqlite:///{root}/var/dialer.db")
        try:
            return await work(store)
        finally:
            await store.close()

    (root / "var").mkdir(exist_ok=True)
    return asyncio.run(run())


@pytest.fixture
def ruled(root: Path) -> Path:
    """The samples, under the rules of each number's country, always open."""
    path = root / "configs/campaigns" / f"{WINBACK}.yaml"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("rules:")]
    path.write_text("\n".join([*kept, "purpose: service", ""]))
    return root


def test_a_running_engine_is_told_so_that_it_holds_at_once(dialer: Dialer, running: Path, plant: Plant) -> None:
    assert dialer(running, "dnc", "add", NUMBER, "--scope", "client:acme").exit_code == 0
    assert plant.orders == [("stop", "client:acme", NUMBER, "api operator", None)]
    refused = dialer(running, "dnc", "add", NUMBER, "--scope", "client:nobody")
    assert (refused.exit_code, "no client nobody" in refused.output) == (1, True)


def test_lists_without_an_engine(dialer: Dialer, root: Path) -> None:
    assert dialer(root, "dnc", "check", NUMBER).output == f"{NUMBER} is on no list\n"
    assert dialer(root, "dnc", "add", NUMBER).output == f"{NUMBER} is on global\n"
    assert dialer(root, "dnc", "add", NUMBER, "--scope", f"campaign:{WINBACK}").exit_code == 0
    found = dialer(root, "dnc", "check", NUMBER)
    assert (found.exit_code, found.output) == (1, f"campaign:{WINBACK}: cli\nglobal: cli\n")
    assert dialer(root, "dnc", "remove", NUMBER).exit_code == 0
    again = dialer(root, "dnc", "remove", NUMBER)
    assert (again.exit_code, f"{NUMBER} is not on global" in again.output) == (1, True)
    assert dialer(root, "dnc", "add", NUMBER, "--scope", "client:nobody").exit_code == 1


@pytest.mark.parametrize("words", [
    ["add", "030 23125"], ["add", NUMBER, "--scope", "acme"], ["add", NUMBER, "--scope", "client:../x"],
    ["import", "missing.txt", "--register", "tps"],
])  # fmt: skip
def test_wrong_usage_is_2(dialer: Dialer, root: Path, words: list[str]) -> None:
    assert dialer(root, "dnc", *words).exit_code == 2


def test_many_numbers_go_on_a_clients_list(dialer: Dialer, root: Path) -> None:
    (root / "stop.csv").write_text("number\n+4930231250\n030 231251\n030 231251\nnobody\n")
    done = dialer(root, "dnc", "import", "stop.csv", "--scope", "client:acme", "--country", "DE")
    assert (done.exit_code, done.output) == (0, "2 numbers, 1 lines rejected\n")
    assert dialer(root, "dnc", "check", "+4930231251").output == "client:acme: stop.csv\n"
    assert "no client `nobody`" in dialer(root, "dnc", "import", "stop.csv", "--scope", "client:nobody").output
    both = dialer(root, "dnc", "import", "stop.csv", "--scope", "global", "--register", "tps")
    neither = dialer(root, "dnc", "import", "stop.csv")
    assert (both.exit_code, neither.exit_code) == (2, 2)


def test_a_register_is_imported_and_looked_up(dialer: Dialer, root: Path) -> None:
    (root / "rpo.csv").write_text('Numero;data\n+39 06 1234 5678;x\n"333 123 4567"\n+393331234567\n\nnonsense\n')
    done = dialer(root, "dnc", "import", "rpo.csv", "--register", "opposizioni", "--country", "IT")
    assert (done.exit_code, done.output) == (0, "2 numbers, 1 lines rejected\n")
    assert dialer(root, "dnc", "check", "+390612345678").output == "register opposizioni\n"
    assert dialer(root, "dnc", "check", "+390612345679").exit_code == 0
    national = dialer(root, "dnc", "import", "rpo.csv", "--register", "opposizioni")
    assert "1 numbers are written without +: name their country, as --country IT" in national.output
    other = dialer(root, "dnc", "import", "rpo.csv", "--register", "elsewhere")
    assert (other.exit_code, "known: national_dnc, opposizioni, tps" in other.output) == (1, True)


def test_why_of_a_contact_that_was_called_and_refused(dialer: Dialer, ruled: Path) -> None:
    async def history(store: Store) -> int:
        await store.add_contacts(WINBACK, [NewContact(NUMBER)])
        [attempt] = await store.claim(
            WINBACK, [Slot("c1", "main")],
            lambda slot, contact, _: CallRecord(slot.call_id, "outbound", "n1", "main", "acme", contact.number, "+4930",
                                             1_700_478_000.0, WINBACK, contact.id),
            1e10,
        )  # fmt: skip
        call = CallRecord("c1", "outbound", "n1", "main", "acme", NUMBER, "+4930", 1_700_478_000.0, WINBACK,
                          attempt.contact.id, outcome=Outcome.NO_ANSWER, ended_at=1_700_478_030.0)  # fmt: skip
        await store.settle(call, ContactVerdict(attempt.contact.id, "waiting", 1_700_500_000.0, "no_answer"))
        [_] = await store.claim(WINBACK, [Slot("c2", "main")], lambda slot, contact, _: CallRecord(
            slot.call_id, "outbound", "n1", "main", "acme", contact.number, "+4930", 1_700_510_000.0, WINBACK,
            contact.id), 1e10)  # fmt: skip
        refusal = Refusal(attempt.contact.id, 1_700_510_000.0, "de.hours", 1_700_550_000.0, "too late")
        await store.refuse("c2", refusal)
        await store.save_campaign_status(WINBACK, "running", 1.0)
        return attempt.contact.id

    contact = in_store(ruled, history)
    said = dialer(ruled, "why", str(contact), "--campaign", WINBACK)
    assert said.exit_code == 0
    lines = said.output.splitlines()
    assert lines[:4] == [
        f"contact {contact}, {NUMBER}, of {WINBACK}: waiting, 1 attempts (no_answer 1)",
        "country DE, time zone Europe/Berlin, rules de",
        "called Mon 2023-11-20 12:00 Europe/Berlin: no_answer",
        "refused Mon 2023-11-20 20:53 Europe/Berlin by de.hours, until Tue 2023-11-21 08:00 Europe/Berlin: too late",
    ]
    assert lines[-1].startswith("next: ")
    assert dialer(ruled, "why", "999", "--campaign", WINBACK).exit_code == 1
    assert dialer(ruled, "why", NUMBER, "--campaign", "nothing").exit_code == 1


def test_why_of_a_number_on_a_list_and_of_a_contact_done(dialer: Dialer, ruled: Path) -> None:
    dialer(ruled, "dnc", "add", NUMBER, "--scope", "client:acme")
    said = dialer(ruled, "why", NUMBER, "--campaign", WINBACK).output
    assert f"{NUMBER} is not in the list of {WINBACK}" in said
    assert "now: do_not_call.client refuses it: on the do-not-call list client:acme (cli)" in said
    assert "the campaign is not started yet" in said
    assert "next: never, unless what refuses it is taken away" in said


def test_why_names_the_moment_when_retry_rules_and_hours_all_allow_it(dialer: Dialer, ruled: Path) -> None:
    sunday_noon = 4_071_207_600.0  # 2099-01-04 12:00 in Berlin

    async def due(store: Store) -> None:
        await store.add_contacts(WINBACK, [NewContact(NUMBER, next_at=sunday_noon)])

    in_store(ruled, due)
    said = dialer(ruled, "why", NUMBER, "--campaign", WINBACK).output.splitlines()
    assert said[-3].startswith("at Sun 2099-01-04 12:00 Europe/Berlin, when it is due: de.hours refuses it")
    assert said[-1] == "next: Mon 2099-01-05 08:00 Europe/Berlin"


def test_why_of_consent_and_of_a_call_that_needs_an_agent(dialer: Dialer, ruled: Path) -> None:
    path = ruled / "configs/campaigns" / f"{WINBACK}.yaml"
    path.write_text(path.read_text().replace("purpose: service", "purpose: advertising"))
    number, now = "+442079460123", time.time()
    said = dialer(ruled, "why", NUMBER, "--campaign", WINBACK).output
    assert "de.consent refuses it" in said
    assert "next: never, unless what refuses it is taken away" in said

    async def history(store: Store) -> None:
        await store.add_consents([Consent("acme", NUMBER, "advertising", now - 60, None, None, "form", "form 4711")])
        abandoned = CallRecord("c1", "outbound", "n1", "main", "acme", number, "+4930", now - 3600, WINBACK,
                               answered_at=now - 3600, ended_at=now - 3590, outcome=Outcome.ABANDONED, message="heard")
        await store.settle(abandoned, None)

    in_store(ruled, history)
    said = dialer(ruled, "why", NUMBER, "--campaign", WINBACK).output
    assert "consent to advertising given" in said and "de.consent" not in said
    registers = ruled / "tps.csv"
    registers.write_text("+442079460999\n")
    assert dialer(ruled, "dnc", "import", str(registers), "--register", "tps").exit_code == 0
    said = dialer(ruled, "why", number, "--campaign", WINBACK).output
    assert "with an agent held for the dial" in said or "uk.hours refuses it" in said


def test_why_knows_filters_caps_parts_of_the_day_and_other_numbers(dialer: Dialer, ruled: Path) -> None:
    path = ruled / "configs" / "campaigns" / f"{WINBACK}.yaml"
    path.write_text(re.sub(
        r"(?m)^list: (.*)$",
        r'lists: [{name: cold, file: \1, where: score >= 3}]\n'
        r'day_parts: {evening: {from: "17:00", to: "19:00"}, late: {from: "19:00", to: "19:30", times: 1}}',
        path.read_text(),
    ))  # fmt: skip
    noon = 4_071_294_000.0  # Monday, 2099-01-05 12:00 in Berlin

    async def some(store: Store) -> None:
        await store.add_contacts(WINBACK, [
            NewContact(NUMBER, {"score": "2"}, list="cold", held_back=True),
            NewContact("+4930231250124", {"score": "5"}, noon, ("+4930231250125",), "cold"),
        ])  # fmt: skip

    in_store(ruled, some)
    held = dialer(ruled, "why", NUMBER, "--campaign", WINBACK).output.splitlines()
    assert held[0].endswith(f"of {WINBACK}: held_back, 0 attempts, list cold")
    assert "now: held_back refuses it: its list `cold` leaves it out (`where`)" in held
    assert held[-1] == "next: never, unless what refuses it is taken away"
    later = dialer(ruled, "why", "+4930231250124", "--campaign", WINBACK).output.splitlines()
    assert any(line.startswith("numbers +49") and line.endswith("; the next one tried is the 1.") for line in later)
    assert "when it is due: day_part refuses it: not in this part of the day" in "\n".join(later)
    assert later[-1] == "next: Mon 2099-01-05 17:00 Europe/Berlin"


def test_why_tells_what_keeps_the_campaign_itself_from_dialling(
    dialer: Dialer, ruled: Path, running: Path, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ruled / "configs" / "campaigns" / f"{WINBACK}.yaml"
    days = "{days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', to: '24:00'}"
    path.write_text(path.read_text() + f"schedule: {{timezone: Europe/Berlin, open: [{days}], first: 2099-01-05}}\n")
    [view] = plant.campaigns()
    monkeypatch.setattr(plant, "campaigns", lambda: [replace(view, id=WINBACK, mode="progressive", reason="no_agent")])
    lines = dialer(running, "why", NUMBER, "--campaign", WINBACK).output.splitlines()
    assert "the campaign does not dial more just now: no agent with its skills is at work" in lines
    assert lines[-1] == "next: Mon 2099-01-05 08:00 Europe/Berlin", "its schedule, and then the law"
    monkeypatch.delenv("DIALER_API_TOKEN")
    untold = dialer(running, "why", NUMBER, "--campaign", WINBACK)
    assert "how the campaign stands is not known: the engine needs its API token" in untold.output
    assert "no engine answers" not in untold.output
