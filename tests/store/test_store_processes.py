"""Several engines at one database, and engines that die."""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

from store_rows import CAMPAIGN, numbers

from dialer.store.store import Store

HERE = Path(__file__).parent


async def claimant(url: str, node: str, count: int) -> asyncio.subprocess.Process:
    """A process that has its store open and begins when it is given a line."""
    places = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "claimant.py"), url, node, str(count), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": places},
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def test_two_engines_never_claim_the_same_contact(url: str) -> None:
    """Two processes, that meet on the same rows at every claim."""
    store = Store.open(url)
    await store.add_contacts(CAMPAIGN, numbers(600))
    engines = [await claimant(url, node, 3) for node in ("a", "b")]
    told = await asyncio.gather(*(engine.communicate(b"go\n") for engine in engines))
    lines = [said.decode().splitlines() for said, _ in told]
    assert [engine.returncode for engine in engines] == [0, 0]
    contacts = Counter(line.split()[1] for line in lines[0] + lines[1])
    assert (len(contacts), max(contacts.values())) == (600, 1)
    assert min(len(lines[0]), len(lines[1])) > 0, "they did not meet"
    assert (await store.totals(CAMPAIGN)).contacts == {"waiting": 0, "due": 0, "claimed": 600, "done": 0}
    assert len(await store.open_calls("node1")) == 600
    await store.close()


async def test_after_sigkill_every_acknowledged_claim_is_there_and_none_is_half(url: str) -> None:
    store = Store.open(url)
    await store.add_contacts(CAMPAIGN, numbers(9999))
    await store.close()
    engine = await claimant(url, "a", 0)
    assert engine.stdin is not None
    assert engine.stdout is not None
    engine.stdin.write(b"go\n")
    told = [await engine.stdout.readline() for _ in range(100)]
    engine.kill()
    told += (await engine.stdout.read()).splitlines(keepends=True)
    await engine.wait()
    acknowledged = dict(line.decode().split() for line in told if line.endswith(b"\n"))

    store = Store.open(url)
    on_disk = {call.id: call.contact_id for call in await store.open_calls("node1")}
    assert {call: int(contact) for call, contact in acknowledged.items()}.items() <= on_disk.items()
    for contact_id in on_disk.values():
        assert contact_id is not None
        contact = await store.contact(contact_id)
        assert contact is not None
        assert contact.state == "claimed"
    assert len(set(on_disk.values())) == len(on_disk)
    left = (await store.totals(CAMPAIGN)).contacts
    assert left["waiting"] + left["due"] == 9999 - len(on_disk)
    assert (left["claimed"], left["done"]) == (len(on_disk), 0)
    await store.close()
