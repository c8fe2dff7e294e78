"""Importing a campaign's lists from CSV files and workbooks, whoever wrote them.

Reading and checking run in a thread, a batch at a time, while the store writes the batch before: memory and the
writer's queue stay bounded, and the event loop is never held. With each batch the store keeps how far the file has
come: an import that was cut off, by whatever, goes on there. What was written but not yet told of in the report is
read once more, and the store knows those rows as its own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from dialer.campaigns.apart import RowsApart
from dialer.campaigns.contacts import ListError, Reader, read_header
from dialer.campaigns.phones import Rejected
from dialer.campaigns.report import Note, Report, report_path
from dialer.campaigns.rows import WORKBOOK, Row, Rows, Scan, scan
from dialer.config.campaign import Campaign
from dialer.config.lists import MAIN, ContactList
from dialer.store.imports import Chunk
from dialer.store.list_records import Import, Progress, Standing
from dialer.store.records import NewContact

BATCH = 1000
_POLITE = 50
"""Rows (0.5 ms) between two chances for the event loop."""

Step = Callable[[int, int], None]
"""Bytes done, bytes in all."""
Erased = Callable[[Sequence[str]], Awaitable[Collection[str]]]
"""Of some numbers those of persons who were erased: no list brings them back."""
ERASED = "the person was erased"


class ImportStore(Protocol):
    """The part of the store that lists go into: `store.imports.Imports`."""

    def begin(
        self, campaign: str, name: str, path: str, digest: str, at: float, holder: str
    ) -> Awaitable[Import]: ...
    def add(self, chunk: Chunk) -> Awaitable[Mapping[int, Standing]]: ...
    def finish(self, import_id: int, holder: str, progress: Progress, at: float) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class ListReport:
    """What came of an import."""

    progress: Progress
    resumed_at: int
    """The line that it went on behind; 0: it began anew."""
    reasons: Mapping[str, int]
    """Of the rows rejected since it began or went on."""
    report: Path | None
    """Rows that became no contact, and why."""
    report_fault: str
    """Why that could not be written down, if so."""
    encoding: str
    delimiter: str
    digest: str

    def counts(self) -> dict[str, int]:
        return self.progress.counts()


async def import_list(
    store: ImportStore, campaign: Campaign, path: Path, step: Step | None = None, *,
    source: ContactList | None = None, rivals: Sequence[str] = (), erased: Erased | None = None,
) -> ListReport:
    """Read `path` into a list of `campaign`: as `source` describes it, or into its main list. Numbers that `rivals`,
    campaigns of the same client, have already are left out. `report.py` writes down what became no contact.

    Raises ListError when the file as a whole is no list. May be repeated: what is there already is known.
    """
    source = source or ContactList(name=MAIN, file=str(path))
    found = await asyncio.to_thread(scan, path, source.encoding)
    reading = await asyncio.to_thread(_Reading, path, found, source, campaign)
    try:
        holder = token_hex(8)
        begun = await store.begin(campaign.campaign, source.name, str(path), found.digest, time.time(), holder)
        work = _Import(store, campaign.campaign, tuple(rivals), begun.id, holder, reading, erased)
        resumed_at = await asyncio.to_thread(work.resume, begun.progress)
        await work.run(step)
        await store.finish(begun.id, holder, work.progress, time.time())
    finally:
        await asyncio.to_thread(reading.close)
    return ListReport(
        work.progress, resumed_at, dict(reading.report.reasons), reading.report.written, reading.report.fault,
        found.encoding, reading.rows.delimiter, found.digest,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Batch:
    contacts: list[NewContact]
    lines: list[int]
    notes: list[Note]
    rejected: int
    """Of the notes."""
    end: int
    """The last line of it."""
    bytes_read: int


@dataclass(slots=True)
class _Import:
    store: ImportStore
    campaign: str
    rivals: tuple[str, ...]
    id: int
    holder: str
    reading: "_Reading"
    erased: Erased | None
    progress: Progress = field(default_factory=Progress)

    def resume(self, progress: Progress) -> int:
        """Behind which line it goes on. From the beginning when the report is not there any more: the store knows the
        rows that it has."""
        if self.reading.report.resume(progress.report_bytes):
            self.progress = progress
        else:
            self.reading.report.resume(0)
        self.reading.skip(self.progress.line)
        return self.progress.line

    async def run(self, step: Step | None) -> None:
        upcoming = self._read()
        try:
            while (batch := await upcoming) is not None:
                upcoming = self._read()
                batch = await self._without_erased(batch)
                chunk = Chunk(
                    self.id, self.holder, self.campaign, batch.contacts, batch.lines, self.progress, self.rivals
                )
                there = await self.store.add(chunk) if batch.contacts else {}
                await asyncio.to_thread(self._count, batch, there)
                if step is not None:
                    step(min(batch.bytes_read, self.reading.size), self.reading.size)
        finally:
            await asyncio.gather(upcoming, return_exceptions=True)  # the thread reads until it is through

    async def _without_erased(self, batch: _Batch) -> _Batch:
        """One number is enough: whose it is, the others are too. The report does not name it."""
        if self.erased is None or not batch.contacts:
            return batch
        gone = await self.erased([number for new in batch.contacts for number in (new.number, *new.others)])
        if not gone:
            return batch
        rows = list(zip(batch.contacts, batch.lines, strict=True))
        kept = [(new, line) for new, line in rows if not {new.number, *new.others} & set(gone)]
        lines = {line for _, line in rows} - {line for _, line in kept}
        return replace(
            batch, contacts=[new for new, _ in kept], lines=[line for _, line in kept],
            notes=[*(note for note in batch.notes if note.line not in lines),
                   *(Note(line, "rejected", ERASED, "") for line in lines)],
            rejected=batch.rejected + len(lines),
        )  # fmt: skip

    def _read(self) -> "asyncio.Future[_Batch | None]":
        return asyncio.ensure_future(asyncio.to_thread(self.reading.batch))

    def _count(self, batch: _Batch, there: Mapping[int, Standing]) -> None:
        notes, known = batch.notes, 0
        for place, standing in there.items():
            line, own = batch.lines[place], batch.contacts[place]
            if (standing.campaign, standing.list) == (self.campaign, own.list) and standing.import_id != self.id:
                known += 1
            else:
                notes.append(Note(line, "duplicate", self._where(standing), own.number))
        notes.sort()
        before = self.progress
        self.progress = replace(
            before, line=batch.end, report_bytes=self.reading.report.add(notes),
            imported=before.imported + len(batch.contacts) - len(there), known=before.known + known,
            duplicates=before.duplicates + len(there) - known, rejected=before.rejected + batch.rejected,
        )  # fmt: skip

    def _where(self, standing: Standing) -> str:
        if standing.import_id == self.id:
            return f"stands in line {standing.line}"
        line = "" if standing.line is None else f", line {standing.line} of its file"
        name = f"in the list {standing.list}{line}" if standing.list else "as a contact put in by itself"
        return f"stands {name}" + ("" if standing.campaign == self.campaign else f" (campaign {standing.campaign})")


class _Reading:
    """One pass over a list, in a thread."""

    def __init__(self, path: Path, found: Scan, source: ContactList, campaign: Campaign) -> None:
        self.size = found.size
        self.report = Report(report_path(path, campaign.campaign))
        self.rows = _rows(path, found, source)
        self._rest: Iterator[Row] = iter(self.rows)
        try:
            self._reader = self._read_header(path, source, campaign.country)
        except ListError:
            self.rows.close()
            raise

    def skip(self, line: int) -> None:
        """Rows up to this one are done."""
        if line:
            self._rest = (row for row in self._rest if row.line > line)

    def batch(self) -> _Batch | None:
        """The next rows; None at the end of the file."""
        batch = _Batch([], [], [], 0, 0, 0)
        rejected = end = 0
        for count, row in enumerate(islice(self._rest, BATCH), start=1):
            end = row.line
            try:
                if row.fault:
                    raise Rejected(row.fault)
                contact = self._reader.contact(row.cells)
            except Rejected as fault:
                rejected += 1
                place = self._reader.header.number
                number = row.cells[place] if len(row.cells) > place else ""
                batch.notes.append(Note(row.line, "rejected", str(fault), number))
            else:
                batch.contacts.append(contact)
                batch.lines.append(row.line)
                batch.notes.extend(Note(row.line, "left_out", *why) for why in self._reader.left_out)
            if count % _POLITE == 0:
                time.sleep(0)  # the interpreter's lock goes to the loop now, not after its 5 ms
        return replace(batch, rejected=rejected, end=end, bytes_read=self.rows.bytes_read) if end else None

    def close(self) -> None:
        self.rows.close()
        self.report.close()

    def _read_header(self, path: Path, source: ContactList, country: str | None) -> Reader:
        first = next(self._rest, None)
        if first is None:
            raise ListError(f"{path}: the file has no rows")
        try:
            if first.fault:
                raise ListError(first.fault)
            return Reader(read_header(first.cells, source.map), source, country)
        except ListError as fault:
            raise ListError(f"{path}:{first.line}: {fault}") from None


def _rows(path: Path, found: Scan, source: ContactList) -> Rows | RowsApart:
    return RowsApart(path, source.sheet) if found.encoding == WORKBOOK else Rows(path, found, source.delimiter)
