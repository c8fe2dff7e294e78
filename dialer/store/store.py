"""The store as the engine sees it: methods that return a future at once. `writer.py` says what may make them fail.

A read sees every write whose future was done before; one that is still on its way it may or may not see.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, Self, TypeVar

import psycopg
import sqlalchemy as sa

from dialer.store import callbacks, claims, consent, database, detections, law, overrides, picks, queries, reads
from dialer.store.audit import AuditBook
from dialer.store.books import Books
from dialer.store.claims import Gate, Mix, alphabetical
from dialer.store.desk_records import Callback, Detected, Promise, Skip
from dialer.store.erasure import Erasures
from dialer.store.errors import StoreError
from dialer.store.imports import Imports
from dialer.store.invoices import Invoices
from dialer.store.news import News
from dialer.store.outcomes import ListReads
from dialer.store.people import People
from dialer.store.queries import Query
from dialer.store.recordings import RecordingBook
from dialer.store.records import (
    AgentSession,
    AgentSpan,
    Asked,
    CallRecord,
    CampaignTotals,
    Claimed,
    Consent,
    Contact,
    ContactState,
    ContactVerdict,
    Known,
    NewContact,
    Override,
    Picked,
    Refusal,
    Slot,
    Stop,
    Talk,
)
from dialer.store.rename import Renames
from dialer.store.reprieve import Reprieves
from dialer.store.rounds import Rounds
from dialer.store.scores import ScoreBook
from dialer.store.service import ServiceReads
from dialer.store.shown import ShownBook
from dialer.store.test_calls import TestCalls
from dialer.store.voice import VoiceBook
from dialer.store.writer import Job, Observe, Writer

__all__ = ["Store", "StoreError"]

READERS = 2
READS = 1_000
"""How many reads may be waiting."""

T = TypeVar("T")
Future = asyncio.Future


class Store:
    """Use from one event loop's thread; open it with `Store.open`."""

    def __init__(self, writer: Writer, readers: sa.Engine, resources: ExitStack) -> None:
        self._writer = writer
        self._readers = readers
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._reading = 0
        self._resources = resources
        self.news: News | None = None
        """Where several nodes may share the store."""
        self.imports, self.rounds = Imports(self._write, self._read), Rounds(self._write, self._read)
        self.audit = AuditBook(self._write, self._read)
        self.reprieves = Reprieves(self._write)
        self.renames = Renames(self._write)
        self.lists = ListReads(self._read)
        self.books = Books(self._write, self._read)
        self.people = People(self._write, self._read)
        self.erasures = Erasures(self._write, self._read)
        self.shown = ShownBook(self._write, self._read)
        self.voice = VoiceBook(self._write, self._read)
        self.recordings = RecordingBook(self._write, self._read)
        self.scores = ScoreBook(self._write, self._read)
        self.service = ServiceReads(self._read)
        self.test_calls = TestCalls(self._write, self._read)
        self.invoices = Invoices(self._write, self._read)

    @classmethod
    def open(cls, url: str, password: str | None = None, upgrade: bool = True) -> Self:
        """Makes the tables or, with `upgrade`, updates them, and starts the writer. Blocks meanwhile: call it before
        there is traffic. Raises StoreError saying what to do."""
        parsed = database.parse_url(url, password)
        with ExitStack() as resources:
            engine = database.writer_engine(parsed)
            turn = resources.enter_context(database.turns(parsed))
            database.migrate(engine, turn, upgrade)
            news = News(database.writer_engine(parsed))
            resources.callback(news.close)
            store = cls(Writer(engine, turn), database.reader_engine(parsed, READERS), resources.pop_all())
            store.news = news
            return store

    async def close(self) -> None:
        """Writes what is queued. Later calls fail."""
        await asyncio.to_thread(self._pool.shutdown)
        self._readers.dispose()
        await self._writer.close()
        self._resources.close()

    def on_stop(self, heard: Callable[[Stop], None]) -> None:
        """Have do-not-call entries told that any node writes, this one among them. On the loop's thread."""
        loop = asyncio.get_running_loop()

        def tell(stop: Stop) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(heard, stop)

        if self.news is not None:
            self.news.listen(tell)

    def on_commit(self, observe: Observe) -> None:
        """Have every commit told: seconds, writes in it, whether it waited for the disk. On the writer's thread."""
        self._writer.observe = observe

    def health(self) -> str:
        """`up`, or why not."""
        return self._writer.health()

    @property
    def waiting(self) -> int:
        """Writes not yet on disk; `writer.CAPACITY` is the most there may be."""
        return self._writer.waiting

    @property
    def shared(self) -> bool:
        """Whether other engines may use it as well."""
        return self._readers.dialect.name == "postgresql"

    # -- contacts -----------------------------------------------------------------------------------------------------

    def claim(
        self, campaign: str, slots: Sequence[Slot], record: Callable[[Slot, Contact, Known], CallRecord], now: float,
        gate: Gate | None = None, mix: Mix = alphabetical,
    ) -> "Future[Claimed]":
        """At most one due contact a slot, from the list that `mix` says, by rank, those due longest first; with each
        its call, on disk when the future is done. No other engine gets them. `record`, `gate` and `mix` run on the
        writer's thread and may run twice: they must be pure.
        Contacts that the gate refuses are put off or ended, and the refusal is kept. A future that
        fails or is cancelled has claimed nothing in the end."""
        return self._write(claims.claim, campaign, slots, record, now, gate, mix, rows=len(slots),
                           claimed=[slot.call_id for slot in slots])

    def refuse(self, call_id: str, refusal: Refusal) -> "Future[None]":
        """Takes back a claim that a rule forbids at the instant of dialling: not counted, and the refusal is kept."""
        return self._write(claims.refuse, call_id, refusal, fact=True)

    def pick(
        self, campaign: str, who: int | str, slot: Slot, record: Callable[[Slot, Contact, Known], CallRecord],
        now: float, gate: Gate, state: ContactState | None = None, number: str | None = None,
    ) -> "Future[Picked]":
        """As `claim`, for one certain contact: by its id, or by a number, which becomes a contact if it is none. In
        this state only, if one is given; at `number`, in place of its own."""
        return self._write(picks.pick, campaign, who, slot, record, now, gate, state, number, claimed=[slot.call_id])

    def promise(self, made: Promise) -> "Future[None]":
        """Who is called back, by whom. When, the verdict says that comes with it (`dispose`)."""
        return self._write(callbacks.promise, made, fact=True)

    def callbacks_coming(
        self, campaigns: Sequence[str], until: float, most: int
    ) -> "Future[list[Callback]]":
        """Those due by then, at most so many of each campaign."""
        return self._read(callbacks.coming, campaigns, until, most)

    def callbacks(self, campaign: str, most: int = 1000) -> "Future[list[Callback]]":
        """The earliest first."""
        return self._read(callbacks.of_campaign, campaign, most)

    def keeping(self, call_ids: Sequence[str]) -> "Future[list[str]]":
        """Of these calls those that are to keep a promise."""
        return self._read(callbacks.keeping, call_ids)

    def move_callback(
        self, campaign: str, contact_id: int, at: float | None = None, *, change_agent: bool = False,
        agent: str | None = None,
    ) -> "Future[bool]":
        """False when nothing is promised to the contact."""
        return self._write(callbacks.move, campaign, contact_id, at, change_agent, agent)

    def cancel_callback(self, campaign: str, contact_id: int) -> "Future[bool]":
        """The contact is done. False when nothing is promised to it."""
        return self._write(callbacks.cancel, campaign, contact_id)

    def begin(self, slot: Slot, contact: Contact, now: float, gate: Gate) -> "Future[Picked]":
        """A contact that was shown to an agent is about to be dialled; where a rule forbids it, its claim is taken
        back."""
        return self._write(picks.begin, slot.call_id, contact, slot, now, gate, claimed=[slot.call_id])

    def put_back(self, call_id: str, until: float | None = None, skip: Skip | None = None) -> "Future[None]":
        """Gives up a claim that was not dialled."""
        return self._write(picks.put_back, call_id, until, skip, fact=True)

    def skips(self, since: float) -> "Future[list[Skip]]":
        return self._read(picks.skips_since, since)

    def add_contacts(self, campaign: str, contacts: Sequence[NewContact]) -> "Future[tuple[int, int]]":
        """How many were inserted, and how many numbers the campaign had already. Give some hundred at a time."""
        return self._write(queries.add_contacts, campaign, contacts, rows=len(contacts))

    def contact(self, contact_id: int) -> "Future[Contact | None]":
        return self._read(reads.contact, contact_id)

    def find_contact(self, campaign: str, number: str) -> "Future[Contact | None]":
        return self._read(reads.contact_by_number, campaign, number)

    def next_due_at(self, campaign: str) -> "Future[float | None]":
        """When the earliest due contact may be called; None if none is due ever."""
        return self._read(reads.next_due_at, campaign)

    def outlook(self, campaign: str) -> "Future[tuple[float | None, bool]]":
        """When the earliest due contact may be called, and whether somebody is promised a call."""
        return self._read(
            lambda link: (reads.next_due_at(link, campaign), callbacks.waiting(link, campaign) > 0)
        )

    def totals(self, campaign: str) -> "Future[CampaignTotals]":
        """From counters kept with every write: cheap at any size."""
        return self._read(reads.totals, campaign)

    # -- who may not be called ----------------------------------------------------------------------------------------

    def stop(self, stops: Sequence[Stop]) -> "Future[None]":
        """Puts numbers on do-not-call lists, in place of what stood there."""
        return self._write(claims.add_stops, stops, fact=True, rows=len(stops))

    def unstop(self, scope: str, number: str) -> "Future[bool]":
        """Takes a number off a do-not-call list; False when it was not on it."""
        return self._write(claims.remove_stop, scope, number)

    def stops(self, number: str) -> "Future[list[Stop]]":
        """The do-not-call lists it is on."""
        return self._read(law.stops_of, number)

    def known(self, asked: Asked, contact: Contact) -> "Future[Known]":
        """What a claim would know of the contact."""
        return self._read(lambda link: law.known(link, asked, [contact])[contact.id])

    def add_consents(self, given: Sequence[Consent]) -> "Future[int]":
        """How many were new. Give some hundred at a time."""
        return self._write(consent.add, given, rows=len(given))

    def revoke_consents(self, client: str, number: str, purpose: str | None, at: float) -> "Future[int]":
        """How many ended; of every purpose when none is named."""
        return self._write(consent.revoke, client, number, purpose, at)

    def wake_consented(
        self, numbers: Collection[str], campaigns: Collection[str], at: float,
    ) -> "Future[list[str]]":
        """Contacts that a missing consent put off are due at once. The campaigns that have one."""
        return self._write(consent.wake, numbers, campaigns, at)

    def consents(self, number: str, client: str | None = None) -> "Future[list[Consent]]":
        """Also those that are over; the latest first."""
        return self._read(consent.of_number, number, client)

    def refusals(self, contact_id: int, limit: int = 10) -> "Future[list[Refusal]]":
        """The latest first."""
        return self._read(law.refusals_of, contact_id, limit)

    def calls_of(self, contact_id: int, limit: int = 10) -> "Future[list[tuple[float, str | None, str | None]]]":
        """When, outcome and disposition of the contact's calls, the latest first."""
        return self._read(law.calls_of, contact_id, limit)

    # -- calls --------------------------------------------------------------------------------------------------------

    def save_call(self, record: CallRecord) -> "Future[None]":
        """Inserts or updates a living call. Its outcome is not written, and a settled call stays as it is."""
        return self._write(queries.save_calls, record, durable=False, fact=True)

    def settle(
        self, record: CallRecord, verdict: ContactVerdict | None, talks: Sequence[Talk] = (),
    ) -> "Future[None]":
        """The call's final word; a second one changes nothing. The verdict is applied to the contact once: one more
        attempt, one more try for its reason. If the call was disposed of with a verdict, that one counts instead."""
        return self._write(queries.settle, record, verdict, talks, fact=True)

    def dispose(
        self, call_id: str, agent: str, code: str, at: float, verdict: ContactVerdict | None, refused: bool = False,
    ) -> "Future[None]":
        """What the agent said came of the call: overrides the settle's verdict, before it or after. It never takes a
        contact away from a later attempt, but a final verdict makes that attempt the last. `refused`: the person did
        not want the call. Fails if there is no such call."""
        return self._write(queries.dispose, call_id, agent, code, at, verdict, refused, fact=True)

    def call(self, call_id: str) -> "Future[CallRecord | None]":
        return self._read(reads.call, call_id)

    def open_calls(self, node: str) -> "Future[list[CallRecord]]":
        """Those of the node that are not settled."""
        return self._read(reads.open_calls, node)

    def settled_calls(
        self, since: float, until: float | None = None, campaign: str | None = None,
    ) -> "Future[list[CallRecord]]":
        """By the time they ended (or the last known of them), `since` included, `until` not; all in memory."""
        return self._read(reads.settled_calls, since, until, campaign)

    def talks(self, since: float, until: float | None = None) -> "Future[list[Talk]]":
        """By the time they ended."""
        return self._read(reads.talks_since, since, until)

    # -- agents and campaigns -----------------------------------------------------------------------------------------

    def save_span(self, span: AgentSpan) -> "Future[None]":
        return self._write(queries.save_spans, span, durable=False, fact=True)

    def spans(self, since: float, until: float | None = None) -> "Future[list[AgentSpan]]":
        """By the time they ended."""
        return self._read(reads.spans_since, since, until)

    def save_session(self, session: AgentSession) -> "Future[None]":
        return self._write(queries.save_session, session, durable=False, fact=True)

    def drop_session(self, agent: str) -> "Future[None]":
        return self._write(queries.drop_session, agent, durable=False, fact=True)

    def sessions(self) -> "Future[list[AgentSession]]":
        return self._read(reads.sessions)

    def campaign_status(self, campaign: str) -> "Future[str | None]":
        return self._read(reads.status_of, campaign)

    def campaign_status_since(self, campaign: str) -> "Future[tuple[str, float] | None]":
        """And since when."""
        return self._read(reads.status_since, campaign)

    def save_campaign_status(self, campaign: str, status: str, at: float) -> "Future[None]":
        return self._write(queries.save_campaign_status, campaign, status, at, fact=True)

    def detected(self, found: Detected) -> "Future[None]":
        """What an agent found where machine detection had said something."""
        return self._write(detections.save, found, durable=False, fact=True)

    def detections(self, since: float) -> "Future[list[tuple[str, bool, bool, int]]]":
        """Campaign, said and was a machine, and how often."""
        return self._read(detections.since, since)

    def overrides(self) -> "Future[list[Override]]":
        """What was changed of campaigns while they ran."""
        return self._read(overrides.all_of)

    def save_overrides(self, these: Sequence[Override]) -> "Future[None]":
        return self._write(overrides.save, these)

    def undo_overrides(self, these: Sequence[Override], before: Sequence[Override]) -> "Future[None]":
        """What stood in their place before `these` stands there again."""
        return self._write(overrides.undo, these, before, fact=True)

    def drop_overrides(self, these: Sequence[Override]) -> "Future[None]":
        return self._write(overrides.drop, these, fact=True)

    # -- how ----------------------------------------------------------------------------------------------------------

    def _write(
        self, query: Query, *args: Any, durable: bool = True, fact: bool = False, rows: int = 1,
        claimed: Sequence[str] = (), after: Callable[[sa.Connection], None] | None = None,
    ) -> "Future[Any]":
        return self._writer.submit(Job(query, args, durable, fact, rows, claimed, after))

    def _read(self, query: Callable[..., T], *args: Any) -> "Future[T]":
        loop = asyncio.get_running_loop()
        if self._reading >= READS:
            refused: Future[T] = loop.create_future()
            refused.set_exception(StoreError(f"{READS} reads are waiting for the database"))
            return refused
        self._reading += 1
        future = loop.run_in_executor(self._pool, partial(self._query, query, *args))
        future.add_done_callback(self._read_done)
        return future

    def _read_done(self, _future: "Future[Any]") -> None:
        self._reading -= 1

    def _query(self, query: Callable[..., T], *args: Any) -> T:
        try:
            with self._readers.connect() as connection:
                return query(connection, *args)
        except (sa.exc.SQLAlchemyError, psycopg.Error) as error:  # `direct.run` asks past SQLAlchemy
            raise StoreError(database.explain(error)) from error
