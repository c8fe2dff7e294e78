"""A person taken out of the store: everywhere but in what must be kept, and that without the number."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dialer.store import bulk
from dialer.store.leading import leading
from dialer.store.queries import Transaction, one_by_one
from dialer.store.recordings import erase_of
from dialer.store.records import PREVIEW
from dialer.store.schema import callbacks, calls, consents, contacts, do_not_call, erasures, preview_skips, refusals

ERASED = "erased"
"""Of a contact: why it is done. Begins what stands in place of a number."""


@dataclass(frozen=True, slots=True)
class Order:
    """Whom to erase."""

    numbers: tuple[str, ...]
    """All of the person's, the one that was asked for first."""
    hashes: Mapping[str, str]
    """By number: what a do-not-call list has in its place."""
    client: str | None
    """None: of all clients."""
    campaigns: tuple[str, ...]
    """The client's."""
    at: float
    reason: str
    keep_consents: bool
    """The law wants their proof kept: they stay, revoked and without the number."""
    by: str = ""
    """Who had it done."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was done. It names nobody."""

    id: int
    hash: str
    """Of the number: who knows it and the key can tell that it is theirs."""
    client: str | None
    at: float
    reason: str
    erased: Mapping[str, int]
    kept: Mapping[str, int]
    elsewhere: Sequence[str] = field(default_factory=tuple)
    """What lies outside the store, and what became of it."""
    by: str = ""
    """Who had it done; empty of those before holders of tokens had names."""


def numbers_of_person(connection: sa.Connection, number: str, campaigns: Sequence[str] | None) -> list[str]:
    """The number, and all those of the contacts that have it: of these campaigns, or of all."""
    found = [number]
    for contact in connection.execute(_having(connection, [number], campaigns)).mappings():
        found += [contact["number"], *(contact["others"] or ())]
    return list(dict.fromkeys(found))


def under_way(connection: sa.Connection, numbers: Sequence[str], client: str | None, since: float) -> list[str]:
    """The nodes that have calls with the numbers which are not over, and began since then."""
    clients = leading(connection, calls.c.client) if client is None else [client]
    statement = sa.select(calls.c.node).distinct().where(
        calls.c.client.in_(clients), calls.c.number.in_(numbers), calls.c.created_at >= since,
        calls.c.outcome.is_(None), calls.c.state != PREVIEW)
    return list(connection.execute(statement.order_by(calls.c.node)).scalars())


def _having(connection: sa.Connection, numbers: Sequence[str], campaigns: Sequence[str] | None) -> sa.Select[Any]:
    """Contacts with any of them, first or further. For the latter all those are read that have further numbers."""
    campaigns = leading(connection, contacts.c.campaign) if campaigns is None else campaigns
    others = sa.cast(contacts.c.others, sa.String)
    within = sa.or_(*(others.contains(f'"{number}"', autoescape=True) for number in numbers))
    of_these = sa.select(contacts.c.id).where(contacts.c.campaign.in_(campaigns))
    found = of_these.where(contacts.c.number.in_(numbers)).union(of_these.where(contacts.c.others.is_not(None), within))
    names = ("id", "campaign", "number", "others", "state", "list")
    return sa.select(*(contacts.c[name] for name in names)).where(contacts.c.id.in_(found.scalar_subquery()))


def erased_among(
    connection: sa.Connection, alias: Callable[[str], str], numbers: Sequence[str], client: str
) -> set[str]:
    """Of some hundred numbers those of persons who were erased from the client's calls."""
    names = {alias(number): number for number in numbers}
    return {
        names[row[0]] for scope in ("global", f"client:{client}")
        for row in bulk.among(connection, do_not_call, (do_not_call.c.number,), {"scope": scope}, "number", list(names))
    }


@one_by_one
def erase(tx: Transaction, order: Order) -> Certificate:
    link = tx.connection
    new = link.execute(sa.insert(erasures).values(
        hash=order.hashes[order.numbers[0]], client=order.client, at=order.at, certificate={},
    ).returning(erasures.c.id)).scalar_one()  # fmt: skip
    erased: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    erased["contacts"] = _contacts(tx, order, new, erased)
    erased["recordings"], held = erase_of(tx, order.numbers, order.client, order.at)
    if held:
        kept["recordings"] = held
    kept["calls"] = _calls(tx, order, new)
    kept["do_not_call"] = _stops(tx, order, new)
    (kept if order.keep_consents else erased)["consents"] = _consents(tx, order)
    made = Certificate(new, order.hashes[order.numbers[0]], order.client, order.at, _clean(order.reason, order.numbers),
                       dict(erased), dict(kept), by=order.by)  # fmt: skip
    _save(tx, made)
    return made


@one_by_one
def note(tx: Transaction, made: Certificate) -> None:
    """With what was done outside the store."""
    _save(tx, made)


def _save(tx: Transaction, made: Certificate) -> None:
    body = {"reason": made.reason, "erased": dict(made.erased), "kept": dict(made.kept),
            "elsewhere": list(made.elsewhere), "by": made.by}  # fmt: skip
    tx.connection.execute(sa.update(erasures).where(erasures.c.id == made.id).values(certificate=body))


def _contacts(tx: Transaction, order: Order, new: int, erased: Counter[str]) -> int:
    theirs = _having(tx.connection, order.numbers, order.campaigns if order.client else None)
    rows = tx.connection.execute(theirs).mappings().all()
    ids = [row["id"] for row in rows]
    for row in rows:
        tx.count_contacts(row["campaign"], row["list"], row["state"], "done")
        tx.connection.execute(
            sa.update(contacts).where(contacts.c.id == row["id"])
            .values(number=f"{ERASED}-{new}-{row['id']}", others=[], fields={}, tries={}, timezone=None, turn=0,
                    state="done", result=ERASED)
        )  # fmt: skip
    erased["refusals"] = tx.connection.execute(sa.delete(refusals).where(refusals.c.contact_id.in_(ids))).rowcount
    erased["callbacks"] = tx.connection.execute(sa.delete(callbacks).where(callbacks.c.contact_id.in_(ids))).rowcount
    tx.connection.execute(sa.update(preview_skips).where(preview_skips.c.contact_id.in_(ids)).values(reason=""))
    return len(ids)


def _calls(tx: Transaction, order: Order, new: int) -> int:
    """Calls are billed and counted: they stay, and nobody can tell whose they were."""
    clients = leading(tx.connection, calls.c.client) if order.client is None else [order.client]
    theirs = sa.update(calls).where(calls.c.client.in_(clients), calls.c.number.in_(order.numbers))
    return tx.connection.execute(theirs.values(number=f"{ERASED}-{new}", flow_position=None, debt=None)).rowcount


def _stops(tx: Transaction, order: Order, new: int) -> int:
    """Those that there were, under the numbers' other names; and one that keeps everybody from calling again."""
    scope = "global" if order.client is None else f"client:{order.client}"
    held = [f"client:{order.client}", *(f"campaign:{name}" for name in order.campaigns)]
    for number in order.numbers:
        mine: list[sa.ColumnElement[bool]] = [do_not_call.c.number == number]
        if order.client is not None:
            mine.append(do_not_call.c.scope.in_(held))
        rows = [dict(row) for row in tx.connection.execute(sa.select(do_not_call).where(*mine)).mappings()]
        tx.connection.execute(sa.delete(do_not_call).where(*mine))
        rows.append({"scope": scope, "source": f"erasure {new}", "at": order.at, "until": None})
        for row in rows:
            source = _clean(row["source"], order.numbers)
            tx.upsert(do_not_call, row | {"number": order.hashes[number], "source": source})
    return len(order.numbers)


def _consents(tx: Transaction, order: Order) -> int:
    mine: list[sa.ColumnElement[bool]] = [consents.c.number.in_(order.numbers)]
    if order.client is not None:
        mine.append(consents.c.client == order.client)
    if not order.keep_consents:
        return tx.connection.execute(sa.delete(consents).where(*mine)).rowcount
    rows = tx.connection.execute(sa.select(consents).where(*mine)).mappings().all()
    for row in rows:
        tx.connection.execute(
            sa.update(consents).where(consents.c.id == row["id"])
            .values(number=order.hashes[row["number"]], source=_clean(row["source"], order.numbers),
                    proof=_clean(row["proof"], order.numbers),
                    revoked_at=order.at if row["revoked_at"] is None else row["revoked_at"])
        )  # fmt: skip
    return len(rows)


def _clean(text: str, numbers: Sequence[str]) -> str:
    for number in numbers:
        text = text.replace(number, ERASED).replace(number[1:], ERASED)
    return text


def certificate(connection: sa.Connection, number: int) -> Certificate | None:
    row = connection.execute(sa.select(erasures).where(erasures.c.id == number)).mappings().one_or_none()
    return None if row is None else _certificate(row)


def certificates(connection: sa.Connection, limit: int) -> list[Certificate]:
    """The latest first."""
    rows = connection.execute(sa.select(erasures).order_by(erasures.c.id.desc()).limit(limit)).mappings()
    return [_certificate(row) for row in rows]


def _certificate(row: Mapping[Any, Any]) -> Certificate:
    body = row["certificate"] if isinstance(row["certificate"], dict) else json.loads(row["certificate"])
    return Certificate(row["id"], row["hash"], row["client"], row["at"], body.get("reason", ""), body.get("erased", {}),
                       body.get("kept", {}), tuple(body.get("elsewhere", ())), body.get("by", ""))  # fmt: skip


# -- what a deletion leaves in the file -------------------------------------------------------------------------------


def scrub(connection: sa.Connection) -> None:
    """SQLite: what the write-ahead log still has goes too. Outside of a transaction."""
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]


def compact(connection: sa.Connection) -> None:
    """The file is written anew, without what lay between its rows. Takes as long as the file is large, and nothing is
    written meanwhile. Outside of a transaction."""
    if connection.dialect.name == "sqlite":
        connection.connection.driver_connection.execute("VACUUM")  # type: ignore[union-attr]
        scrub(connection)


class Erasures:
    """Future-returning methods, as `Store`'s."""

    def __init__(self, write: Callable[..., "asyncio.Future[Any]"], read: Callable[..., "asyncio.Future[Any]"]) -> None:
        self._write = write
        self._read = read

    def numbers(self, number: str, campaigns: Sequence[str] | None) -> "asyncio.Future[list[str]]":
        """It, and all those of the contacts that have it: of these campaigns, or of all."""
        return self._read(numbers_of_person, number, campaigns)

    def under_way(self, numbers: Sequence[str], client: str | None, since: float) -> "asyncio.Future[list[str]]":
        """The nodes that have calls with them which are not over, and began since then."""
        return self._read(under_way, numbers, client, since)

    def erase(self, order: Order) -> "asyncio.Future[Certificate]":
        return self._write(erase, order, after=scrub)

    def among(self, alias: Callable[[str], str], numbers: Sequence[str], client: str) -> "asyncio.Future[set[str]]":
        """Of some hundred numbers those that a do-not-call list has under its `alias` for the client: erased."""
        return self._read(erased_among, alias, numbers, client)

    def note(self, made: Certificate) -> "asyncio.Future[None]":
        """With what was done outside the store."""
        return self._write(note, made)

    def compact(self) -> "asyncio.Future[None]":
        """SQLite: the file without what lay between its rows. Nothing is written meanwhile: for a quiet hour."""
        return self._write(_nothing, after=compact)

    def certificate(self, number: int) -> "asyncio.Future[Certificate | None]":
        return self._read(certificate, number)

    def certificates(self, limit: int = 100) -> "asyncio.Future[list[Certificate]]":
        """The latest first."""
        return self._read(certificates, limit)


@one_by_one
def _nothing(_tx: Transaction) -> None:
    pass
