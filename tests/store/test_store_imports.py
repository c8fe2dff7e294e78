"""Files into lists: chunks that may be repeated, and imports that are cut off."""

import asyncio
import csv
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from importer import WINBACK
from store_rows import CAMPAIGN, numbers

from dialer.campaigns.lists import import_list
from dialer.config.campaign import Campaign
from dialer.config.lists import ContactList
from dialer.store.errors import StoreError
from dialer.store.imports import Chunk
from dialer.store.list_records import Progress, Standing
from dialer.store.records import NewContact
from dialer.store.store import Store

HERE = Path(__file__).parent


def listed(count: int, name: str = "main") -> list[NewContact]:
    return [replace(new, list=name) for new in numbers(count)]


async def callable_ones(store: Store, campaign: str) -> int:
    contacts = (await store.totals(campaign)).contacts
    return contacts["due"] + contacts["waiting"]


async def chunk(store: Store, new: list[NewContact], name: str = "main", digest: str = "d1") -> Chunk:
    begun = await store.imports.begin(CAMPAIGN, name, f"{name}.csv", digest, 1.0, "me")
    return Chunk(begun.id, "me", CAMPAIGN, new, range(2, 2 + len(new)), begun.progress)


async def test_a_chunk_may_be_repeated(store: Store) -> None:
    first = await chunk(store, listed(100))
    assert await store.imports.add(first) == {}
    assert await store.imports.add(first) == {}, "its own rows are new to it"
    assert await callable_ones(store, CAMPAIGN) == 100
    contact = await store.find_contact(CAMPAIGN, first.contacts[7].number)
    assert contact
    assert (dict(contact.fields), contact.next_at, contact.list) == ({"name": "n7"}, 7.0, "main")


async def test_all_that_a_contact_is_comes_back(store: Store) -> None:
    new = NewContact(
        "+49305550001", {"name": 'Ü "x" \\ \u2028 \U0001f600', "note": ""}, 5.5, ("+49305550002", "+49305550003"),
        "main", 2.5, "Europe/Berlin",
    )  # fmt: skip
    half = NewContact("+49305550009", {"name": "\ud800"}, list="main")
    assert await store.imports.add(await chunk(store, [new, half])) == {}
    found = await store.find_contact(CAMPAIGN, new.number)
    assert found
    assert (dict(found.fields), found.numbers) == (dict(new.fields), (new.number, *new.others))
    assert (found.next_at, found.list, found.rank, found.timezone) == (5.5, "main", 2.5, "Europe/Berlin")
    found = await store.find_contact(CAMPAIGN, half.number)
    assert found
    assert found.fields == {"name": "?"}


async def test_who_is_there_already_and_where(store: Store) -> None:
    await store.add_contacts(CAMPAIGN, [NewContact("+49305559999")])
    first = await chunk(store, listed(3))
    await store.imports.add(first)
    other = [*listed(4, "other"), NewContact("+49305559999", list="other"), NewContact("+493055510003", list="other")]
    found = await store.imports.add(second := await chunk(store, other, "other", "d2"))
    assert found == {
        **{place: Standing(f"+49305551{place:04}", CAMPAIGN, "main", first.import_id, place + 2) for place in range(3)},
        4: Standing("+49305559999", CAMPAIGN, "", None, None),
        5: Standing("+493055510003", CAMPAIGN, "other", second.import_id, 5),
    }
    assert await callable_ones(store, CAMPAIGN) == 5


async def test_campaigns_of_the_client_may_be_asked_too(store: Store) -> None:
    await store.add_contacts("spring", numbers(2))
    mine = await chunk(store, listed(3))
    found = await store.imports.add(replace(mine, rivals=("autumn", "spring")))
    assert {place: (one.campaign, one.list) for place, one in found.items()} == {0: ("spring", ""), 1: ("spring", "")}
    assert await callable_ones(store, CAMPAIGN) == 1
    asked = await store.imports.standing(("spring", CAMPAIGN), [new.number for new in numbers(4)])
    assert sorted(one.campaign for one in asked.values()) == ["spring", "spring", CAMPAIGN]


async def test_an_import_goes_on_where_it_stopped_until_it_has_ended(store: Store) -> None:
    begun = await chunk(store, listed(10))
    progress = Progress(line=900, report_bytes=77, imported=5, known=1, duplicates=2, rejected=3)
    await store.imports.add(replace(begun, before=progress))
    again = await store.imports.begin(CAMPAIGN, "main", "moved.csv", "d1", 2.0, "you")
    assert (again.id, again.progress, again.path) == (begun.import_id, progress, "moved.csv")
    with pytest.raises(StoreError, match="taken over"):
        await store.imports.add(begun)
    await store.imports.finish(again.id, "you", replace(progress, line=1000), 3.0)
    assert await store.imports.ended(CAMPAIGN, "main", "d1")
    assert not await store.imports.ended(CAMPAIGN, "main", "d2")
    assert not await store.imports.ended(CAMPAIGN, "other", "d1")
    anew = await store.imports.begin(CAMPAIGN, "main", "moved.csv", "d1", 4.0, "you")
    assert (anew.id != again.id, anew.progress) == (True, Progress())
    assert [one.ended_at for one in await store.imports.of(CAMPAIGN)] == [3.0, None]


async def test_lists_come_in_beside_one_another(store: Store, tmp_path: Path) -> None:
    """Two files that have half of their numbers in common, and claims meanwhile."""
    sources = [ContactList(name=name, file=f"{name}.csv") for name in ("a", "b")]
    for index, source in enumerate(sources):
        with (tmp_path / source.file).open("w") as file:
            file.write("number\n" + "".join(f"+4930555{4000 * index + n:05}\n" for n in range(8000)))
    reports = await asyncio.gather(*(
        import_list(store.imports, WINBACK.model_copy(update={"campaign": CAMPAIGN}), tmp_path / one.file, source=one)
        for one in sources
    ))  # fmt: skip
    assert sum(report.progress.imported for report in reports) == 12_000
    assert sum(report.progress.duplicates for report in reports) == 4_000
    assert await callable_ones(store, CAMPAIGN) == 12_000


async def test_of_two_imports_of_one_file_the_later_goes_on(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("number\n" + "".join(f"+4930555{n:05}\n" for n in range(5000)))
    both = await asyncio.gather(*(import_list(store.imports, WINBACK, file) for _ in "ab"), return_exceptions=True)
    taken = [one for one in both if isinstance(one, StoreError)]
    ended = [one for one in both if not isinstance(one, BaseException)]
    assert len(taken) + len(ended) == 2
    assert ended
    assert await callable_ones(store, "winback") == 5000


# ---- killed ------------------------------------------------------------------------------------------------


def rows(count: int) -> str:
    """One in ten is no number, one in ten stands before."""
    lines = ["number,name"]
    for n in range(count):
        number = "12" if n % 10 == 3 else f"+4930555{n - 7 if n % 10 == 8 else n:05}"
        lines.append(f"{number},n{n}")
    return "\n".join(lines) + "\n"


async def importing(url: str, file: Path, kill_after: int) -> dict[str, int]:
    """Killed without warning after so many steps; 0 lets it end."""
    places = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "importer.py"), url, str(file), stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": places},
    )
    assert process.stdout is not None
    last, steps = b"{}", 0
    while line := await process.stdout.readline():
        last, steps = line, steps + 1
        if steps == kill_after:
            process.kill()
            break
    await process.wait()
    return {} if kill_after else json.loads(last)


async def test_killed_in_the_middle_it_goes_on_and_nothing_is_lost_or_doubled(url: str, tmp_path: Path) -> None:
    file, whole = tmp_path / "list.csv", tmp_path / "whole.csv"
    for path in (file, whole):
        path.write_text(rows(12_000))
    for kill_after in (1, 4, 3):
        await importing(url, file, kill_after)
    counts = await importing(url, file, 0)
    assert 5_000 <= counts.pop("resumed_at") <= 11_001
    assert counts == {"imported": 9600, "known": 0, "duplicates": 1200, "rejected": 1200}

    store = Store.open(url)
    assert await callable_ones(store, "winback") == 9600
    [kept] = await store.imports.of("winback")
    assert kept.ended_at is not None
    assert kept.progress.counts() == counts
    for n in (0, 5_555, 11_999):
        contact = await store.find_contact("winback", f"+4930555{n:05}")
        assert contact
        assert contact.fields == {"name": f"n{n}"}
    other = Campaign.model_validate(WINBACK.model_dump(by_alias=True, exclude_unset=True) | {"campaign": "other"})
    await import_list(store.imports, other, whole)
    await store.close()
    assert told(tmp_path / "list.winback.rejected.csv") == told(tmp_path / "whole.other.rejected.csv")


def told(report: Path) -> list[list[str]]:
    with report.open(newline="") as file:
        return list(csv.reader(file))


async def test_without_its_report_a_cut_off_import_begins_anew(url: str, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(rows(5_000))
    await importing(url, file, 3)
    (tmp_path / "list.winback.rejected.csv").unlink()
    counts = await importing(url, file, 0)
    assert counts == {"imported": 4000, "known": 0, "duplicates": 500, "rejected": 500, "resumed_at": 0}
    assert len(told(tmp_path / "list.winback.rejected.csv")) == 1001


async def test_a_changed_file_adds_what_is_new_and_keeps_what_went(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("number,name\n+4930555001,a\n+4930555002,b\n")
    await import_list(store.imports, WINBACK, file)
    file.write_text("number,name\n+4930555003,c\n+4930555002,changed\n+4930555003,again\n")
    report = await import_list(store.imports, WINBACK, file)
    assert report.counts() == {"imported": 1, "known": 1, "duplicates": 1, "rejected": 0}
    found = [await store.find_contact("winback", f"+493055500{n}") for n in (1, 2, 3)]
    assert [contact and contact.fields["name"] for contact in found] == ["a", "b", "c"]
