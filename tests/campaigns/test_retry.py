"""What becomes of a contact."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.calls.outcome import Outcome
from dialer.campaigns.retry import RETRY_REASON, disposed, verdict
from dialer.config.campaign import Campaign
from dialer.config.models import Hours
from dialer.hours import is_open
from dialer.store.records import Contact, ContactVerdict

CONTACT = Contact(7, "winback", "+4930555010", {}, "claimed", 1, {}, 0.0)
OFFICE = Hours.model_validate({
    "hours": "office", "timezone": "Europe/Berlin",
    "open": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}],
})  # fmt: skip


def campaign(**values: Any) -> Campaign:
    return Campaign.model_validate({
        "campaign": "winback", "client": "acme", "mode": "agentless", "flow": "survey",
        "retry": {"busy": {"after": "15m", "times": 3}, "callback": {"after": "4h", "times": 2}},
        "dispositions": {
            "sale": {"label": "Sold"},
            "refused": {"do_not_call": True},
            "later": {"final": False, "retry_after": "2h"},
        },
        **values,
    })  # fmt: skip


def tried(**tries: int) -> Contact:
    return replace(CONTACT, tries=tries)


def local(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("tries", [0, 1, 2])
def test_a_rule_calls_again_after_its_time(tries: int) -> None:
    again = verdict(campaign(), tried(busy=tries, no_answer=9), Outcome.BUSY, 1000.0)
    assert again == ContactVerdict(7, "waiting", 1000.0 + 15 * 60, "busy")


def test_a_rule_ends_after_its_times() -> None:
    assert verdict(campaign(), tried(busy=3), Outcome.BUSY, 1000.0) == ContactVerdict(7, "done", reason="busy")


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.CANCELLED])
def test_without_a_rule_every_outcome_ends_the_contact(outcome: Outcome) -> None:
    assert verdict(campaign(retry={}), CONTACT, outcome, 1000.0) == ContactVerdict(7, "done", reason=outcome.value)


def test_a_lost_attempt_is_dialled_again_only_where_that_is_asked_for() -> None:
    assert verdict(campaign(), CONTACT, Outcome.LOST, 0.0).state == "done"
    asked = campaign(retry={"lost": {"after": "1d", "times": 1}})
    assert verdict(asked, CONTACT, Outcome.LOST, 0.0) == ContactVerdict(7, "waiting", 86400.0, "lost")


@pytest.mark.parametrize(
    "outcome", [Outcome.ANSWERED, Outcome.INVALID_NUMBER, Outcome.SELF_SERVED, Outcome.FORWARDED, Outcome.CLOSED]
)
def test_some_outcomes_end_the_contact_whatever_the_rules(outcome: Outcome) -> None:
    every = {reason: {"after": "1m", "times": 9} for reason in {*RETRY_REASON.values(), "callback"}}
    assert verdict(campaign(retry=every), CONTACT, outcome, 0.0) == ContactVerdict(7, "done", reason=outcome.value)


def test_a_cancelled_attempt_is_due_at_once_and_not_counted() -> None:
    assert verdict(campaign(), tried(busy=3), Outcome.CANCELLED, 1000.0) == ContactVerdict(7, "waiting", 1000.0, "")


def test_whoever_hangs_up_in_the_flow_falls_under_hung_up() -> None:
    rules = {"hung_up": {"after": "1m", "times": 1}}
    assert verdict(campaign(retry=rules), CONTACT, Outcome.LEFT, 0.0).reason == "hung_up"


def test_hours_put_the_call_off_to_the_next_opening() -> None:
    friday = local("2026-03-27T17:50:00+01:00")
    again = verdict(campaign(), CONTACT, Outcome.BUSY, friday, OFFICE)
    assert again.next_at == local("2026-03-30T09:00:00+02:00"), "the clocks go forward that Sunday"
    monday = local("2026-03-30T10:00:00+02:00")
    assert verdict(campaign(), CONTACT, Outcome.BUSY, monday, OFFICE).next_at == monday + 15 * 60
    assert verdict(campaign(), CONTACT, Outcome.CANCELLED, friday + 3600, OFFICE).next_at == again.next_at


def test_hours_that_never_open_raise_nothing() -> None:
    never = OFFICE.model_copy(update={"open": []})
    assert verdict(campaign(), CONTACT, Outcome.BUSY, 0.0, never).next_at == 900.0


@given(st.sampled_from(Outcome), st.integers(0, 5), st.floats(1.7e9, 1.9e9))
def test_nothing_is_due_before_its_time_or_out_of_hours(outcome: Outcome, tries: int, now: float) -> None:
    found = verdict(campaign(), tried(busy=tries), outcome, now, OFFICE)
    assert found.contact_id == 7
    if found.state == "waiting":
        assert found.next_at >= now
        assert is_open(OFFICE, datetime.fromtimestamp(found.next_at, UTC))
    else:
        assert found.reason == outcome.value


@given(st.lists(st.sampled_from([Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED]), min_size=12))
def test_no_contact_is_called_for_ever(outcomes: list[Outcome]) -> None:
    """Each reason is counted on its own: at most the sum of all `times`, and one call more."""
    rules = {reason: {"after": "1m", "times": 3} for reason in ("busy", "no_answer", "failed")}
    tries: dict[str, int] = {}
    calls = 0
    for outcome in outcomes:
        calls += 1
        found = verdict(campaign(retry=rules), tried(**tries), outcome, 0.0)
        tries[found.reason] = tries.get(found.reason, 0) + 1
        if found.state == "done":
            break
    assert found.state == "done"
    assert calls <= 3 * 3 + 1


def test_dispositions() -> None:
    assert disposed(campaign(), CONTACT, "sale", 0.0) == ContactVerdict(7, "done", reason="sale")
    assert disposed(campaign(), CONTACT, "refused", 0.0) == ContactVerdict(7, "done", reason="refused")
    assert disposed(campaign(), CONTACT, "later", 0.0) == ContactVerdict(7, "waiting", 7200.0, "callback")
    assert disposed(campaign(), tried(callback=2), "later", 0.0) == ContactVerdict(7, "done", reason="later")
    assert disposed(campaign(retry={}), tried(callback=50), "later", 0.0).state == "waiting"
    with pytest.raises(KeyError):
        disposed(campaign(), CONTACT, "made_up", 0.0)


def test_a_callback_waits_for_the_opening() -> None:
    friday = local("2026-06-05T17:00:00+02:00")
    assert disposed(campaign(), CONTACT, "later", friday, OFFICE).next_at == local("2026-06-08T09:00:00+02:00")
