"""The document says what the server does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from port_double import Plant
from pydantic import TypeAdapter

from dialer.metrics import Metrics
from dialer.web.app import make_app
from dialer.web.openapi import document
from dialer.web.reference import reference
from dialer.web.route import Route
from dialer.web.routes import ROUTES

DOCS = Path(__file__).parents[2] / "docs"


def test_every_route_is_described_and_nothing_else(plant: Plant, metrics: Metrics) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in make_app(plant, metrics, None).router.routes()
        if route.method != "HEAD" and route.resource is not None
    }
    described = {(method.upper(), path) for path, operations in document()["paths"].items() for method in operations}
    assert described == served


def test_the_documents_structure() -> None:
    api = document()
    assert api["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(api["info"])
    operations = [(path, it) for path, methods in api["paths"].items() for it in methods.values()]
    ids = [it["operationId"] for _, it in operations]
    assert len(ids) == len(set(ids))
    for path, operation in operations:
        declared = {it["name"] for it in operation.get("parameters", ()) if it["in"] == "path"}
        assert declared == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        assert operation["responses"]
        assert all(it["description"] for it in operation["responses"].values())
    assert all(it.get("security") == [] or it["security"][0]["bearer"] for _, it in operations)
    for name, scheme in ((name, it) for need in api["security"] for name, it in need.items()):
        assert name in api["components"]["securitySchemes"]
        assert scheme == []


def test_every_reference_leads_somewhere() -> None:
    api = document()
    found = list(references(api))
    assert found
    for ref in found:
        assert ref.startswith("#/components/schemas/")
        assert ref.rpartition("/")[2] in api["components"]["schemas"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.gives is not None], ids=lambda it: it.path)
async def test_answers_have_the_shape_that_is_described(api: aiohttp.ClientSession, route: Route) -> None:
    path = route.path.format(agent="anna", call="node1-abc-1", campaign="winback", verb="pause", contact=7,
                             number="%2B4930231250123", certificate=7, client="acme",
                             test="hotline", recording="main-1.2-18c")  # fmt: skip
    bodies = {"contacts": {"number": "+4930231250123"}, "import": {"path": "a.csv"},
              "dial": {"campaign": "winback", "number": "+4930231250123"}, "sales": {"amount": "49.90"}}  # fmt: skip
    person = {"client": "acme", "number": "+4930231250123"}
    consent = {"purpose": "service", "source": "form", "proof": "4711"} if route.method == "POST" else {}
    bodies |= {"consents": person | consent, "erasures": person | {"reason": "letter"}}
    bodies |= {"card": {"by": "maria", "points": {"greeting": 5}}}
    bodies |= {"hold": {"reason": "claim"}, "delete": {"reason": "asked for"}}
    bodies |= {"recycle": {"results": ["busy"]}}
    answer = await api.request(
        route.method, path, json=bodies.get(path.rpartition("/")[2], {}) if route.takes else None,
        params={"client": "acme"} if "client" in route.query else None,
    )
    assert answer.status == route.status
    TypeAdapter(route.gives).validate_json(await answer.read())


async def test_the_document_is_served(api: aiohttp.ClientSession) -> None:
    assert await (await api.get("/v1/openapi.json")).json() == document()


def test_the_reference_is_current() -> None:
    assert (DOCS / "api.md").read_text() == reference(), "python -m dialer.web.reference > docs/api.md"
