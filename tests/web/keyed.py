"""The real server with holders of tokens, and a request for each of its operations."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from dialer.config.access import Holder, Role
from dialer.config.access_checks import digest_of
from dialer.metrics import Metrics

PATH = {"agent": "anna", "call": "node1-abc-1", "campaign": "winback", "verb": "pause", "contact": "7",
        "number": "%2B4930231250123", "certificate": "7", "client": "acme", "test": "hotline",
        "recording": "main-1.2-18c", "sale": "s-1"}  # fmt: skip
PERSON = {"client": "acme", "number": "+4930231250123"}
BODIES: dict[str, Any] = {
    "dial": {"campaign": "winback", "number": "+4930231250123"}, "disposition": {"disposition": "sale"},
    "contacts": {"number": "+4930231250123"}, "import": {"path": "a.csv"}, "recycle": {"results": ["busy"]},
    "sales": {"amount": "49.90"}, "score": {"score": 90}, "card": {"points": {"greeting": 5}},
    "hold": {"reason": "claim"}, "delete": {"reason": "asked for"}, "do-not-call": {**PERSON, "scope": "client:acme"},
    "erasures": PERSON | {"reason": "letter"}, "{campaign}": {"mode": "power"},
    "{contact}": {"to": "anyone"},
}  # fmt: skip
BODIES["do-not-call"].pop("client")


@dataclass
class Keyed:
    holders: tuple[Holder, ...]
    session: aiohttp.ClientSession
    metrics: Metrics

    async def ask(self, holder: str, operation: str) -> tuple[int, bytes]:
        method, _, pattern = operation.partition(" ")
        last = pattern.rpartition("/")[2]
        body = BODIES.get(last, {}) if method in ("POST", "PATCH") else None
        if last == "consents":
            body = PERSON | ({"purpose": "service", "source": "form", "proof": "4711"} if method == "POST" else {})
        query = {"client": "acme"} if last == "service" else None
        async with self.session.request(
            method, pattern.format(**PATH), json=body, params=query, headers=bearing(holder)
        ) as answer:
            text = await (answer.content.readany() if last == "stream" else answer.read())
        return answer.status, text


def bearing(holder: str) -> dict[str, str]:
    return {"Authorization": f"Bearer token-of-{holder}"}


def held(name: str, role: Role, clients: frozenset[str] | None = None, **more: Any) -> Holder:
    return Holder(name, role, clients, digest=digest_of(f"token-of-{name}"), **more)
