"""Books November 2026 of acme and dies in the middle: SIGKILL while the given posting is written, before its commit, or
after it.

    python bookkeeper.py URL POSTING before|after
"""

import asyncio
import os
import signal
import sys
from typing import Any

from test_store_books import AGREEMENT, NOVEMBER

from dialer import bookkeeping
from dialer.store import books
from dialer.store.store import Store

URL, POSTING, WHEN = sys.argv[1], int(sys.argv[2]), sys.argv[3]
bookkeeping.PAGE = 3
written = 0
post = books.post


def deadly(tx: Any, many: Any) -> Any:
    """On the writer's thread, within the transaction."""
    global written
    done = post(tx, many)
    written += 1
    if written == POSTING and WHEN == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    return done


async def main() -> None:
    store = Store.open(URL)
    commit = store.books.post

    async def committed(*given: Any) -> int:
        added = await commit(*given)
        if written == POSTING:
            os.kill(os.getpid(), signal.SIGKILL)
        return added

    store.books.post = committed  # type: ignore[method-assign,assignment]
    await bookkeeping.book(store, AGREEMENT, NOVEMBER)


books.post = deadly
asyncio.run(main())
