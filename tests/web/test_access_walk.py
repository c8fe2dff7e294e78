"""Every operation, by every role, over the holder's own client and over another: what is not said is not allowed."""

from collections.abc import Iterator
from typing import get_args

import pytest
from keyed import Keyed, held
from port_double import Plant
from recording_double import RECORDED

from dialer.config.access import Role
from dialer.metrics import Metrics
from dialer.web import app as application
from dialer.web.app import make_app
from dialer.web.door import Who
from dialer.web.openapi import document
from dialer.web.reach import visible
from dialer.web.rights import NEEDS, ROLES
from dialer.web.route import Ask, Route
from dialer.web.routes import ROUTES

ALLOWED = {
    "GET /metrics": "o.....m",
    "GET /v1/openapi.json": "osa$c.m",
    "GET /v1/stream": "os.$c..",
    "GET /v1/agents": "os.....",
    "GET /v1/agents/{agent}": "osa....",
    "POST /v1/agents/{agent}/{verb}": "osa....",
    "POST /v1/agents/{agent}/disposition": "osa....",
    "POST /v1/agents/{agent}/dial": "osa....",
    "POST /v1/agents/{agent}/preview/accept": "osa....",
    "POST /v1/agents/{agent}/preview/skip": "osa....",
    "GET /v1/calls": "os.$c..",
    "GET /v1/calls/{call}/quality": "os.$c..",
    "DELETE /v1/calls/{call}": "os.....",
    "POST /v1/calls/{call}/sales": "o..$...",
    "DELETE /v1/calls/{call}/sales/{sale}": "o..$...",
    "POST /v1/calls/{call}/score": "o..$...",
    "GET /v1/campaigns": "os.$c..",
    "PATCH /v1/campaigns/{campaign}": "os.....",
    "POST /v1/campaigns/{campaign}/{verb}": "os.....",
    "POST /v1/campaigns/{campaign}/recycle": "os.....",
    "DELETE /v1/campaigns/{campaign}/overrides": "os.....",
    "GET /v1/campaigns/{campaign}/callbacks": "os.....",
    "PATCH /v1/campaigns/{campaign}/callbacks/{contact}": "os.....",
    "DELETE /v1/campaigns/{campaign}/callbacks/{contact}": "os.....",
    "POST /v1/campaigns/{campaign}/contacts": "os.....",
    "POST /v1/campaigns/{campaign}/import": "os.....",
    "POST /v1/do-not-call": "os.....",
    "GET /v1/consents/{number}": "os.....",
    "POST /v1/consents": "os.....",
    "DELETE /v1/consents": "os.....",
    "POST /v1/erasures": "o......",
    "GET /v1/erasures/{certificate}": "o......",
    "GET /v1/clients/{client}/caller-ids": "os.$c..",
    "GET /v1/fees": "o..$c..",
    "GET /v1/queues": "os.$c..",
    "GET /v1/totals": "os.$c..",
    "GET /v1/quality/service": "os.$c..",
    "GET /v1/test-calls": "os.$c..",
    "POST /v1/test-calls/{test}/place": "os.....",
    "POST /v1/test-calls/{call}/card": "os.....",
    "GET /v1/recordings": "os..cr.",
    "GET /v1/recordings/{recording}": "os..cr.",
    "GET /v1/recordings/{recording}/audio": "os..cr.",
    "POST /v1/recordings/{recording}/delete": "o......",
    "POST /v1/recordings/{recording}/hold": "os.....",
    "DELETE /v1/recordings/{recording}/hold": "os.....",
    "POST /v1/recordings/{recording}/card": "os.....",
    "GET /v1/samples": "os..cr.",
    "GET /v1/scores": "os..cr.",
    "GET /v1/audit": "o......",
    "POST /v1/reload": "o......",
}
"""operator, supervisor, agent, accountant ($), client (cr: only with `recordings`), metrics."""
OF_ALL = {"GET /v1/audit", "GET /v1/totals", "POST /v1/reload"}
"""Nothing for holders of some clients."""
LETTERS: dict[Role, str] = {
    "operator": "o", "supervisor": "s", "agent": "a", "accountant": "$", "client": "c", "metrics": "m"}
TRACES = (b"acme", b"winback", b"support", b"hotline", b"abc-1", b"M\xc3\xbcller", "+49…23".encode(), b"main-1.2")
"""Of the other client's things."""
CASES = [(role, clients) for role in get_args(Role)
         for clients in (None, frozenset({"acme"}), frozenset({"globex"})) if role != "client" or clients]  # fmt: skip


def test_the_table_is_that_of_the_engine() -> None:
    assert set(ALLOWED) == set(NEEDS) >= {route.operation for route in ROUTES}
    assert {operation for operation, need in NEEDS.items() if need.whose == "plant"} == OF_ALL


@pytest.mark.parametrize(("role", "clients"), CASES, ids=str)
async def test_every_operation(keyed: Keyed, role: Role, clients: frozenset[str] | None) -> None:
    keyed.holders = (held("me", role, clients, recordings=True),)
    for operation, letters in ALLOWED.items():
        status, text = await keyed.ask("me", operation)
        if LETTERS[role] not in letters:
            assert status == 403, operation
        elif clients is None or (clients == {"acme"} and operation not in OF_ALL):
            assert status in (200, 201, 204), (operation, text)
        else:
            assert status in (200, 403, 404, 409), operation
            assert status != 200 or NEEDS[operation].whose in ("nobody", "listed", "agent", "client_asked"), operation
        if clients == {"globex"} and operation != "GET /v1/openapi.json":
            assert not [trace for trace in TRACES if trace in text], (operation, text)


async def test_a_client_without_its_recordings_hears_none(keyed: Keyed) -> None:
    keyed.holders = (held("me", "client", frozenset({"acme"})),)
    for operation, letters in ALLOWED.items():
        if "r" in letters:
            assert (await keyed.ask("me", operation))[0] == 403, operation


def test_the_document_tells_the_same() -> None:
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            if path != "/healthz":
                letters = ALLOWED[f"{method.upper()} {path}"]
                assert operation["security"] == [{"bearer": [role for role in ROLES if LETTERS[role] in letters]}]


def test_a_route_of_which_nobody_said_anything_is_not_served(
    plant: Plant, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(ask: Ask, body: None) -> None: ...

    monkeypatch.setattr(application, "ROUTES", (*ROUTES, Route("GET", "/v1/secrets", "New.", answer)))
    with pytest.raises(LookupError, match="/v1/secrets"):
        make_app(plant, metrics, None)


def given(route: Route) -> Iterator[type]:
    """The dataclasses of an answer."""
    for one in get_args(route.gives) or (route.gives,):
        if one is not None:
            yield one


VIEWS = sorted({one for route in ROUTES for one in given(route)}, key=lambda one: (one.__name__, one.__module__))


@pytest.mark.parametrize("view", VIEWS, ids=lambda one: one.__name__)
def test_of_every_kind_of_answer_it_is_said_who_may_see_it(plant: Plant, view: type) -> None:
    """One that nobody thought of is refused, though its route's request was allowed."""
    blank = object.__new__(view)
    for name in getattr(view, "__dataclass_fields__", {}):
        object.__setattr__(blank, name, RECORDED if name == "recording" else "")
    seen = visible(plant, held("me", "supervisor", frozenset({"globex"})), [blank])
    assert seen in ([], [blank])
    with pytest.raises(TypeError, match="nothing says who may see a Who"):
        visible(plant, held("me", "supervisor", frozenset({"globex"})), [Who(held("me", "agent"))])
