"""A contact put in by API while a hundred thousand others are due: how long until it is dialled, through a real
Asterisk. Exits 1 when one of them takes a second.

    python -m bench.live [--due 100000] [--contacts 40]

The campaign dials its list all the while, at 20 calls a second. The time is from before the request until its Originate
leaves, by the clock of one machine.
"""

import argparse
import asyncio
import json
import sys
import time
import urllib.request

from bench.calls import PAUSE_MS, EngineProcess, _root, answering, write_configuration
from demo.plant import Asterisk
from demo.ports import HOST
from dialer.store.store import Store

RATE = 20
EVERY_S = 0.5
MOST_S = 1.0


def put(url: str, number: str) -> None:
    request = urllib.request.Request(
        url, json.dumps({"number": number}).encode(), {"Content-Type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=10):
        pass


async def dialled(url: str, store: Store, contacts: int) -> list[float]:
    """Seconds from each request to its dial."""
    asked: dict[str, float] = {}
    for one in range(contacts):
        number = f"+4930{40_000_000 + one}"
        asked[number] = time.time()
        await asyncio.to_thread(put, url, number)
        await asyncio.sleep(EVERY_S)
    took: dict[str, float] = {}
    deadline = time.monotonic() + 10
    while len(took) < contacts and time.monotonic() < deadline:
        calls = await store.settled_calls(min(asked.values()), campaign="whole")
        took = {call.number: call.dialled_at - asked[call.number] for call in calls
                if call.number in asked and call.dialled_at is not None}
        await asyncio.sleep(0.5)
    return sorted(took.values())


async def run(due: int, contacts: int) -> int:
    plant = Asterisk("main", blocks=4)
    with _root() as root:
        async with plant, answering(plant.trunk_port, PAUSE_MS):
            fastagi, web = plant.ports.at(4), plant.ports.at(5)
            await plant.point_engine(HOST, fastagi)
            write_configuration(root, plant, web, fastagi, RATE, due)
            engine = EngineProcess(root, plant, web)
            await engine.start()
            store = Store.open(f"sqlite:///{root}/dialer.db")
            try:
                while (await store.totals("whole")).contacts["due"] < due:  # noqa: ASYNC110 - the engine reads its list
                    await asyncio.sleep(0.2)
                await engine.ask("/v1/campaigns/whole/start", post=True)
                while not await store.settled_calls(0, campaign="whole"):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
                left = (await store.totals("whole")).contacts["due"]
                took = await dialled(f"http://{HOST}:{web}/v1/campaigns/whole/contacts", store, contacts)
            finally:
                await engine.stop()
                await store.close()
    if len(took) < contacts:
        print(f"{contacts - len(took)} of {contacts} contacts were not dialled")
        return 1
    print(f"{contacts} contacts put in, {left:,} due: dialled after p50 {1000 * took[len(took) // 2]:.0f} ms, "
          f"worst {1000 * took[-1]:.0f} ms")
    return int(took[-1] >= MOST_S)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--due", type=int, default=100_000)
    parser.add_argument("--contacts", type=int, default=40)
    options = parser.parse_args()
    return asyncio.run(run(options.due, options.contacts))


if __name__ == "__main__":
    sys.exit(main())
