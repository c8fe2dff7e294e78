"""Whatever is sent, the answer is never a fault of ours, and nothing unchecked reaches the engine."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from port_double import Plant

from dialer.config.models import Listen
from dialer.metrics import Metrics
from dialer.numbers import is_e164
from dialer.store.records import NewContact
from dialer.web.app import make_app, serve
from dialer.web.routes import ROUTES

BODIES = {
    "/v1/agents/anna/pause": {"reason": "lunch"},
    "/v1/agents/anna/disposition": {"disposition": "sale", "call_id": None, "callback": None},
    "/v1/agents/anna/dial": {"campaign": "winback", "number": "+4930231250123"},
    "/v1/agents/anna/preview/accept": {},
    "/v1/agents/anna/preview/skip": {"reason": "wrong trade"},
    "/v1/campaigns/winback": {"mode": "power", "ratio": 1.5, "limits": {"channels": 4}, "abandon": {"max": "2%"}},
    "/v1/campaigns/winback/start": {},
    "/v1/campaigns/winback/callbacks/7": {"at": "2033-05-18T05:33:20+02:00", "to": "anyone"},
    "/v1/campaigns/winback/contacts": {"number": "+4930231250123", "fields": {"name": "x"}, "next_at": 0},
    "/v1/campaigns/winback/import": {"path": "a.csv"},
    "/v1/campaigns/winback/recycle": {"results": ["no_answer"], "list": None},
    "/v1/do-not-call": {"scope": "client:acme", "number": "+4930231250123", "until": None},
    "/v1/consents": {"client": "acme", "number": "+4930231250123", "purpose": "service", "source": "form",
                     "proof": "4711", "given_at": 5, "until": None, "digest": None},
    "/v1/erasures": {"number": "+4930231250123", "client": None, "reason": "letter"},
    "/v1/reload": {},
    "/v1/calls/node1-abc-1/sales": {"amount": "49.90", "id": "s-1"},
    "/v1/calls/node1-abc-1/score": {"score": 96.5},
    "/v1/test-calls/node1-abc-1/card": {"by": "anna", "points": {"greeting": 80}, "comment": "kind"},
    "/v1/recordings/main-1.2-18c/hold": {"reason": "claim 4711"},
    "/v1/recordings/main-1.2-18c/delete": {"reason": "asked for"},
    "/v1/recordings/main-1.2-18c/card": {"by": "anna", "points": {"greeting": 80, "fax": None}, "comment": "kind",
                                         "card": "service"},
}
hostile = st.sampled_from(
    ["\r\nAction: Originate", "\0", "${SHELL(x)}", "\ud800", "'; drop table calls", "x" * 5000, "\u202e", "\x85"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | hostile
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | hostile, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, bytes]:
    """A body that is right but for a change, or anything at all."""
    path = draw(st.sampled_from(sorted(BODIES)))
    if draw(st.booleans()):
        return path, draw(st.binary(max_size=200) | values.map(encoded))
    body: dict[str, Any] = json.loads(json.dumps(BODIES[path]))
    name = draw(st.sampled_from([*body, "extra"]))
    if draw(st.booleans()) and name == "fields":
        body["fields"] = draw(st.dictionaries(st.text() | hostile, scalars, max_size=5))
    elif draw(st.booleans()):
        body.pop(name, None)
    else:
        body[name] = draw(values)
    return path, encoded(body)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[int, Plant]]:
    """The real server in a thread of its own, as hypothesis drives plain functions."""
    plant, loop = Plant(), asyncio.new_event_loop()
    runner = loop.run_until_complete(serve(make_app(plant, Metrics(), None), Listen(port=0)))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield runner.addresses[0][1], plant
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_every_route_with_a_body_is_covered() -> None:
    taking = {route.path for route in ROUTES if route.takes is not None}
    assert len(taking) == len(BODIES)


@settings(max_examples=300, deadline=None)
@given(request=requests())
def test_a_body_never_makes_a_fault_of_ours(served: tuple[int, Plant], request: tuple[str, bytes]) -> None:
    port, plant = served
    plant.orders.clear()
    path, body = request
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    method = "PATCH" if "/callbacks/" in path or path.endswith("winback") else "POST"
    link.request(method, path, body, {"Content-Type": "application/json"})
    answer = link.getresponse()
    told = answer.read()
    link.close()
    assert answer.status in (200, 201, 204, 400, 409)
    if answer.status == 400:
        assert json.loads(told)["error"] == "invalid"
        assert plant.orders == []
    for order in plant.orders:
        checked(order)


def checked(order: tuple[object, ...]) -> None:
    contact = order[-1]
    if isinstance(contact, NewContact):
        assert is_e164(contact.number)
        texts = [*contact.fields, *contact.fields.values()]
    else:
        texts = [part for part in order if isinstance(part, str)]
    for text in texts:
        assert not set(text) & set(map(chr, range(32)))
        text.encode()


@settings(max_examples=100, deadline=None)
@given(
    path=st.lists(
        st.sampled_from(["v1", "agents", "anna", "calls", "campaigns", "..", "%00", "%2e", "é", "ready", "{x}", ""])
    ),
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "OPTIONS", "HEAD"]),
)
def test_a_path_never_makes_a_fault_of_ours(served: tuple[int, Plant], path: list[str], method: str) -> None:
    target = "/" + "/".join(path).encode("latin-1", "replace").decode("latin-1").replace("é", "%C3%A9")
    link = http.client.HTTPConnection("127.0.0.1", served[0], timeout=20)
    link.request(method, target)
    status = link.getresponse().status
    link.close()
    assert status < 500
