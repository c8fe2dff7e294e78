"""A campaign under another name, on both databases: nothing that is kept by its name is left behind."""

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from store_rows import CAMPAIGN, claimed, ended, intent, numbers, slots

from dialer.calls.outcome import Outcome
from dialer.store import database
from dialer.store.errors import StoreError
from dialer.store.records import ContactVerdict, Stop
from dialer.store.rename import NAMED
from dialer.store.schema import calls, contacts, metadata
from dialer.store.store import Store

NEW = "winback_2027"
FIXED: Mapping[str, Any] = {
    "campaign": CAMPAIGN, "queue": CAMPAIGN, "id": 1, "contact_id": 1, "call_id": "c1", "outcome": "answered",
    "others": None, "import_id": None,
}  # fmt: skip


def value(column: sa.Column[Any]) -> Any:
    if column.name in FIXED and not (column.name == "id" and isinstance(column.type, sa.String)):
        return FIXED[column.name]
    if isinstance(column.type, sa.JSON):
        return {}
    if isinstance(column.type, sa.String):
        return "c1" if column.name == "id" else "x"
    return False if isinstance(column.type, sa.Boolean) else 1


def run(url: str, work: Any) -> Any:
    engine = database.writer_engine(database.parse_url(url))
    with engine.begin() as link:
        found = work(link)
    engine.dispose()
    return found


def fill(link: sa.Connection) -> None:
    """A row of the campaign in every table that knows it."""
    for table in sorted(NAMED, key=lambda table: (table is not contacts, table is not calls)):
        link.execute(sa.insert(table), {column.name: value(column) for column in table.c})
    for name in ("do_not_call", "samples"):
        table = metadata.tables[name]
        row = {column.name: value(column) for column in table.c}
        scope = "scope" if name == "do_not_call" else "rule"
        link.execute(sa.insert(table), row | {scope: f"campaign:{CAMPAIGN}"})


def everything(link: sa.Connection) -> list[str]:
    return [f"{table.name}: {row}" for table in metadata.sorted_tables for row in link.execute(sa.select(table))]


async def renamed(url: str, old: str = CAMPAIGN, new: str = NEW) -> int:
    """As the command does it: nobody else is connected."""
    store = Store.open(url)
    try:
        return await store.renames.rename(old, new)
    finally:
        await store.close()


async def test_nothing_is_left_under_the_old_name(url: str) -> None:
    await Store.open(url).close()
    run(url, fill)
    before = run(url, everything)
    assert len([row for row in before if f"'{CAMPAIGN}'" in row]) == len(NAMED) > 10
    assert await renamed(url) == 1
    after = run(url, everything)
    assert not [row for row in after if f"'{CAMPAIGN}'" in row or f"campaign:{CAMPAIGN}'" in row]
    assert sorted(after) == sorted(row.replace(f"'{CAMPAIGN}'", f"'{NEW}'").replace(
        f"campaign:{CAMPAIGN}'", f"campaign:{NEW}'") for row in before)


async def test_the_list_goes_on_where_it_was(url: str) -> None:
    store = Store.open(url)
    record = await claimed(store)
    assert record.contact_id is not None
    await store.settle(ended(record), ContactVerdict(record.contact_id, "waiting", 5000.0, "no_answer"))
    await store.add_contacts(CAMPAIGN, numbers(3))
    await store.close()
    assert await renamed(url) == 3
    store = Store.open(url)
    totals = await store.totals(NEW)
    assert totals.contacts == {"waiting": 3, "due": 0, "claimed": 0, "done": 0} and totals.outcomes == {"no_answer": 1}
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 0, "due": 0, "claimed": 0, "done": 0}
    contact = await store.contact(record.contact_id)
    assert contact is not None and (contact.campaign, contact.tries) == (NEW, {"no_answer": 1})
    taken = await store.claim(NEW, slots("n1", "n2", "n3"), intent, 1000.0)
    assert sorted(attempt.contact.number for attempt in taken) == ["+493055510001", "+493055510002"]
    await store.close()


async def test_a_name_that_is_taken_unknown_or_in_a_call_is_refused(url: str) -> None:
    store = Store.open(url)
    record = await claimed(store)
    await store.close()
    with pytest.raises(StoreError, match="1 calls of `winback` are not over"):
        await renamed(url)
    store = Store.open(url)
    await store.settle(ended(record, Outcome.BUSY), None)
    await store.add_contacts("spring", numbers(1))
    await store.close()
    with pytest.raises(StoreError, match="`spring` has contacts of its own"):
        await renamed(url, new="spring")
    with pytest.raises(StoreError, match="the store knows no campaign `autumn`"):
        await renamed(url, old="autumn")
    assert await renamed(url) == 1


async def test_of_what_stood_under_the_new_name_the_longer_stop_stays(url: str) -> None:
    store = Store.open(url)
    old, new = f"campaign:{CAMPAIGN}", f"campaign:{NEW}"
    await store.add_contacts(CAMPAIGN, numbers(1))
    await store.save_campaign_status(NEW, "stopped", 1.0)
    await store.save_campaign_status(CAMPAIGN, "running", 2.0)
    stops = {"+491": (None, 5.0), "+492": (5.0, None), "+493": (5.0, 9.0), "+494": (9.0, 5.0)}
    for number, (before, after) in stops.items():
        await store.stop([Stop(old, number, "api", 0.0, before), Stop(new, number, "api", 0.0, after)])
    await store.close()
    await renamed(url)
    store = Store.open(url)
    assert await store.campaign_status(NEW) == "running"
    found = {number: [(stop.scope, stop.until) for stop in await store.stops(number)] for number in stops}
    assert found == {"+491": [(new, None)], "+492": [(new, None)], "+493": [(new, 9.0)], "+494": [(new, 9.0)]}
    await store.close()


@pytest.mark.postgres
async def test_an_engine_that_uses_the_store_keeps_it_from_being_renamed(postgres: Any) -> None:
    url = postgres.create()
    other = Store.open(url)
    await other.add_contacts(CAMPAIGN, numbers(1))
    with pytest.raises(StoreError, match="stop the engine on every node first"):
        await renamed(url)
    await other.close()
    assert await renamed(url) == 1
