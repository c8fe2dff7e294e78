"""Importing a campaign's list of contacts from a CSV file, whoever wrote it.

Reading and checking run in a thread, a batch at a time; the store's answer to a batch is awaited before the next is
read: memory and the writer's queue stay bounded, and the event loop is never held.
"""

import asyncio
import csv
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from dialer.campaigns.contacts import Header, ListError, read_contact, read_header
from dialer.campaigns.phones import Rejected
from dialer.campaigns.rows import Row, Rows, Scan, scan
from dialer.config.campaign import Campaign
from dialer.store.records import NewContact

BATCH = 1000
_REMEMBERED = 1_000_000
"""Numbers of this list kept to name the rows that repeat one; beyond, the store still refuses to have one twice."""
_POLITE = 10
"""Rows (0.8 ms) between two chances for the event loop."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""


class ContactStore(Protocol):
    """The part of the store that a list goes into."""

    def add_contacts(self, campaign: str, contacts: Sequence[NewContact]) -> Awaitable[tuple[int, int]]:
        """How many were inserted, and how many the campaign had already."""
        ...


@dataclass(frozen=True, slots=True)
class ListReport:
    """What came of an import. Every row that is not empty is counted in exactly one of the three."""

    imported: int
    duplicates: int
    """Of numbers earlier in the list, or in the campaign already."""
    rejected: int
    reasons: Mapping[str, int]
    """Of the rejected rows."""
    rejected_file: Path | None
    rejected_fault: str
    """Why the rejected rows could not be written down, if so: a read-only directory keeps no list out."""
    encoding: str
    delimiter: str
    digest: str

    @property
    def rows(self) -> int:
        return self.imported + self.duplicates + self.rejected

    def counts(self) -> dict[str, int]:
        return {"imported": self.imported, "duplicates": self.duplicates, "rejected": self.rejected}


async def import_list(
    store: ContactStore, campaign: Campaign, path: Path, progress: Progress | None = None
) -> ListReport:
    """Import `path` into `campaign`; rejected rows go to `NAME.rejected.csv` beside it, with line and reason.

    Raises ListError when the file as a whole is no list. May be repeated: what is there already is a duplicate.
    """
    found = await asyncio.to_thread(scan, path)
    reading = await asyncio.to_thread(_Reading, path, found, campaign.country)
    imported = duplicates = 0
    try:
        while (batch := await asyncio.to_thread(reading.batch)) is not None:
            if batch:
                inserted, known = await store.add_contacts(campaign.campaign, batch)
                imported, duplicates = imported + inserted, duplicates + known
            if progress is not None:
                progress(min(reading.rows.bytes_read, found.size), found.size)
    finally:
        await asyncio.to_thread(reading.close)
    return reading.report(imported, duplicates)


class _Reading:
    """One pass over a list, in a thread."""

    def __init__(self, path: Path, found: Scan, country: str | None) -> None:
        self._found, self._country = found, country
        self._seen: set[int] = set()
        self._repeated = 0
        self._rejects = _Rejects(path.with_name(f"{path.stem}.rejected.csv"))
        self.rows = Rows(path, found.encoding)
        self._rest = iter(self.rows)
        try:
            self._header = self._read_header(path)
        except ListError:
            self.rows.close()
            raise

    def batch(self) -> list[NewContact] | None:
        """The next contacts; None at the end of the file. Empty when all of many rows were rejected."""
        contacts: list[NewContact] = []
        for count, row in enumerate(self._rest, start=1):
            contact = self._contact(row)
            if contact is not None:
                contacts.append(contact)
            if count >= BATCH:
                return contacts
            if count % _POLITE == 0:
                time.sleep(0)  # the interpreter's lock goes to the loop now, not after its 5 ms
        return contacts or None

    def close(self) -> None:
        self.rows.close()
        self._rejects.close()

    def report(self, imported: int, duplicates: int) -> ListReport:
        rejects = self._rejects
        return ListReport(
            imported, duplicates + self._repeated, rejects.count, dict(rejects.reasons),
            rejects.path if rejects.count and not rejects.fault else None, rejects.fault,
            self._found.encoding, self.rows.delimiter, self._found.digest,
        )  # fmt: skip

    def _read_header(self, path: Path) -> Header:
        first = next(self._rest, None)
        if first is None:
            raise ListError(f"{path}: the file has no rows")
        try:
            if first.fault:
                raise ListError(first.fault)
            return read_header(first.cells)
        except ListError as fault:
            raise ListError(f"{path}:{first.line}: {fault}") from None

    def _contact(self, row: Row) -> NewContact | None:
        try:
            if row.fault:
                raise Rejected(row.fault)
            contact = read_contact(self._header, row.cells, self._country)
        except Rejected as fault:
            number = row.cells[self._header.number] if len(row.cells) > self._header.number else ""
            self._rejects.add(row.line, str(fault), number)
            return None
        digits = int(contact.number[1:])
        if digits in self._seen:
            self._repeated += 1
            return None
        if len(self._seen) < _REMEMBERED:
            self._seen.add(digits)
        return contact


class _Rejects:
    """`NAME.rejected.csv`: written when there is something to write; one of an earlier import goes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.reasons: Counter[str] = Counter()
        self.fault = ""
        self._file: IO[str] | None = None
        with suppress(OSError):
            path.unlink(missing_ok=True)

    def add(self, line: int, reason: str, number: str) -> None:
        self.count += 1
        self.reasons[reason] += 1
        if self.fault:
            return
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8", newline="")
                csv.writer(self._file).writerow(("line", "reason", "number"))
            csv.writer(self._file).writerow((line, reason, _harmless(number)))
        except OSError as fault:
            self._failed(fault)

    def close(self) -> None:
        try:
            if self._file is not None:
                self._file.close()
        except OSError as fault:
            self._failed(fault)

    def _failed(self, fault: OSError) -> None:
        self.fault = f"{self.path}: {fault.strerror or fault}"


def _harmless(cell: str) -> str:
    """Short, printable, and no formula for the spreadsheet that opens it."""
    plain = "".join(char if char.isprintable() else "�" for char in cell[:64])
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
