"""`dialer consent`, as an operator uses it: no engine runs."""

import asyncio
import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from dialer.cli import app
from dialer.pseudonyms import Pseudonyms
from dialer.store.records import Stop
from dialer.store.store import Store

NUMBER = "+4930231250"


def run(root: Path, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--root", str(root)])


def site(root: Path) -> Path:
    files: dict[str, Any] = {
        "configs/plant.yaml": {"switches": {"main": {}}, "store": {"url": "sqlite:///var/dialer.db"},
                               "web": {"listen": {"port": 1}}},
        "configs/agents.yaml": {"agents": {"ada": {"name": "Ada", "phone": "p1", "skills": ["sales"]}}},
        "configs/clients/acme.yaml": {
            "client": "acme", "name": "Acme", "caller_id": "+493023125001", "languages": ["en"]},
    }  # fmt: skip
    for name, document in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(document))
    return root


def test_consents_are_imported_shown_and_revoked(tmp_path: Path) -> None:
    root, file = site(tmp_path), tmp_path / "consents.csv"
    file.write_text(
        "number;given_at;proof;until\n"
        f"{NUMBER};2026-01-05;form 4711;\n"
        "030 2312 51;2026-01-05T10:00+01:00;recording 9;2027-01-01\n"
        "nonsense;2026-01-05;form 1;\n"
        f"{NUMBER};yesterday;form 2;\n"
        f"{NUMBER};2999-01-01;form 3;\n"
        f"{NUMBER};2026-01-06;;\n"
    )
    done = run(root, "consent", "import", str(file), "--client", "acme", "--country", "DE")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "2 consents, 0 known already, 4 rows rejected"), done
    rejected = (tmp_path / "consents.rejected.csv").read_text()
    for said in ("no date", "future", "no proof", "nonsense"):
        assert said in rejected
    again = run(root, "consent", "import", str(file), "--client", "acme", "--country", "DE")
    assert "0 consents, 2 known already" in again.stdout
    [shown] = json.loads(run(root, "consent", "show", NUMBER).stdout)
    assert (shown["client"], shown["purpose"], shown["proof"], shown["revoked_at"]) == (
        "acme", "advertising", "form 4711", None)
    assert len(shown["digest"]) == 64
    assert (shown["given_at"], shown["until"]) == ("2026-01-05T00:00:00+00:00", None)
    assert "1 consents ended" in run(root, "consent", "revoke", NUMBER, "--client", "acme").stdout
    [shown] = json.loads(run(root, "consent", "show", NUMBER).stdout)
    assert shown["revoked_at"].startswith("20") and shown["revoked_at"].endswith("+00:00")


def test_a_file_without_the_columns_is_refused_with_what_would_be_right(tmp_path: Path) -> None:
    root, file = site(tmp_path), tmp_path / "consents.csv"
    file.write_text("phone,when\n")
    done = run(root, "consent", "import", str(file), "--client", "acme")
    assert done.exit_code == 1
    assert "no column number, given_at, proof" in done.output
    assert "no client `other`" in run(root, "consent", "import", str(file), "--client", "other").output


def test_numbers_in_rotation(running: Path) -> None:
    assert run(running, "caller-ids", "acme").stdout == "+493023125001  100 dials, 4 today, 21 answered, 21.0 %\n"
    assert run(running, "caller-ids", "globex").stdout == "no number of globex was shown in rotation\n"


def test_national_numbers_want_their_country(tmp_path: Path) -> None:
    root, file = site(tmp_path), tmp_path / "national.csv"
    file.write_text("number,given_at,proof\n030 231250,2026-01-01,form\n")
    done = run(root, "consent", "import", str(file), "--client", "acme")
    assert (done.exit_code, "write it with +, or import with --country DE" in done.output) == (1, True)


def test_a_campaign_is_rehearsed_once(tmp_path: Path) -> None:
    root = site(tmp_path)
    (root / "configs" / "campaigns").mkdir()
    (root / "configs" / "campaigns" / "calls.yaml").write_text(json.dumps(
        {"campaign": "calls", "client": "acme", "rules": [], "agents": {"skills": ["sales"]}}))
    done = run(root, "simulate", "calls", "calls")
    assert (done.exit_code, "calls is named twice" in done.output) == (2, True)


def test_erasing_needs_the_engine(tmp_path: Path) -> None:
    done = run(site(tmp_path), "erase", NUMBER, "--reason", "letter")
    assert done.exit_code == 1
    assert "no engine answers" in done.output


def test_a_number_that_was_erased_is_still_told_to_be_on_a_list(tmp_path: Path) -> None:
    root = site(tmp_path)
    name = Pseudonyms(root).needed()

    async def erased() -> None:
        store = Store.open(f"sqlite:///{root}/var/dialer.db")
        await store.stop([Stop("global", name(NUMBER), "erasure 1", 1.0)])
        await store.close()

    asyncio.run(erased())
    done = run(root, "dnc", "check", NUMBER)
    assert (done.exit_code, done.stdout) == (1, "global: erasure 1\n")
    assert run(root, "dnc", "check", "+4930231251").exit_code == 0
