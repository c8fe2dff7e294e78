"""What a campaign says of itself before the law is asked."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from dialer.calls.outcome import Outcome
from dialer.campaigns.policy import Policy
from dialer.campaigns.retry import disposed, verdict
from dialer.config.campaign import Campaign
from dialer.store.records import Asked, Contact, ContactVerdict, Known, PastCall, Refusal

CONTACT = Contact(7, "winback", "+4930555010", {"score": "5"}, "due", 0, {}, 0.0, list="cold")
SEVERAL = replace(CONTACT, numbers=("+4930555010", "+4917012345678", "+4940555010"))
PARTS = {
    "morning": {"from": "09:00", "to": "12:00", "times": 1}, "evening": {"from": "17:00", "to": "20:00", "times": 2},
}  # fmt: skip


class NoLaw:
    asked = Asked("acme", "winback")

    def __call__(self, contact: Contact, known: Known, held: bool) -> Refusal | None:
        return None


def campaign(**values: Any) -> Campaign:
    return Campaign.model_validate({
        "campaign": "winback", "client": "acme", "mode": "agentless", "flow": "survey",
        "lists": [{"name": "cold", "file": "lists/cold.csv", "where": "score >= 3"}], **values,
    })  # fmt: skip


def berlin(text: str) -> float:
    return datetime.fromisoformat(f"{text}+02:00").timestamp()


def call(at: float, **values: Any) -> PastCall:
    facts = {"campaign": "winback", "contact_id": 7, "number": CONTACT.number, **values}
    return PastCall(at=at, over_at=at + 30, answered=False, talked=False, outcome=Outcome.NO_ANSWER, disposition=None,
                    debt=None, **facts)  # fmt: skip


def refused(config: Campaign, contact: Contact, now: float, *past: PastCall) -> tuple[str, float | None] | None:
    found = Policy(config, NoLaw(), now)(contact, Known(past), held=False)
    return None if found is None else (found.rule, found.until)


NOON = berlin("2026-06-10T12:30")


def test_the_filter_of_its_list_holds_a_contact_back() -> None:
    assert refused(campaign(), CONTACT, NOON) is None
    assert refused(campaign(), replace(CONTACT, fields={"score": "2"}), NOON) == ("held_back", None)
    assert refused(campaign(), replace(CONTACT, fields={}, list="warm"), NOON) is None, "of another list"


def test_caps_count_by_the_day_on_the_contact_s_clock() -> None:
    day = campaign(caps={"contact_per_day": 2})
    morning, yesterday = call(berlin("2026-06-10T00:10")), call(berlin("2026-06-09T23:50"))
    other = call(NOON - 60, number="+4940999")
    midnight = berlin("2026-06-11T00:00")
    assert refused(day, CONTACT, NOON, yesterday, morning) is None
    assert refused(day, CONTACT, NOON, yesterday, morning, other) == ("cap_contact_per_day", midnight)
    assert refused(day, CONTACT, NOON, morning, call(NOON, contact_id=8)) is None, "another contact"


def test_a_number_s_cap_counts_over_all_campaigns() -> None:
    once = campaign(caps={"number_per_day_client": 1})
    spring = call(NOON - 60, campaign="spring", contact_id=99)
    assert refused(once, CONTACT, NOON, spring) == ("cap_number_per_day_client", berlin("2026-06-11T00:00"))
    assert refused(once, CONTACT, NOON, replace(spring, number="+4940999")) is None
    assert Policy(once, NoLaw(), NOON).asked.since == NOON - 2 * 86_400
    assert Policy(campaign(), NoLaw(), NOON).asked.since is None


def test_the_cap_of_a_contact_ends_it() -> None:
    three = campaign(caps={"contact": 3}, retry={"busy": {"after": "15m", "times": 9}})
    tried = replace(CONTACT, tries={"busy": 1, "1:no_answer": 1, "@morning": 2})
    assert refused(three, tried, NOON) is None
    assert verdict(three, tried, Outcome.BUSY, NOON) == ContactVerdict(7, "done", reason="busy", result="cap_contact")
    assert refused(three, replace(tried, tries={"busy": 3}), NOON) == ("cap_contact", None)


def test_who_is_chosen_by_an_agent_is_bound_by_caps_and_not_by_filters() -> None:
    config = campaign(caps={"contact": 3}, retry={"busy": {"after": "15m", "times": 1}})
    out = replace(SEVERAL, fields={"score": "2"}, tries={"busy": 2})
    assert Policy(config, NoLaw(), NOON, by_hand=True)(out, Known(), held=True) is None
    worn = Policy(config, NoLaw(), NOON, by_hand=True)(replace(out, tries={"busy": 3}), Known(), held=True)
    assert worn is not None and worn.rule == "cap_contact"


def test_parts_of_the_day_have_their_quota() -> None:
    config = campaign(day_parts=PARTS)
    ten, six = berlin("2026-06-10T10:00"), berlin("2026-06-10T18:00")
    assert refused(config, CONTACT, ten) is None
    assert refused(config, CONTACT, NOON) == ("day_part", berlin("2026-06-10T17:00"))
    once = replace(CONTACT, tries={"no_answer": 1, "@morning": 1})
    assert refused(config, once, ten) == ("day_part", berlin("2026-06-10T17:00"))
    assert refused(config, once, six) is None
    assert refused(config, once, berlin("2026-06-10T21:00")) == ("day_part", berlin("2026-06-11T17:00"))
    assert refused(config, replace(once, tries={"@morning": 1, "@evening": 2}), six) == ("day_part", None)
    assert refused(config, replace(CONTACT, timezone="America/New_York"), ten) == (
        "day_part", berlin("2026-06-10T15:00"))  # fmt: skip


def test_the_next_call_falls_in_another_part() -> None:
    rules = {"no_answer": {"after": "30m", "times": 3, "other_part": True}, "busy": {"after": "30m", "times": 3}}
    config = campaign(day_parts=PARTS, retry=rules)
    ten = berlin("2026-06-10T10:00")
    missed = verdict(config, CONTACT, Outcome.NO_ANSWER, ten)
    assert (missed.next_at, missed.part) == (berlin("2026-06-10T17:00"), "morning")
    evening = replace(CONTACT, tries={"no_answer": 1, "@morning": 0})
    assert verdict(config, evening, Outcome.NO_ANSWER, berlin("2026-06-10T18:00")).next_at == berlin("2026-06-11T09:00")
    # busy calls again in the same part, unless that has no room
    assert verdict(config, CONTACT, Outcome.BUSY, berlin("2026-06-10T18:00")).next_at == berlin("2026-06-10T18:30")
    assert verdict(config, CONTACT, Outcome.BUSY, ten).next_at == berlin("2026-06-10T17:00")


def test_alternate_numbers_come_first_and_the_delay_after_all_of_them() -> None:
    config = campaign(retry={"no_answer": {"after": ["15m", "2h"], "next_number": True}})
    contact, seen = SEVERAL, []
    for _ in range(9):
        found = verdict(config, contact, Outcome.NO_ANSWER, 1000.0)
        seen.append((found.turn, found.next_at - 1000.0) if found.state == "waiting" else found.state)
        tries = {**contact.tries, found.reason: contact.tries.get(found.reason, 0) + 1}
        contact = replace(contact, tries=tries).at(found.turn)
    assert seen == [(1, 0), (2, 0), (0, 900), (1, 0), (2, 0), (0, 7200), (1, 0), (2, 0), "done"]
    assert contact.number == SEVERAL.numbers[2]


def test_tries_count_by_number() -> None:
    config = campaign(retry={"busy": {"after": "15m", "times": 1}})
    second = replace(SEVERAL, tries={"busy": 1}).at(1)
    assert verdict(config, second, Outcome.BUSY, 0.0) == ContactVerdict(7, "waiting", 900.0, "1:busy", 1)
    worn = replace(second, tries={"1:busy": 1})
    assert verdict(config, worn, Outcome.BUSY, 0.0) == ContactVerdict(7, "done", 0.0, "1:busy", 1, "busy")


def test_a_number_that_does_not_exist_gives_way_to_the_next() -> None:
    assert verdict(campaign(), SEVERAL, Outcome.INVALID_NUMBER, 5.0) == ContactVerdict(
        7, "waiting", 5.0, "invalid_number", 1)
    last = replace(SEVERAL, tries={"invalid_number": 1, "1:invalid_number": 1}).at(2)
    ended = verdict(campaign(), last, Outcome.INVALID_NUMBER, 5.0)
    assert (ended.state, ended.result) == ("done", "invalid_number")
    only = verdict(campaign(), CONTACT, Outcome.INVALID_NUMBER, 5.0)
    assert only == ContactVerdict(7, "done", reason="invalid_number")
    worn = replace(SEVERAL, tries={"1:invalid_number": 1})
    assert refused(campaign(), worn.at(1), NOON) == ("number_worn_out", None)
    assert refused(campaign(), worn, NOON) is None


def test_dispositions_with_their_own_times_and_with_the_next_number() -> None:
    config = campaign(dispositions={
        "later": {"final": False, "retry_after": ["1h", "1d"], "times": 2},
        "wrong": {"final": False, "next_number": True},
    }, retry={"callback": {"after": "4h", "times": 9}})
    found = [disposed(config, replace(CONTACT, tries={"later": tried}), "later", 0.0) for tried in range(3)]
    assert [(one.state, one.next_at, one.reason) for one in found] == [
        ("waiting", 3600.0, "later"), ("waiting", 86_400.0, "later"), ("done", 0.0, "later")]
    assert disposed(config, SEVERAL, "wrong", 9.0) == ContactVerdict(7, "waiting", 9.0, "invalid_number", 1)
    last = replace(SEVERAL, tries={"invalid_number": 1, "2:invalid_number": 1}).at(1)
    assert disposed(config, last, "wrong", 9.0) == ContactVerdict(7, "done", 0.0, "1:invalid_number", 1, "wrong")


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdict_s_number_is_one_of_the_contact_s(outcome: Outcome) -> None:
    config = campaign(retry={"no_answer": {"after": "1m", "times": 1, "next_number": True}})
    for turn in range(3):
        assert verdict(config, SEVERAL.at(turn), outcome, 0.0).turn in SEVERAL.turns
