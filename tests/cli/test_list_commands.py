"""`dialer list`: import, try, show, export."""

import asyncio
import csv
from pathlib import Path

from openpyxl import Workbook, load_workbook
from test_commands import Dialer

from dialer.pseudonyms import Pseudonyms
from dialer.store.records import Stop
from dialer.store.store import Store

LIST = "number,name\n+4930231250123,A\n+4930231250124,=B\n+4930231250124,B\n12,C\n"


def told(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [row["reason"] for row in csv.DictReader(file)]


def test_a_dry_run_says_what_would_come_and_leaves_nothing(dialer: Dialer, root: Path) -> None:
    (root / "a.csv").write_text(LIST)
    counts = "2 imported, 0 known, 1 duplicates, 1 rejected\n"
    tried = dialer(root, "list", "import", "acme_winback", "a.csv", "--dry-run")
    assert (tried.exit_code, tried.stdout) == (0, counts)
    assert told(root / "a.acme_winback.rejected.csv") == [
        "stands in line 3", "the number is too short, or lacks its area code",
    ]  # fmt: skip
    assert dialer(root, "list", "import", "acme_winback", "a.csv").stdout == counts
    again = dialer(root, "list", "import", "acme_winback", "a.csv", "--dry-run")
    assert again.stdout == "0 imported, 3 known, 0 duplicates, 1 rejected\n"
    other = dialer(root, "list", "import", "acme_winback", "a.csv", "--name", "spring", "--dry-run")
    assert other.stdout == "0 imported, 0 known, 3 duplicates, 1 rejected\n"
    assert "stands in the list a, line 2 of its file" in told(root / "a.acme_winback.rejected.csv")


def test_show_and_export(dialer: Dialer, root: Path) -> None:
    (root / "a.csv").write_text(LIST)
    book = Workbook()
    for row in (("number", "name"), (30231250125, "D")):
        book.active.append(row)
    book.save(root / "More of them.xlsx")
    dialer(root, "list", "import", "acme_winback", "a.csv")
    assert dialer(root, "list", "import", "acme_winback", "More of them.xlsx").stdout.startswith("1 imported")
    shown = dialer(root, "list", "show", "acme_winback").stdout
    assert "more_of_them" in shown
    assert "a.csv" in shown
    assert "which rows were not taken and why:" in shown and "a.acme_winback.rejected.csv" in shown

    assert dialer(root, "list", "export", "acme_winback", "out.csv").stdout == "3 contacts\n"
    with (root / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["number"], row["list"], row["name"]) for row in rows] == [
        ("+4930231250123", "a", "A"), ("+4930231250124", "a", "'=B"), ("+4930231250125", "more_of_them", "D"),
    ]  # fmt: skip
    assert dialer(root, "list", "export", "acme_winback", "out.xlsx", "--list", "a").stdout == "2 contacts\n"
    assert load_workbook(root / "out.xlsx").active.max_row == 3
    since = dialer(root, "list", "export", "acme_winback", "out.txt", "--format", "csv", "--since", "2026-01-01")
    assert since.stdout == "0 contacts\n"
    assert not list(root.glob("*.part"))
    assert dialer(root, "list", "export", "winter", "out.csv").exit_code == 1


def test_without_the_engine_too_no_list_brings_back_who_was_erased(dialer: Dialer, root: Path) -> None:
    number, name = "+493023125141", Pseudonyms(root).needed()

    async def erased() -> None:
        store = Store.open(f"sqlite:///{root}/var/dialer.db")
        await store.stop([Stop("client:acme", name(number), "erasure 1", 1.0)])
        await store.close()

    (root / "var").mkdir(exist_ok=True)
    asyncio.run(erased())
    (root / "again.csv").write_text(f"number\n{number}\n+493023125199\n")
    for how in (["--dry-run"], []):
        brought = dialer(root, "list", "import", "acme_winback", "again.csv", *how)
        assert brought.stdout == "1 imported, 0 known, 0 duplicates, 1 rejected\n"
        assert told(root / "again.acme_winback.rejected.csv") == ["the person was erased"]
