"""Who may do what: the rights of each role, and for each operation of the API the right it needs and how its client is
known. Pure. What does not stand here is allowed to nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from dialer.config.access import LOCAL, OPERATOR, Holder, Role


class Right(StrEnum):
    KNOW = "know"
    """What the API is."""
    SEE = "see"
    """Campaigns, living calls, queues, figures."""
    FLOOR = "floor"
    """All agents at once."""
    DESK = "desk"
    """What an agent does: its state, its calls."""
    STEER = "steer"
    """Campaigns started and changed, callbacks moved, calls hung up."""
    LISTS = "lists"
    """Contacts, do-not-call lists, consents."""
    HEAR = "hear"
    """Recordings, samples and their scores."""
    JUDGE = "judge"
    """Score cards, holds of recordings, test calls."""
    FEES = "fees"
    """What the month costs, and its forecast."""
    BOOK = "book"
    """Sales and scores that go into the ledger."""
    ERASE = "erase"
    """Persons and recordings."""
    RUN = "run"
    """The engine itself: its configuration, and who gave which order."""
    SCRAPE = "scrape"
    """Prometheus' page."""


ROLES: Final[Mapping[Role, frozenset[Right]]] = {
    "operator": frozenset(Right),
    "supervisor": frozenset({Right.KNOW, Right.SEE, Right.FLOOR, Right.DESK, Right.STEER, Right.LISTS, Right.HEAR,
                             Right.JUDGE}),
    "agent": frozenset({Right.KNOW, Right.DESK}),
    "accountant": frozenset({Right.KNOW, Right.SEE, Right.FEES, Right.BOOK}),
    "client": frozenset({Right.KNOW, Right.SEE, Right.FEES, Right.HEAR}),
    "metrics": frozenset({Right.KNOW, Right.SCRAPE}),
}  # fmt: skip

Whose: TypeAlias = Literal[
    "plant", "nobody", "listed", "answer", "client", "campaign", "agent", "call", "recording", "test", "test_call",
    "client_asked", "client_told", "scope_told", "file_told", "figure",
]  # fmt: skip
"""How the client is known. `plant`: it concerns all. `nobody`: it concerns none. `listed`: of what comes out only the
holder's own is left. `answer`: what comes out says it. `client` to `test_call`: of the thing that the path names.
`client_asked`: the query says `client`. `client_told`: the body does. `scope_told`: the body's `scope` does.
`file_told`: of the path's campaign, where the body names a file of its own; other files of the host may be anybody's.
`figure`: the query names a client, a campaign, a queue or an agent."""


@dataclass(frozen=True, slots=True)
class Need:
    right: Right
    whose: Whose


NEEDS: Final[Mapping[str, Need]] = {
    "GET /metrics": Need(Right.SCRAPE, "listed"),
    "GET /v1/openapi.json": Need(Right.KNOW, "nobody"),
    "GET /v1/stream": Need(Right.SEE, "listed"),
    "GET /v1/agents": Need(Right.FLOOR, "listed"),
    "GET /v1/agents/{agent}": Need(Right.DESK, "agent"),
    "POST /v1/agents/{agent}/{verb}": Need(Right.DESK, "agent"),
    "POST /v1/agents/{agent}/disposition": Need(Right.DESK, "agent"),
    "POST /v1/agents/{agent}/dial": Need(Right.DESK, "agent"),
    "POST /v1/agents/{agent}/preview/accept": Need(Right.DESK, "agent"),
    "POST /v1/agents/{agent}/preview/skip": Need(Right.DESK, "agent"),
    "GET /v1/calls": Need(Right.SEE, "listed"),
    "GET /v1/calls/{call}/quality": Need(Right.SEE, "call"),
    "DELETE /v1/calls/{call}": Need(Right.STEER, "call"),
    "POST /v1/calls/{call}/sales": Need(Right.BOOK, "call"),
    "DELETE /v1/calls/{call}/sales/{sale}": Need(Right.BOOK, "call"),
    "POST /v1/calls/{call}/score": Need(Right.BOOK, "call"),
    "GET /v1/campaigns": Need(Right.SEE, "listed"),
    "PATCH /v1/campaigns/{campaign}": Need(Right.STEER, "campaign"),
    "POST /v1/campaigns/{campaign}/{verb}": Need(Right.STEER, "campaign"),
    "POST /v1/campaigns/{campaign}/recycle": Need(Right.STEER, "campaign"),
    "DELETE /v1/campaigns/{campaign}/overrides": Need(Right.STEER, "campaign"),
    "GET /v1/campaigns/{campaign}/callbacks": Need(Right.STEER, "campaign"),
    "PATCH /v1/campaigns/{campaign}/callbacks/{contact}": Need(Right.STEER, "campaign"),
    "DELETE /v1/campaigns/{campaign}/callbacks/{contact}": Need(Right.STEER, "campaign"),
    "POST /v1/campaigns/{campaign}/contacts": Need(Right.LISTS, "campaign"),
    "POST /v1/campaigns/{campaign}/import": Need(Right.LISTS, "file_told"),
    "POST /v1/do-not-call": Need(Right.LISTS, "scope_told"),
    "GET /v1/consents/{number}": Need(Right.LISTS, "listed"),
    "POST /v1/consents": Need(Right.LISTS, "client_told"),
    "DELETE /v1/consents": Need(Right.LISTS, "client_told"),
    "POST /v1/erasures": Need(Right.ERASE, "client_told"),
    "GET /v1/erasures/{certificate}": Need(Right.ERASE, "answer"),
    "GET /v1/clients/{client}/caller-ids": Need(Right.SEE, "client"),
    "GET /v1/fees": Need(Right.FEES, "listed"),
    "GET /v1/queues": Need(Right.SEE, "listed"),
    "GET /v1/totals": Need(Right.SEE, "plant"),
    "GET /v1/quality/service": Need(Right.SEE, "figure"),
    "GET /v1/test-calls": Need(Right.SEE, "listed"),
    "POST /v1/test-calls/{test}/place": Need(Right.JUDGE, "test"),
    "POST /v1/test-calls/{call}/card": Need(Right.JUDGE, "test_call"),
    "GET /v1/recordings": Need(Right.HEAR, "client_asked"),
    "GET /v1/recordings/{recording}": Need(Right.HEAR, "recording"),
    "GET /v1/recordings/{recording}/audio": Need(Right.HEAR, "recording"),
    "POST /v1/recordings/{recording}/delete": Need(Right.ERASE, "recording"),
    "POST /v1/recordings/{recording}/hold": Need(Right.JUDGE, "recording"),
    "DELETE /v1/recordings/{recording}/hold": Need(Right.JUDGE, "recording"),
    "POST /v1/recordings/{recording}/card": Need(Right.JUDGE, "recording"),
    "GET /v1/samples": Need(Right.HEAR, "client_asked"),
    "GET /v1/scores": Need(Right.HEAR, "client_asked"),
    "GET /v1/audit": Need(Right.RUN, "plant"),
    "POST /v1/reload": Need(Right.RUN, "plant"),
}
"""By operation. `/healthz` alone is open."""

OPERATOR_HOLDER: Final = Holder(OPERATOR, "operator")
LOCAL_HOLDER: Final = Holder(LOCAL, "operator")
"""While there is no token."""
SCRAPER: Final = Holder(LOCAL, "metrics")
"""Prometheus on the engine's own host, while nobody but the operator has a token."""


class Everybody:
    """Of all clients: no single one's."""


EVERYBODY: Final = Everybody()
Owner: TypeAlias = str | Everybody | None
"""A client. None: of a thing that there is not, or that no one client can be named for."""
Verdict = Literal["yes", "no_right", "too_wide", "not_theirs"]


def may(holder: Holder, right: Right) -> bool:
    if right is Right.HEAR and holder.role == "client" and not holder.recordings:
        return False
    return right in ROLES[holder.role]


def scope(holder: Holder) -> frozenset[str] | None:
    """The clients it knows of; None: all. A client without one knows of none."""
    return frozenset() if holder.role == "client" and holder.clients is None else holder.clients


def judge(holder: Holder, right: Right, owner: Owner) -> Verdict:
    """Without a scope what there is not is left to the engine to say."""
    clients = scope(holder)
    if not may(holder, right):
        return "no_right"
    if clients is None:
        return "yes"
    if isinstance(owner, Everybody):
        return "too_wide"
    return "yes" if owner in clients else "not_theirs"
