"""Tables on a terminal of 80 columns: whole where they fit, else each row by itself; no word is ever cut in two."""

import pytest

from dialer import tables

CAMPAIGN = ("campaign", "client", "status", "why", "dialling", "talking", "waiting", "due", "done")
ROW = ("acme_renewals_of_spring", "acme", "running", "no_idle_agent", "12", "3", "12345", "", "1234567")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def show(columns: tuple[str, ...], *rows: tuple[str, ...]) -> list[str]:
        monkeypatch.setenv("COLUMNS", "80")
        tables._table(tables.Console(), "campaigns", columns, rows)
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return show


def test_rows_that_are_too_wide_stand_by_themselves(said) -> None:
    assert said(CAMPAIGN, ROW) == [
        "campaigns", "acme_renewals_of_spring",
        "  client acme  status running  why no_idle_agent  dialling 12  talking 3",
        "  waiting 12345  done 1234567",
    ]  # fmt: skip


def test_a_table_that_fits_is_one(said) -> None:
    assert said(CAMPAIGN[:4], ROW[:4])[1:] == [
        "campaign                 client  status   why", "acme_renewals_of_spring  acme    running  no_idle_agent"]


def test_words_at_the_end_of_a_row_wrap_in_their_column(said) -> None:
    lines = said(("agent", "skills"), ("agent01", "sales support billing " * 6))
    assert len(lines) == 4 and all(len(line) <= 80 for line in lines)
    assert " ".join(" ".join(lines[2:]).split()) == "agent01 " + " ".join(["sales support billing"] * 6)


def test_nothing_to_show(said) -> None:
    assert said(CAMPAIGN) == ["no campaigns"]


def test_an_engine_that_is_not_yet_restarted_tells_of_no_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    tables.status({
        "health": {"status": "up", "switches": {}, "store": "up"}, "campaigns": [], "queues": [], "agents": [],
        "totals": {"offered": 0, "answered": 0, "connected": 0, "abandoned": 0},
    })  # fmt: skip
    assert "store: up" in capsys.readouterr().out
