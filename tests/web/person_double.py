"""Persons' rights without an engine."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dialer.web.person_port import CertificateView, ConsentView, Kept, ShownView

CONSENT = ConsentView("acme", "advertising", 5.0, None, None, "web form", "form 4711", None)
CERTIFICATE = CertificateView(7, "#abc", "acme", 9.0, "letter", {"contacts": 1}, (Kept("calls", 2, "billing"),), ())


class People:
    def __init__(self, orders: list[tuple[object, ...]]) -> None:
        self._orders = orders

    def _done(self, *order: Any) -> None:
        self._orders.append(order)

    async def consents(self, number: str, client: str | None) -> Sequence[ConsentView]:
        return [CONSENT]

    async def consent(self, number: str, consent: ConsentView) -> int:
        self._done("consent", number, consent.client, consent.purpose, consent.proof)
        return 1

    async def revoke(self, client: str, number: str, purpose: str | None) -> int:
        self._done("revoke", client, number, purpose)
        return 1

    async def erase(self, number: str, client: str | None, reason: str, by: str = "") -> CertificateView:
        self._done("erase", number, client, reason)
        return replace(CERTIFICATE, client=client or CERTIFICATE.client, by=by)

    async def certificate(self, number: int) -> CertificateView:
        return CERTIFICATE

    async def shown(self, client: str) -> Sequence[ShownView]:
        return [] if client == "globex" else [ShownView("+493023125001", 100, 21, 4)]
