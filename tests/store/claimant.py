"""An engine that only claims. `claimant.py URL NODE COUNT` prints every call and contact once they are claimed, COUNT
at a time, and ends when there is none left (COUNT 0: five at a time, and it goes on until it is killed). It says
`ready` when its store is open, and begins when it is given a line."""

import asyncio
import sys

from store_rows import CAMPAIGN, intent

from dialer.store.records import Slot
from dialer.store.store import Store


async def main(url: str, node: str, count: int) -> None:
    store = Store.open(url)
    print("ready", flush=True)
    sys.stdin.readline()
    number = 0
    while True:
        slots = [Slot(f"{node}.{number + one}", "a1") for one in range(count or 5)]
        batches = [store.claim(CAMPAIGN, [slot], intent, now=1e9) for slot in slots]
        number += len(slots)
        attempts = [attempt for batch in await asyncio.gather(*batches) for attempt in batch]
        for attempt in attempts:
            print(attempt.call_id, attempt.contact.id)
        sys.stdout.flush()
        if not attempts and count:
            break
    await store.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
