"""The running month rated in a process of its own. What to rate comes in, pickled by the engine that started it: by the
configuration in force, not by files that are just being changed. What was found goes out as JSON.
"""

import asyncio
import json
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dialer.billing.forecast import Fees
from dialer.billing.rating import Agreement
from dialer.bookkeeping import agreement_of, fees_of
from dialer.config.configuration import Configuration
from dialer.config.models import Store as Settings
from dialer.fee_report import as_json
from dialer.store.errors import StoreError
from dialer.terminal import store_at


@dataclass(frozen=True, slots=True)
class Order:
    """Rate this month by these agreements."""

    root: Path
    store: Settings
    agreements: Sequence[Agreement]


def order_of(configuration: Configuration) -> Order:
    return Order(
        configuration.root, configuration.plant.store,
        [agreement_of(client) for client in configuration.clients.values() if client.contract])


async def carry_out(order: Order, now: float) -> list[Fees]:
    """Raises StoreError."""
    store = store_at(order.store, order.root)
    try:
        return [await fees_of(store, agreement, now) for agreement in order.agreements]
    finally:
        await store.close()


def main() -> None:
    """From stdin to stdout."""
    order: Order = pickle.load(sys.stdin.buffer)
    try:
        found = asyncio.run(carry_out(order, time.time()))
    except StoreError as fault:
        sys.exit(str(fault))
    json.dump([as_json(one) for one in found], sys.stdout)
