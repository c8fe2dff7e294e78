"""A process that imports: `importer.py URL FILE` says how far it is, and the counts as JSON in the last line."""

import asyncio
import json
import sys
from pathlib import Path

from dialer.campaigns.lists import import_list
from dialer.config.campaign import Campaign
from dialer.store.store import Store

WINBACK = Campaign.model_validate(
    {"campaign": "winback", "client": "acme", "mode": "agentless", "flow": "survey", "country": "DE"}
)


async def main(url: str, file: str) -> None:
    store = Store.open(url)
    report = await import_list(store.imports, WINBACK, Path(file), lambda done, total: print(done, total, flush=True))
    print(json.dumps(report.counts() | {"resumed_at": report.resumed_at}))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
