"""What the engine wrote, read beside it; and Asterisk's own record to hold it against."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from demo.cdr import CdrRow
from demo.witness import compare, legs
from dialer.store import database, law, reads, recordings
from dialer.store.records import AgentSession, AgentSpan, CallRecord, CampaignTotals, Contact, Stop, Talk

DISPOSITIONS = {"busy": "BUSY", "no_answer": "NO ANSWER", "congestion": "CONGESTION", "answered": "ANSWERED"}
"""Outbound outcomes that Asterisk has a word of its own for."""


class Ledger:
    """The store of an engine that runs, or ran."""

    def __init__(self, url: str) -> None:
        self._engine = database.reader_engine(database.parse_url(url), 1)

    def close(self) -> None:
        self._engine.dispose()

    def _read(self, query: Any, *args: Any) -> Any:
        with self._engine.connect() as connection:
            return query(connection, *args)

    def settled(self, since: float = 0.0) -> list[CallRecord]:
        """The calls that began after `since` and are over, in the order they ended."""
        rows: list[CallRecord] = self._read(reads.settled_calls, since, None, None)
        return [row for row in rows if row.created_at >= since]

    def open(self, node: str = "lab") -> list[CallRecord]:
        return list(self._read(reads.open_calls, node))

    def call(self, call_id: str) -> CallRecord | None:
        found: CallRecord | None = self._read(reads.call, call_id)
        return found

    def talks(self, call_id: str) -> list[Talk]:
        return [talk for talk in self._read(reads.talks_since, 0.0, None) if talk.call_id == call_id]

    def spans(self, agent: str, since: float = 0.0) -> list[AgentSpan]:
        return [span for span in self._read(reads.spans_since, since, None) if span.agent == agent]

    def contact(self, campaign: str, number: str) -> Contact:
        found: Contact | None = self._read(reads.contact_by_number, campaign, number)
        assert found is not None, f"{campaign} has no {number}"
        return found

    def recordings(self, since: float) -> list[recordings.RecordingRow]:
        found: list[recordings.RecordingRow] = self._read(recordings.found, recordings.Sought(since, since + 86_400))
        return found

    def stops(self, number: str) -> list[Stop]:
        """The do-not-call lists it is on."""
        return list(self._read(law.stops_of, number))

    def totals(self, campaign: str) -> CampaignTotals:
        totals: CampaignTotals = self._read(reads.totals, campaign)
        return totals

    def sessions(self) -> list[AgentSession]:
        return list(self._read(reads.sessions))

    def claimed(self) -> int:
        """Contacts held by an attempt."""
        with self._engine.connect() as connection:
            query = sa.text("SELECT count(*) FROM contacts WHERE state = 'claimed'")
            return int(connection.execute(query).scalar_one())


def differences(calls: Iterable[CallRecord], rows: Iterable[CdrRow], since: float) -> list[str]:
    """Where the engine's record and Asterisk's disagree: a call that only one of them has, times that are more than
    a second apart, another end than Asterisk's. The legs that a flow dialled belong to their caller's call."""
    calls, rows = list(calls), [row for row in rows if row["start"] >= since]
    by_id = {row["uniqueid"]: row for row in rows}
    ours = {call.id for call in calls}
    dialled = {row["uniqueid"] for row in rows if row["uniqueid"] not in ours and row["linkedid"] in ours}
    report = compare(calls, legs(row for row in rows if row["uniqueid"] not in dialled))
    said = [f"{found['call']}: {found['what']}" for found in report["differences"]]
    for call in calls:
        word = DISPOSITIONS.get(str(call.outcome)) if call.direction == "outbound" else None
        row = by_id.get(call.id)
        if word and row and row["disposition"] != word:
            said.append(f"{call.id}: {call.outcome} for the engine, {row['disposition']} for Asterisk")
    return said
