"""Rates the running month again and again, in a process of its own: a million calls take half a minute of a core, and
no call may wait for that (`fee_rating.py`). It goes by the configuration in force, whatever becomes of the files
meanwhile.
"""

import asyncio
import json
import logging
import pickle

from dialer.engine.core import Engine
from dialer.fee_rating import Order, order_of
from dialer.fee_report import of_json
from dialer.processes import asked

log = logging.getLogger(__name__)

EVERY_S = 60.0
PART = 20
"""Of what a rating takes, so many times the wait until the next: rating takes at most a twentieth of a core."""
LONGEST_S = 1800.0
_COMMAND = "import os; os.nice(10); from dialer.fee_rating import main; main()"
"""The calls go first."""


class FeeMeter:
    def __init__(self, engine: Engine, every_s: float = EVERY_S) -> None:
        self._engine = engine
        self._every_s = every_s

    async def run(self) -> None:
        """Until it is cancelled. A rating that fails is told, and what was found before stays."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            order = order_of(self._engine.configuration)
            if order.agreements:
                await self._once(order)
            await asyncio.sleep(max(self._every_s, PART * (loop.time() - began)))

    async def _once(self, order: Order) -> None:
        try:
            async with asyncio.timeout(LONGEST_S):
                told = await asked(_COMMAND, pickle.dumps(order))
            found = [of_json(one) for one in json.loads(told)]
        except (OSError, TimeoutError, ValueError, KeyError, TypeError, ArithmeticError) as error:
            log.error("the month's fees could not be rated: %s", error)
            return
        self._engine.fees.take(found)
