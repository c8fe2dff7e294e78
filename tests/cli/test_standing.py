"""Why a campaign dials nobody just now, in words, with the moment when that ends."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from dialer.campaigns.pacing.model import Reason
from dialer.config.campaign import Campaign
from dialer.config.models import Hours
from dialer.standing import WORDS, standing

SUNDAY = datetime.fromisoformat("2026-11-22T12:00+01:00").timestamp()
MONDAY = datetime.fromisoformat("2026-11-23T09:00+01:00").timestamp()
WEEK = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]
OFFICE = Hours.model_validate({"hours": "office", "timezone": "Europe/Berlin", "open": WEEK})
PLANT: Any = SimpleNamespace(
    hours={"office": OFFICE}, clients={"acme": SimpleNamespace(timezone="Europe/Berlin")}
)  # fmt: skip


def campaign(**values: Any) -> Campaign:
    return Campaign.model_validate(
        {"campaign": "winback", "client": "acme", "mode": "agentless", "flow": "survey", **values})  # fmt: skip


def live(**values: Any) -> dict[str, Any]:
    return {"status": "running", "reason": "dialling", "mode": "agentless", "budgets": [], **values}


def told(config: Campaign, status: str | None = "running", shown: Any = None, now: float = SUNDAY) -> list[Any]:
    found = standing(PLANT, config, status, shown, now)
    return [*found.told, found.until]


def test_one_that_dials_has_nothing_told_of_it() -> None:
    assert told(campaign(), shown=live()) == [None]
    assert told(campaign(), shown={}) == [None], "the engine does not say"
    assert told(campaign(hours="office"), shown=live(), now=MONDAY + 0.1234567) == [None]


def test_hours_and_schedule_say_until_when() -> None:
    assert told(campaign(hours="office"), shown=live(reason="closed")) == [
        "the campaign's hours `office` are closed until Mon 2026-11-23 09:00 Europe/Berlin", MONDAY]
    scheduled = campaign(schedule={"timezone": "Europe/Berlin", "open": WEEK})
    assert told(scheduled, shown=live(status="paused", reason="schedule")) == [
        "the campaign is paused by its schedule until Mon 2026-11-23 09:00 Europe/Berlin", MONDAY]
    assert told(scheduled, shown=live(status="paused", reason="paused"), now=MONDAY + 60) == [
        "the campaign is paused", None], "by hand"
    later = campaign(schedule={"timezone": "Europe/Berlin", "open": WEEK, "first": "2027-03-06"})
    assert told(later, "paused")[0] == "the campaign is paused by its schedule until Mon 2027-03-08 09:00 Europe/Berlin"
    over = campaign(schedule={"timezone": "Europe/Berlin", "open": WEEK, "last": "2026-11-20"})
    assert told(over, "paused") == ["the campaign is paused by its schedule for good", None]


def test_without_an_engine_nobody_is_dialled() -> None:
    assert told(campaign()) == ["no engine answers: nobody is dialled while none runs", None]
    assert told(campaign(), None) == ["the campaign is not started yet", None]
    assert told(campaign(mode="manual", flow=None, agents={"skills": ["sales"]}), shown=live(mode="manual")) == [
        "the campaign dials nobody by itself (`mode: manual`): an agent does", None]


def test_a_spent_month_ends_with_the_month_of_the_client() -> None:
    december = datetime.fromisoformat("2026-12-01T00:00+01:00").timestamp()
    assert told(campaign(), shown=live(reason="budget")) == [
        ("the client's budget of the month is spent (`hard_stop`) until Tue 2026-12-01 00:00 Europe/Berlin, or until it"
         " is raised"), december]  # fmt: skip


def test_abandon_budgets_and_rules() -> None:
    spent = {"rule": "us.tsr", "window": "30d", "answered": 200.0, "abandoned": 6.0, "most": 0.03, "left": 0.4}
    new = {**spent, "answered": 0.0, "abandoned": 0.0, "left": 0.0}
    assert told(campaign(), shown=live(reason="abandon_budget", budgets=[spent, {**spent, "left": 2.0}, new])) == [
        f"the campaign does not dial more just now: {WORDS['abandon_budget']}",
        "by us.tsr (30d) no more may be abandoned: 6 of 200 were", None]  # fmt: skip
    for rule in ("de.hours", "cap_contact_per_day"):
        [line, _] = told(campaign(), shown=live(reason=rule))
        assert line == f"of those who came due last, the rule {rule} refused all"


@pytest.mark.parametrize("reason", sorted(set(get_args(Reason)) - {"dialling", "by_hand"}))
def test_every_reason_has_its_words(reason: str) -> None:
    assert told(campaign(), shown=live(reason=reason)) == [
        f"the campaign does not dial more just now: {WORDS[reason]}", None]
