"""Random claims, settles and dispositions, in any order and repeated: no contact is doubled or lost."""

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from store_rows import ended, intent

from dialer.calls.outcome import Outcome
from dialer.store.records import ContactState, ContactVerdict, NewContact, Slot
from dialer.store.schema import calls, contacts, tallies
from dialer.store.store import Store

REASONS = ("busy", "no_answer", "callback", "sale")
verdicts = st.tuples(st.sampled_from(["waiting", "done"]), st.sampled_from(REASONS))
campaigns = itertools.count()
OPEN = {"due": "waiting"}
"""Which of the two it is depends on when somebody looked last."""


@dataclass
class Told:
    """A contact as it must stand, from what the store was told."""

    state: ContactState = "due"
    ended: bool = False
    calls: list[str] = field(default_factory=list)
    counted: dict[str, str] = field(default_factory=dict)
    """Of each settled call, the reason that counts."""

    def settle(self, call: str, state: ContactState, reason: str) -> None:
        self.counted[call] = reason
        self.state = "done" if self.ended else state

    def dispose(self, call: str, state: ContactState, reason: str) -> None:
        self.counted[call] = reason
        if call == self.calls[-1] or self.state in ("due", "waiting"):
            self.state, self.ended = state, False
        elif self.state == "claimed" and state == "done":
            self.ended = True


class Campaign(RuleBasedStateMachine):
    store: Store
    runner: "asyncio.Runner"

    def __init__(self) -> None:
        super().__init__()
        self.name = f"campaign{next(campaigns)}"
        self.numbers = 0
        self.told: dict[int, Told] = {}
        self.of_call: dict[str, int] = {}
        self.said: dict[str, tuple[ContactState, str]] = {}

    def wait(self, future: object) -> object:
        async def waiting() -> object:
            return await future()  # type: ignore[operator]
        return self.runner.run(waiting())

    @rule(count=st.integers(1, 3))
    def add(self, count: int) -> None:
        new = [NewContact(f"+4930{self.numbers + one}") for one in range(count)]
        assert self.wait(lambda: self.store.add_contacts(self.name, [*new, *new])) == (count, count)
        for contact in new:
            found = self.wait(lambda number=contact.number: self.store.find_contact(self.name, number))
            self.told[found.id] = Told()  # type: ignore[attr-defined]
        self.numbers += count

    @rule(count=st.integers(1, 4))
    def claim(self, count: int) -> None:
        slots = [Slot(f"{self.name}.{len(self.of_call) + one}", "a1") for one in range(count)]
        attempts = self.wait(lambda: self.store.claim(self.name, slots, intent, now=1.0))
        due = [contact_id for contact_id, told in self.told.items() if told.state in ("due", "waiting")]
        assert len(attempts) == min(count, len(due))  # type: ignore[arg-type]
        for attempt in attempts:  # type: ignore[attr-defined]
            told = self.told[attempt.contact.id]
            assert told.state in ("due", "waiting")
            told.state = "claimed"
            told.calls.append(attempt.call_id)
            self.of_call[attempt.call_id] = attempt.contact.id

    @precondition(lambda self: self.of_call)
    @rule(data=st.data(), verdict=verdicts, times=st.integers(1, 2))
    def settle(self, data: st.DataObject, verdict: tuple[ContactState, str], times: int) -> None:
        call = data.draw(st.sampled_from(sorted(self.of_call)))
        contact_id = self.of_call[call]
        record = self.wait(lambda: self.store.call(call))
        for _ in range(times):
            self.wait(lambda: self.store.settle(
                ended(record, Outcome.BUSY), ContactVerdict(contact_id, verdict[0], 0.0, verdict[1]), []))  # type: ignore[arg-type]
        self.wait(lambda: self.store.save_call(record))  # type: ignore[arg-type]
        if call not in self.told[contact_id].counted:
            self.told[contact_id].settle(call, *self.said.get(call, verdict))

    @precondition(lambda self: self.of_call)
    @rule(data=st.data(), verdict=verdicts, times=st.integers(1, 2))
    def dispose(self, data: st.DataObject, verdict: tuple[ContactState, str], times: int) -> None:
        call = data.draw(st.sampled_from(sorted(self.of_call)))
        contact_id = self.of_call[call]
        for _ in range(times):
            self.wait(lambda: self.store.dispose(
                call, "ann", verdict[1], 1.0, ContactVerdict(contact_id, verdict[0], 0.0, verdict[1])))
            self.wait(lambda: self.store.dispose(call, "ann", "note", 1.0, None))
        self.said[call] = verdict
        if call in self.told[contact_id].counted:
            self.told[contact_id].dispose(call, *verdict)

    @invariant()
    def contacts_stand_as_told(self) -> None:
        with self.store._readers.connect() as connection:
            rows = connection.execute(sa.select(contacts).where(contacts.c.campaign == self.name)).all()
            live = connection.execute(
                sa.select(calls.c.contact_id).where(calls.c.campaign == self.name, calls.c.outcome.is_(None)),
            ).scalars().all()
        assert {row.id: OPEN.get(row.state, row.state) for row in rows} == {
            contact: OPEN.get(told.state, told.state) for contact, told in self.told.items()}
        assert {row.id: row.tries for row in rows} == {
            contact: Counter(told.counted.values()) for contact, told in self.told.items()}
        assert {row.id: row.attempts for row in rows} == {
            contact: len(told.counted) for contact, told in self.told.items()}
        assert sorted(live) == sorted(row.id for row in rows if row.state == "claimed")

    @invariant()
    def tallies_equal_counts(self) -> None:
        with self.store._readers.connect() as connection:
            for kind, column in (("contacts", contacts.c.state), ("outcomes", calls.c.outcome)):
                counted = connection.execute(
                    sa.select(column, sa.func.count()).where(column.table.c.campaign == self.name, column.is_not(None))
                    .group_by(column)).all()
                kept = connection.execute(
                    sa.select(tallies.c.name, tallies.c.count)
                    .where(tallies.c.campaign == self.name, tallies.c.kind == kind, tallies.c.count != 0)).all()
                assert sorted(map(tuple, counted)) == sorted(map(tuple, kept))


@pytest.mark.timeout(100)
def test_no_contact_is_doubled_or_lost(url: str) -> None:
    with asyncio.Runner() as runner:
        store = Store.open(url)
        machine = type("CampaignHere", (Campaign,), {"store": store, "runner": runner})
        try:
            run_state_machine_as_test(machine, settings=settings(  # type: ignore[no-untyped-call]
                max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)))
        finally:
            runner.run(store.close())
