"""OpenAPI 3.1 of the API, made from the table of routes and the models it names."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter

from dialer.quality.record import LegVoice
from dialer.quality.service import Figure
from dialer.store.records import CampaignTotals
from dialer.web.billing_port import FeeView, ForecastView, MonthBudgetView, SaleView
from dialer.web.docstrings import of_fields
from dialer.web.mystery_port import CardView, PlacedView, RuleView, TestCallView
from dialer.web.person_port import CertificateView, ConsentView, ShownView
from dialer.web.person_routes import Counted
from dialer.web.port import AgentView, CallView, CampaignView, LiveTotals, QueueView
from dialer.web.problems import FieldProblem, Problem
from dialer.web.quality_port import CallQuality, ServiceView
from dialer.web.recording_port import (
    ListeningView,
    RecordingDetail,
    RecordingView,
    ResultView,
    SampleView,
    ScoreCardView,
)
from dialer.web.route import CALL, NAME, Route
from dialer.web.routes import ROUTES, Created, Imported, Reloaded

Json = dict[str, Any]

_MEANINGS: Final = {
    200: "Done.",
    201: "Added.",
    204: "Done.",
    400: "The body or the query is wrong; of a body, `fields` names each fault.",
    401: "The bearer token is missing or wrong.",
    404: "No agent, campaign or call of that name.",
    409: "The present state does not allow it; `message` says why.",
}
_VIEWS: Final = (
    AgentView, CallView, CampaignTotals, CampaignView, Created, FieldProblem, Imported, LiveTotals, Problem, QueueView,
    CallQuality, LegVoice, ServiceView, Figure,
    CardView, PlacedView, RuleView, TestCallView,
    CertificateView, ConsentView, Counted, ShownView,
    ListeningView, RecordingDetail, RecordingView, ResultView, SampleView, ScoreCardView,
    Reloaded, MonthBudgetView, FeeView, ForecastView, SaleView,
)
"""Dataclasses: their fields are described in their source."""
_REF: Final = "#/components/schemas/{model}"


def document() -> Json:
    models = _models()
    schemas, shared = TypeAdapter.json_schemas(
        [(key, mode, TypeAdapter(model)) for (key, mode), model in models.items()],  # type: ignore[misc]
        ref_template=_REF,
    )
    found = {key: schema for (key, _), schema in schemas.items()}
    named = shared.get("$defs", {})
    for model in _VIEWS:
        for name, text in of_fields(model).items():
            named[model.__name__]["properties"][name]["description"] = text
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, found)
    paths.update(_other_paths())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dialer",
            "version": "1",
            "description": "The running engine. Times are epoch seconds, durations seconds, numbers masked.",
        },
        "paths": paths,
        "components": {
            "schemas": named,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def _models() -> dict[tuple[str, str], Any]:
    models: dict[tuple[str, str], Any] = {("problem", "serialization"): Problem}
    for route in ROUTES:
        if route.takes is not None:
            models[f"takes {route.method} {route.path}", "validation"] = route.takes
        if route.gives is not None:
            models[f"gives {route.method} {route.path}", "serialization"] = route.gives
    return models


def _operation(route: Route, schemas: Json) -> Json:
    key = f"{route.method} {route.path}"
    responses: Json = {str(route.status): _response(route.status, schemas.get(f"gives {key}"))}
    for status in (*((400,) if route.takes or route.query else ()), 401, *route.refusals):
        responses[str(status)] = _response(status, schemas["problem"])
    operation: Json = {"summary": route.summary, "operationId": _operation_id(route), "responses": responses}
    if route.params or route.query:
        operation["parameters"] = list(_parameters(route))
    if route.takes is not None:
        required = any(it.is_required() for it in route.takes.model_fields.values())
        operation["requestBody"] = {"required": required, "content": _content(schemas[f"takes {key}"])}
    return operation


def _operation_id(route: Route) -> str:
    words = [part.strip("{}") for part in route.path.split("/")[2:]]
    return "_".join([route.method.lower(), *words])


def _parameters(route: Route) -> Iterable[Json]:
    for name, pattern in route.params.items():
        schema: Json = {"type": "string"}
        if name == "verb":
            schema["enum"] = pattern.split("|")
        else:
            schema["pattern"] = f"^{pattern}$"
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, pattern in route.query.items():
        yield {"name": name, "in": "query", "required": False, "schema": {"type": "string", "pattern": f"^{pattern}$"}}


def _response(status: int, schema: Json | None) -> Json:
    response: Json = {"description": _MEANINGS[status]}
    if schema is not None:
        response["content"] = _content(schema)
    return response


def _content(schema: Json, kind: str = "application/json") -> Json:
    return {kind: {"schema": schema}}


def _other_paths() -> Json:
    def get(summary: str, operation: str, kind: str, schema: Json, **more: Any) -> Json:
        answer = {"description": "Done.", "content": _content(schema, kind)}
        return {"get": {"summary": summary, "operationId": operation, "responses": {"200": answer}, **more}}

    health: Json = {
        "type": "object",
        "required": ["status", "switches", "store", "warnings"],
        "properties": {
            "status": {"type": "string", "enum": ["up", "draining", "down", "starting"]},
            "switches": {"type": "object", "additionalProperties": {"type": "string"}},
            "store": {"type": "string"},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "why": {"type": "string", "description": "What a start is waiting for."},
        },
    }
    healthz = get(
        "Each switch and the store: `up`, or why not; `starting` while prompts are made. Needs no token.",
        "get_healthz",
        "application/json",
        health,
        security=[],
    )
    healthz["get"]["responses"]["503"] = {"description": "Something is down.", "content": _content(health)}
    return {
        "/healthz": healthz,
        "/metrics": get(
            "Prometheus' text format, or OpenMetrics when asked for. The engine's own host needs no token.",
            "get_metrics",
            "text/plain",
            {"type": "string"},
        ),
        "/v1/stream": get(
            "Server-sent events `agents`, `calls`, `campaigns`, `queues`, `totals`, `fees`: a snapshot of each when "
            "it changed, at most twice a second. Contacts' fields are left out.",
            "get_stream",
            "text/event-stream",
            {"type": "string"},
        ),
        "/v1/recordings/{recording}/audio": get(
            "A recording as WAV. That `by` listens is written down first.",
            "get_recordings_recording_audio",
            "audio/wav",
            {"type": "string", "format": "binary"},
            parameters=[
                {"name": name, "in": where, "required": True, "schema": {"type": "string", "pattern": f"^{pattern}$"}}
                for name, where, pattern in (("recording", "path", CALL), ("by", "query", NAME))
            ],
        ),
        "/v1/openapi.json": get("This document.", "get_openapi", "application/json", {"type": "object"}),
    }
