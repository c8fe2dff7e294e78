"""Promised calls and campaigns' schedules in virtual time."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from test_rehearsal import BEGAN_AT, root, shift  # noqa: F401
from test_rehearsed_ways import simulate, write

from dialer.calls.outcome import Outcome
from dialer.rehearsal.promises import Made, promises
from dialer.rehearsal.run import rehearse
from dialer.store.records import CallRecord

LATER: dict[str, Any] = {
    "dispositions": {"sale": {}, "later": {"callback": True}},
    "simulate": {"talk": "30s", "person": 0.6, "machine": 0.1, "callback_after": ["5m", "10m"]},
}


def promising(root: Path, share: float, personal: float, **more: Any) -> None:  # noqa: F811
    said = LATER["simulate"] | {"dispositions": {"later": share}, "callback_personal": personal}
    write(root, "calls", **(LATER | {"simulate": said} | more))


def test_promises_are_kept_at_their_minute(root: Path) -> None:  # noqa: F811
    promising(root, 0.3, 0.0)
    done = rehearse(shift(root, agents=6, seconds=1800.0))
    assert done.promises is not None
    assert done.promises.made >= done.promises.due > 8
    assert done.promises.kept >= done.promises.due - 1, "one may fall on the very end"
    assert done.promises.personal.due == 0
    again = [call for call in done.calls if (call.dialled_at or 0) - BEGAN_AT > 0]
    assert len({call.contact_id for call in again}) < len(again), "promised people are called twice"


def test_personal_promises_are_kept_by_who_made_them(root: Path) -> None:  # noqa: F811
    promising(root, 0.3, 1.0, callbacks={"then": "wait"})
    done = rehearse(shift(root, agents=4, seconds=1800.0))
    assert done.promises is not None and done.promises.personal.due > 5
    assert done.promises.talks == done.promises.by_same_agent > 0
    assert done.promises.anyone.due == 0


def test_promises_are_for_a_full_five_minutes_in_which_the_campaign_is_open(root: Path) -> None:  # noqa: F811
    """It closes at 09:20: later than that is put off to the next day that is open, here in a week or not at all."""
    promising(root, 1.0, 0.0, hours="morning")
    done = rehearse(shift(root, agents=3, seconds=2400.0))
    assert done.promises is not None
    assert done.promises.made == done.promises.due > 0, "nothing was promised for when nobody may call"
    wraps = [span.ended_at - span.started_at for span in done.spans if span.state == "wrap_up"]
    assert max(wraps) < 119, "who can promise nothing is through with the call all the same"


def test_nothing_is_promised_for_when_the_schedule_pauses_the_campaign(root: Path) -> None:  # noqa: F811
    hours = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "09:20"}]
    promising(root, 1.0, 0.0, schedule={"timezone": "Europe/Berlin", "open": hours})
    done = rehearse(shift(root, agents=3, seconds=1800.0))
    assert done.promises is not None
    assert done.promises.made == done.promises.due > 0


def test_what_is_kept_by_hand(root: Path) -> None:  # noqa: F811
    def dial(contact: int, at: float, agent: str | None = None) -> CallRecord:
        return CallRecord(f"c{contact}-{at}", "outbound", "n", "main", "acme", "+491", "+492", at, "calls", contact,
                          dialled_at=at + 1, joined_at=at + 9 if agent else None, agent=agent,
                          outcome=Outcome.ANSWERED if agent else Outcome.BUSY)  # fmt: skip

    made = [Made("calls", 1, 100.0, "ada", personal=True), Made("calls", 2, 100.0, "ada", personal=True),
            Made("calls", 3, 100.0, "ada", personal=False), Made("calls", 4, 100.0, "ada", personal=False),
            Made("calls", 5, 900.0, "ada", personal=False)]  # fmt: skip
    calls = [dial(1, 50.0, "ada"), dial(1, 104.0, "ada"), dial(2, 149.0, "bob"), dial(3, 99.0), dial(4, 100.0)]
    found = promises(made, calls, 800.0)
    assert (found.made, found.due, found.kept) == (5, 4, 3)
    assert (found.anyone.due, found.anyone.kept, found.anyone.late_p90_s) == (2, 1, 1.0)
    assert (found.personal.kept, found.personal.late_p50_s, found.personal.late_p90_s) == (2, 5.0, 50.0)
    assert (found.talks, found.by_same_agent) == (2, 1)


def test_a_schedule_starts_and_pauses(root: Path) -> None:  # noqa: F811
    days = ["mon", "tue", "wed", "thu", "fri"]
    hours = [{"days": days, "from": "09:05", "to": "09:10"}, {"days": days, "from": "09:15", "to": "18:00"}]
    write(root, "calls", schedule={"timezone": "Europe/Berlin", "open": hours})
    done = rehearse(shift(root, seconds=1500.0))
    minutes = {int((call.created_at - BEGAN_AT) // 60) for call in done.calls}
    assert minutes and min(minutes) == 5
    assert not minutes & set(range(10, 15)) and minutes & set(range(15, 25))
    paused = rehearse(replace(shift(root, seconds=240.0)))
    assert (paused.account.attempts, paused.reason) == (0, "paused")


def test_a_rehearsal_begins_when_the_schedule_does(root: Path) -> None:  # noqa: F811
    open_at = [{"days": ["tue"], "from": "11:30", "to": "18:00"}]
    write(root, "calls", schedule={"timezone": "Europe/Berlin", "open": open_at})
    (row,) = json.loads(simulate(root, "calls", "--agents", "1", "--hours", "0.1", "--json"))
    began = datetime.fromtimestamp(row["by_hour"][0]["begins_at"], ZoneInfo("Europe/Berlin"))
    assert row["attempts"] > 0 and f"{began:%a %H:%M}" == "Tue 11:30"


def test_what_is_promised_is_told(root: Path) -> None:  # noqa: F811
    promising(root, 0.4, 0.5)
    table = simulate(root, "calls", "--agents", "1", "--hours", "0.1", "--start", "2026-11-16T09:00")
    assert "calls promised" in table and "personal: with who promised" in table
    (row,) = json.loads(simulate(root, "calls", "--agents", "3", "--hours", "0.1", "--json", "--start",
                                 "2026-11-16T09:00"))  # fmt: skip
    assert row["promises"]["made"] > 0 and set(row["promises"]["anyone"]) == {"due", "kept", "late_p50_s", "late_p90_s"}


@pytest.mark.parametrize(("changes", "said"), [
    ({"callback_after": ["10m", "5m"]}, "write the smaller one first"), ({"callback_personal": 1.5}, "write 3% or"),
])
def test_what_cannot_be_is_refused(root: Path, changes: dict[str, Any], said: str) -> None:  # noqa: F811
    write(root, "calls", simulate=changes)
    assert said in simulate(root, "calls", code=2)
