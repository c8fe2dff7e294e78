"""The law at work: what campaigns may claim, asked again at the instant of dialling; and who just said stop."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from dialer.calls import events as ev
from dialer.calls.model import IN_THE_AIR
from dialer.compliance.check import Rules
from dialer.compliance.gate import Gate, Register, Statute
from dialer.config.campaign import Campaign
from dialer.config.configuration import Configuration
from dialer.engine.live import LiveCall
from dialer.erasure import asked_of
from dialer.pseudonyms import Pseudonyms
from dialer.registers import FOLDER, Registers
from dialer.store.records import Asked, CallRecord, Contact, Known, Refusal, Stop

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

KEPT_S = 60.0
"""How long a stop is remembered here after it is on disk: longer than any claim that was decided without it takes."""


def statute_of(configuration: Configuration, before: Mapping[str, Rules] = MappingProxyType({})) -> Statute:
    """Packs of `before` that are gone stay known by name: a campaign may still go by one while it ends."""
    packs = {name: Rules.of(pack) for name, pack in configuration.rules.items()}
    return Statute.of(packs, before, configuration.campaigns)


def numbers_of(live: LiveCall) -> tuple[str, ...]:
    """All numbers of the person of a call: who wants no more calls says so, not the number that was dialled."""
    contact = live.contact
    return tuple(dict.fromkeys((live.seed.number, *((contact.number, *contact.numbers) if contact else ()))))


def scopes_of(call: CallRecord) -> tuple[str, ...]:
    """Whose do-not-call lists hold for it."""
    return ("global", f"client:{call.client}", f"campaign:{call.campaign}")


@dataclass(frozen=True, slots=True)
class Later:
    """A register as it will be when it goes on being imported as often as now."""

    register: Register
    ahead_s: float

    @property
    def imported_at(self) -> float:
        return self.register.imported_at + self.ahead_s

    def holds(self, number: str) -> bool:
        return self.register.holds(number)


class Law:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._registers = Registers(engine.configuration.root / FOLDER)
        self.pseudonyms = Pseudonyms(engine.configuration.root)
        self._stops: dict[tuple[str, str], Stop] = {}
        """By number and scope: said to this engine a moment ago, so that a claim may not know of it."""
        self._statute = statute_of(engine.configuration)
        engine.store.on_stop(lambda stop: engine.post(lambda: self._heard(stop)))

    def take(self) -> None:
        """The configuration changed."""
        self._statute = statute_of(self._engine.configuration, self._statute.by_name)

    def gate(self, campaign: Campaign, now: float) -> Gate:
        registers = self._registers.some(self._statute.registers_of(campaign))
        gate = self._statute.gate(campaign, registers, now, self.pseudonyms.alias)
        engine, client = self._engine, campaign.client
        engaged = engine.calls.engaged(client) | engine.reconciler.engaged(client)
        return replace(gate, engaged=engaged, node=engine.configuration.plant.node, shared=engine.store.shared)

    def recheck(self, gate: Gate, contact: Contact, known: Known, held: bool) -> Refusal | None:
        """At the instant of dialling: with the time it is now, and what was said meanwhile. `held`: an agent is."""
        scopes = ("global", f"client:{gate.campaign.client}", f"campaign:{contact.campaign}")
        said = tuple(stop for scope in scopes if (stop := self._stops.get((contact.number, scope))) is not None)
        return gate(contact, replace(known, stops=(*known.stops, *said)), held)

    async def ask(self, campaign: Campaign, contact: Contact, number: str | None, at: float) -> Refusal | None:
        """Whether the contact may be called at that time, as far as is known now; at `number`, in place of its own."""
        gate = replace(self.gate(campaign, at), engaged=frozenset(), node=None)  # that call is over by then
        ahead = at - self._engine.clock.now()  # and registers are as fresh as they are now
        gate = replace(gate, registers={name: Later(one, ahead) for name, one in gate.registers.items()})
        asked = contact if number is None else replace(contact, number=number)
        known = await self._engine.store.known(gate.asked, asked)
        return self.recheck(gate, asked, known, held=True)

    async def erased(self, client: str, *numbers: str) -> bool:
        """The person was, from the client's calls: the numbers are not to be stored again."""
        return bool(await asked_of(self._engine.store.erasures, self.pseudonyms, client)(numbers))

    def stop(self, stops: Sequence[Stop]) -> "asyncio.Future[None]":
        """In force when this returns, also for what rings already; on disk when the future is done."""
        for stop in stops:
            self._stops[stop.number, stop.scope] = stop
            self._take_back(stop)
        future = self._engine.store.stop(stops)
        future.add_done_callback(lambda done: self._stored(stops, done))
        return future

    def revoked(self, client: str, number: str) -> None:
        """A consent ended: what was claimed by it is not dialled, and what rings is taken back."""
        brief = Stop(f"client:{client}", number, "consent revoked", now := self._engine.clock.now(), now + KEPT_S)
        self._heard(brief)

    def _heard(self, stop: Stop) -> None:
        """Written by a node, on disk: a claim of ours may have read before it."""
        if (stop.number, stop.scope) not in self._stops:
            self._stops[stop.number, stop.scope] = stop
            self._take_back(stop)
            self._engine.clock.call_later(KEPT_S, self._forget, [stop])

    def adopted(self, live: LiveCall) -> None:
        """A dial of an earlier life that rings yet: what was said while nobody listened holds for it."""
        asked = Asked(live.seed.client, live.seed.campaign or "", alias=self.pseudonyms.alias)
        contact = live.contact or Contact(0, asked.campaign, live.seed.number, {}, "claimed", 0, {}, 0.0)
        known = self._engine.store.known(asked, replace(contact, number=live.seed.number))
        known.add_done_callback(lambda done: self._engine.post(lambda: self._stopped_before(live, done)))

    def _stopped_before(self, live: LiveCall, done: "asyncio.Future[Known]") -> None:
        if done.cancelled() or done.exception() is not None:
            return  # the store's health says so
        now = self._engine.clock.now()
        for stop in (*self._stops.values(), *done.result().stops):
            if stop.until is None or stop.until > now:
                self._take_back(stop)

    def _take_back(self, stop: Stop) -> None:
        """Dials at the number that nobody has answered yet."""
        now = self._engine.clock.now()
        for live in list(self._engine.calls):
            seed = live.seed
            if seed.number == stop.number and live.call.state in IN_THE_AIR and stop.scope in scopes_of(seed):
                self._engine.post(ev.HangupRequested(live.id, now, "do_not_call"))

    def _stored(self, stops: Sequence[Stop], done: "asyncio.Future[None]") -> None:
        if done.cancelled() or (error := done.exception()) is not None:
            log.error("a do-not-call entry could not be written and holds until the engine ends: %s",
                      "cancelled" if done.cancelled() else error)  # fmt: skip
            return
        self._engine.clock.call_later(KEPT_S, self._forget, stops)

    def _forget(self, stops: Sequence[Stop]) -> None:
        for stop in stops:
            if self._stops.get((stop.number, stop.scope)) is stop:
                del self._stops[stop.number, stop.scope]
