"""Persons' rights at work: consents given and ended, and persons erased."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dialer import erasure
from dialer.calls import events as ev
from dialer.compliance.gate import TALKS_AT_MOST_S
from dialer.store.erasure import Certificate, Order
from dialer.store.errors import StoreError
from dialer.store.records import Consent, Stop
from dialer.web.person_port import CertificateView, ConsentView, Kept, ShownView
from dialer.web.port import RefusedError, UnknownError

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

HANGUP_S = 10.0
"""How long living calls of a person who is to be erased may take to end."""
LOOK_S = 0.05


class EnginePersons:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    # -- consents -----------------------------------------------------------------------------------

    async def consents(self, number: str, client: str | None) -> Sequence[ConsentView]:
        return [
            ConsentView(one.client, one.purpose, one.given_at, one.until, one.revoked_at, one.source, one.proof,
                        one.digest)
            for one in await self._engine.store.consents(number, client)
        ]  # fmt: skip

    async def consent(self, number: str, consent: ConsentView) -> int:
        self._known(consent.client)
        now = self._engine.clock.now()
        if consent.given_at > now:
            raise RefusedError("a consent cannot have been given in the future")
        given = Consent(consent.client, number, consent.purpose, consent.given_at, consent.until, None, consent.source,
                        consent.proof, consent.digest)  # fmt: skip
        try:
            added = await self._engine.store.add_consents([given])
            campaigns = erasure.campaigns_of(self._engine.configuration, consent.client)
            for campaign in await self._engine.store.wake_consented([number], campaigns, now):
                self._engine.campaigns.contact_added(campaign)
        except StoreError as error:
            raise RefusedError(f"the consent could not be stored: {error}") from error
        return added

    async def revoke(self, client: str, number: str, purpose: str | None) -> int:
        """Nothing may be dialled by a consent that a claim has read a moment ago: what rings is taken back."""
        self._known(client)
        try:
            ended = await self._engine.store.revoke_consents(client, number, purpose, self._engine.clock.now())
        except StoreError as error:
            raise RefusedError(f"not revoked: {error}") from error
        self._engine.law.revoked(client, number)
        return ended

    def _known(self, client: str) -> None:
        if client not in self._engine.configuration.clients:
            raise UnknownError(f"no client {client}")

    # -- erasure ------------------------------------------------------------------------------------

    async def erase(self, number: str, client: str | None, reason: str, by: str = "") -> CertificateView:
        engine = self._engine
        if client is not None:
            self._known(client)
        campaigns = erasure.campaigns_of(engine.configuration, client)
        try:
            numbers = await engine.store.erasures.numbers(number, None if client is None else campaigns)
            await self._quiet(numbers, client)
            name = engine.law.pseudonyms.needed()
            made = await engine.store.erasures.erase(Order(
                numbers=tuple(numbers), hashes={one: name(one) for one in numbers}, client=client,
                campaigns=campaigns, at=engine.clock.now(), reason=reason,
                keep_consents=erasure.keeps_consents(engine.configuration, number), by=by,
            ))  # fmt: skip
            gone, said = await asyncio.to_thread(erasure.clean_files, engine.configuration, client, numbers)
            said += await engine.recording_keeper.remove(made.at)
            made = replace(made, erased={**made.erased, "rows of reports": gone}, elsewhere=tuple(said))
            await engine.store.erasures.note(made)
        except (StoreError, OSError) as error:
            raise RefusedError(f"not erased, or not wholly: {error}; ask again") from error
        engine.floor.forget(numbers)
        log.info("a person was erased: certificate %d", made.id)
        return view(made)

    async def _quiet(self, numbers: Sequence[str], client: str | None) -> None:
        """Nobody calls them any more, and nobody talks with them. Raises RefusedError."""
        engine, now = self._engine, self._engine.clock.now()
        scope = "global" if client is None else f"client:{client}"
        await engine.law.stop([Stop(scope, number, "erasure", now) for number in numbers])
        engine.campaigns.previews.forget(numbers, client)
        for live in list(engine.calls):
            if live.seed.number in numbers and client in (None, live.seed.client):
                engine.post(ev.HangupRequested(live.id, now, "erasure"))
        looks = round(HANGUP_S / LOOK_S)
        while looks and (self._alive(numbers, client) or engine.calls.unwritten):
            looks -= 1
            await asyncio.sleep(LOOK_S)
        if self._alive(numbers, client):
            raise RefusedError("a call with the person does not end; hang it up, and ask again")
        # It would be written with the number again when it ends: another node's, or one of an earlier life.
        if nodes := await engine.store.erasures.under_way(numbers, client, now - TALKS_AT_MOST_S):
            raise RefusedError(f"a call with the person is under way on {', '.join(nodes)}; ask again when it is over")

    def _alive(self, numbers: Sequence[str], client: str | None) -> bool:
        return any(live.seed.number in numbers and client in (None, live.seed.client) for live in self._engine.calls)

    async def certificate(self, number: int) -> CertificateView:
        found = await self._engine.store.erasures.certificate(number)
        if found is None:
            raise UnknownError(f"no certificate {number}")
        return view(found)

    # -- the numbers they see -----------------------------------------------------------------------

    async def shown(self, client: str) -> Sequence[ShownView]:
        self._known(client)
        await self._engine.shown_numbers.refresh()
        return self._engine.shown_numbers.view(client)


def view(made: Certificate) -> CertificateView:
    kept = tuple(Kept(what, count, erasure.WHY_KEPT[what]) for what, count in made.kept.items())
    return CertificateView(made.id, made.hash, made.client, made.at, made.reason, dict(made.erased), kept,
                           tuple(made.elsewhere), made.by)  # fmt: skip
