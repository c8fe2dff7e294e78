"""Consents out of a CSV file: a row a person, each with its time and its proof."""

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dialer.campaigns.phones import NoCountry, Rejected, read_number
from dialer.store.records import Consent

NEEDED = ("number", "given_at", "proof")
KNOWN = (*NEEDED, "until", "source", "purpose")


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for rows that do not say it themselves."""

    client: str
    purpose: str
    source: str
    country: str | None
    digest: str
    now: float


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that is no consent."""

    line: int
    reason: str
    cells: tuple[str, ...]


class ConsentFileError(Exception):
    """The file cannot be read as a whole; the text says what would be right."""


def digest_of(path: Path) -> str:
    """SHA-256. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, terms: Terms) -> Iterator[Consent | Unread]:
    """Raises ConsentFileError for a heading without the columns that are needed, OSError."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        sample = file.readline()
        file.seek(0)
        rows = csv.reader(file, delimiter=";" if sample.count(";") > sample.count(",") else ",")
        heading = [cell.strip().lower() for cell in next(rows, [])]
        missing = [name for name in NEEDED if name not in heading]
        if missing:
            raise ConsentFileError(f"{path}:1: no column {', '.join(missing)}; known columns: {', '.join(KNOWN)}")
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield _read(rows.line_num, dict(zip(heading, cells, strict=False)), tuple(cells), terms)


def _read(line: int, row: dict[str, str], cells: tuple[str, ...], terms: Terms) -> Consent | Unread:
    try:
        given_at, proof = _moment(row.get("given_at", "")), row.get("proof", "").strip()
        if given_at is None:
            raise ValueError("given_at is empty; write a date: 2026-11-22")
        if given_at > terms.now:
            raise ValueError("given in the future")
        if not proof:
            raise ValueError("no proof: what shows the consent?")
        purpose = row.get("purpose", "").strip() or terms.purpose
        if purpose not in ("advertising", "service", "debt", "research"):
            raise ValueError(f"there is no purpose {purpose!r}; advertising, service, debt or research")
        number = read_number(row.get("number", ""), terms.country)
        return Consent(terms.client, number, purpose, given_at, _moment(row.get("until", "")), None,
                       row.get("source", "").strip() or terms.source, proof, terms.digest)  # fmt: skip
    except NoCountry:
        return Unread(line, "the number lacks its country code: write it with +, or import with --country DE", cells)
    except (ValueError, Rejected) as fault:
        return Unread(line, str(fault), cells)


def _moment(text: str) -> float | None:
    """Epoch seconds of an ISO date or moment; without a zone, of UTC. None for an empty cell."""
    if not (text := text.strip()):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no date; write 2026-11-22 or 2026-11-22T14:30+01:00") from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
