"""Do-not-call entries between nodes that share a database."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from postgres_server import Server
from store_rows import CAMPAIGN, intent, numbers, slots

from dialer.store.records import Asked, Contact, Stop
from dialer.store.store import Store

pytestmark = pytest.mark.postgres
STOP = Stop("client:acme", "+493055510000", "agent anna", 5.0, 900.0)


@pytest.fixture
async def nodes(postgres: Server) -> AsyncIterator[tuple[Store, Store]]:
    url = postgres.create()
    both = Store.open(url), Store.open(url)
    yield both
    for store in both:
        await store.close()


async def heard_by(store: Store) -> "asyncio.Queue[Stop]":
    heard: asyncio.Queue[Stop] = asyncio.Queue()
    store.on_stop(heard.put_nowait)
    assert store.news is not None
    assert await asyncio.to_thread(store.news.wait, 10.0)
    return heard


async def test_what_one_node_writes_another_hears(nodes: tuple[Store, Store]) -> None:
    a, b = nodes
    heard = await heard_by(b)
    await a.stop([STOP])
    assert await asyncio.wait_for(heard.get(), 10.0) == STOP


async def test_a_stop_between_claim_and_dial_reaches_the_node_that_dials(nodes: tuple[Store, Store]) -> None:
    """The claim has read before it: only the news tells."""
    a, b = nodes
    heard = await heard_by(b)
    await b.add_contacts(CAMPAIGN, numbers(1))

    class Open:
        asked = Asked("acme", CAMPAIGN)

        def __call__(self, contact: Contact, known: object, held: bool) -> None:
            return None

    taken = await b.claim(CAMPAIGN, slots("c1"), intent, 1000.0, Open())
    assert [known.stops for known in taken.known.values()] == [()]
    await a.stop([STOP])
    assert (await asyncio.wait_for(heard.get(), 10.0)).number == taken[0].contact.number


async def test_the_link_is_made_again(nodes: tuple[Store, Store]) -> None:
    a, b = nodes
    heard = await heard_by(b)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN dialer_stops'"
    await a._read(lambda link: link.exec_driver_sql(kill).all())
    while heard.empty():
        await a.stop([STOP])
        await asyncio.sleep(0.05)
    assert await heard.get() == STOP
