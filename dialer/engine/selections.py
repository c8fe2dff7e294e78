"""Lists whose filter or order was changed: their contacts are looked through again, while they are dialled.

A claim asks the filter as well, so nobody is called whom it leaves out, however long this takes.
"""

import logging
from functools import partial
from typing import TYPE_CHECKING

from dialer.campaigns.selection import selected
from dialer.config.lists import ContactList
from dialer.store.errors import StoreError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)


def selection_of(source: ContactList) -> str:
    """Filter and order as they are written."""
    return f"{source.where or ''}\n{source.order or ''}"


async def apply_selections(engine: "Engine") -> None:
    """Of every campaign. What could not be done is done at the next start or reload."""
    for name, campaign in list(engine.configuration.campaigns.items()):
        try:
            standing = await engine.store.rounds.selections(name)
            for source in campaign.sources:
                wanted = selection_of(source)
                if standing.get(source.name, "\n") == wanted:
                    continue
                count = await engine.store.rounds.reselect(name, source.name, wanted, partial(selected, source))
                log.info("list %s: %d contacts stand otherwise by its filter and order", source.name, count,
                         extra={"campaign": name})  # fmt: skip
                engine.campaigns.contact_added(name)
        except StoreError as error:
            log.error("a changed filter or order waits for the next reload: %s", error, extra={"campaign": name})
