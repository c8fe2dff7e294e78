"""Routes about persons: their consents, their erasure; and about our numbers that they see."""

import time
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from dialer.config.purposes import Purpose
from dialer.config.scalars import E164, Name
from dialer.web.person_port import CertificateView, ConsentView, ShownView
from dialer.web.requests import Line, Request
from dialer.web.route import NAME, Ask, Route

NUMBER: Final = r"\+[1-9][0-9]{6,14}"


@dataclass(frozen=True, slots=True)
class Counted:
    count: int


class ConsentRequest(Request):
    client: Name
    number: Annotated[E164, Field(description="With + and the country's code.")]
    purpose: Annotated[Purpose, Field(description="What the client may call for.")]
    source: Annotated[Line, Field(min_length=1, max_length=500, description="Who recorded it: `web form`.")]
    proof: Annotated[Line, Field(min_length=1, max_length=2000, description="What shows it: `form 4711`.")]
    given_at: Annotated[float | None, Field(ge=0, le=1e11, description="Epoch seconds; left out, now.")] = None
    until: Annotated[float | None, Field(ge=0, le=1e11, description="Epoch seconds; left out, until revoked.")] = None
    digest: Annotated[
        str | None, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file that shows it.")
    ] = None


class RevokeRequest(Request):
    client: Name
    number: Annotated[E164, Field(description="With + and the country's code.")]
    purpose: Annotated[Purpose | None, Field(description="Left out, all of them.")] = None


class ErasureRequest(Request):
    number: Annotated[E164, Field(description="One of the person's.")]
    client: Annotated[Name | None, Field(description="In whose calls; left out, in everybody's.")] = None
    reason: Annotated[Line, Field(min_length=1, max_length=500, description="Stands in the certificate.")]


async def _consents(ask: Ask, body: None) -> object:
    return await ask.control.persons.consents(ask.path["number"], None)


async def _consent(ask: Ask, body: ConsentRequest) -> Counted:
    given = ConsentView(body.client, body.purpose, time.time() if body.given_at is None else body.given_at, body.until,
                        None, body.source, body.proof, body.digest)  # fmt: skip
    return Counted(await ask.control.persons.consent(body.number, given))


async def _revoke(ask: Ask, body: RevokeRequest) -> Counted:
    return Counted(await ask.control.persons.revoke(body.client, body.number, body.purpose))


async def _erase(ask: Ask, body: ErasureRequest) -> object:
    return await ask.control.persons.erase(body.number, body.client, body.reason, str(ask.who))


async def _certificate(ask: Ask, body: None) -> object:
    return await ask.control.persons.certificate(int(ask.path["certificate"]))


async def _shown(ask: Ask, body: None) -> object:
    return await ask.control.persons.shown(ask.path["client"])


PERSON_ROUTES: Final = (
    Route("GET", "/v1/consents/{number}", "A person's consents, also those that are over; the latest first.", _consents,
          list[ConsentView], None, {"number": NUMBER}),
    Route("POST", "/v1/consents", "A person consents to a client's calls. Who waited for it is called.", _consent,
          Counted, ConsentRequest, status=201, refusals=(404, 409)),
    Route("DELETE", "/v1/consents", "A consent is revoked: in force at once, also for what is queued or rings.",
          _revoke, Counted, RevokeRequest, refusals=(404, 409)),
    Route("POST", "/v1/erasures", "Erase a person (GDPR art. 17). Living calls are hung up first.", _erase,
          CertificateView, ErasureRequest, status=201, refusals=(404, 409), seconds=120.0),
    Route("GET", "/v1/erasures/{certificate}", "What was erased, and what was kept and why.", _certificate,
          CertificateView, None, {"certificate": "[0-9]{1,15}"}, refusals=(404,)),
    Route("GET", "/v1/clients/{client}/caller-ids", "How often each number in rotation was shown in 30 days, and how "
          "many people answered.", _shown, list[ShownView], None, {"client": NAME}, refusals=(404,)),
)  # fmt: skip
