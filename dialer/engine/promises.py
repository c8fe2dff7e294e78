"""Promises as people make, see and change them: `web/desk_port.Callbacks` over the store and the rules."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dialer.campaigns import promises
from dialer.campaigns.schedule import is_on, next_on
from dialer.config.campaign import Campaign
from dialer.engine.live import LiveCall
from dialer.hours import is_open, next_opening
from dialer.numbers import mask
from dialer.store.desk_records import Promise
from dialer.store.errors import StoreError
from dialer.store.records import Contact, ContactVerdict
from dialer.web.desk_port import CallbackView, Wish
from dialer.web.port import RefusedError, UnknownError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

LONGEST_S = 366 * 86_400.0
"""What is promised for later than a year is a slip of the pen."""
ANYONE = "anyone"


class EnginePromises:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    async def promised(self, live: LiveCall, agent: str, code: str, wish: Wish) -> ContactVerdict:
        """What the wish means for the contact of a talk. Raises RefusedError."""
        campaign, contact, store = live.campaign, live.contact, self._engine.store
        assert campaign is not None and contact is not None
        if not campaign.dispositions[code].callback:
            able = ", ".join(name for name, one in campaign.dispositions.items() if one.callback) or "none"
            raise RefusedError(f"{code} promises no call; these do: {able}")
        await self._check(campaign, contact, wish.at, wish.number)
        promise = Promise(contact.id, agent if wish.personal else None, wish.number, agent,
                          self._engine.clock.now(), live.id)  # fmt: skip
        try:
            await store.promise(promise)
        except StoreError as error:
            raise RefusedError(f"the promise could not be stored: {error}") from error
        return promises.promised(contact, wish.at)

    async def _check(self, campaign: Campaign, contact: Contact, at: float, number: str | None) -> None:
        """Whether the person may be called then. Raises RefusedError with the first time that is lawful."""
        engine, now = self._engine, self._engine.clock.now()
        if not now < at < now + LONGEST_S:
            raise RefusedError("a callback lies in the future, by a year at most")
        hours = engine.configuration.hours.get(campaign.hours or "")
        when = datetime.fromtimestamp(at, UTC)
        if hours is not None and not is_open(hours, when):
            opening = next_opening(hours, when)
            possible = _from(None if opening is None else opening.timestamp())
            raise RefusedError(f"{campaign.campaign} is closed then{possible}")
        if campaign.schedule is not None and not is_on(campaign.schedule, at):
            possible = _from(next_on(campaign.schedule, at))
            raise RefusedError(f"the schedule of {campaign.campaign} pauses it then{possible}")
        refusal = await engine.law.ask(campaign, contact, number, at)
        if refusal is not None:
            raise RefusedError(f"{refusal.rule}: {refusal.text}{_from(refusal.until)}")

    # -- those there are ----------------------------------------------------------------------------

    async def listed(self, campaign: str) -> Sequence[CallbackView]:
        self._known(campaign)
        return [
            CallbackView(one.contact_id, campaign, one.at, one.promise.agent, mask(one.number), one.promise.made_by,
                         one.promise.made_at)
            for one in await self._engine.store.callbacks(campaign)
        ]  # fmt: skip

    async def move(self, campaign: str, contact: int, at: float | None, to: str | None) -> None:
        config, store = self._known(campaign), self._engine.store
        found = await store.contact(contact)
        if found is None or found.campaign != campaign:
            raise UnknownError(f"{campaign} has no contact {contact}")
        if to not in (None, ANYONE) and to not in self._engine.configuration.agents:
            raise UnknownError(f"no agent {to}")
        if at is not None:
            await self._check(config, found, at, None)
        agent = None if to == ANYONE else to
        if not await store.move_callback(campaign, contact, at, change_agent=to is not None, agent=agent):
            raise UnknownError(f"nothing is promised to contact {contact}")
        self._engine.callbacks.forget(contact)

    async def cancel(self, campaign: str, contact: int) -> None:
        self._known(campaign)
        if not await self._engine.store.cancel_callback(campaign, contact):
            raise UnknownError(f"nothing is promised to contact {contact}")
        self._engine.callbacks.forget(contact)

    def _known(self, campaign: str) -> Campaign:
        run = self._engine.campaigns.runs.get(campaign)
        if run is None:
            raise UnknownError(f"no campaign {campaign}")
        return run.config


def _from(at: float | None) -> str:
    return "" if at is None else f"; possible from {datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
