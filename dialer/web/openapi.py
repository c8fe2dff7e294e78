"""OpenAPI 3.1 of the API, made from the table of routes and the models it names."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter

from dialer.quality.record import LegVoice
from dialer.quality.service import Figure
from dialer.store.records import CampaignTotals
from dialer.web.audit_port import AuditView
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
from dialer.web.rights import NEEDS, ROLES, Need
from dialer.web.route import CALL, NAME, Route
from dialer.web.routes import ROUTES, Created, Imported, Reloaded

Json = dict[str, Any]

_MEANINGS: Final = {
    200: "Done.",
    201: "Added.",
    204: "Done.",
    400: "The body or the query is wrong; of a body, `fields` names each fault.",
    401: "The bearer token is missing or wrong.",
    403: "The token's holder has not the right, or not over so many clients.",
    404: "Nothing of that name, or it is another client's.",
    409: "The present state does not allow it; `message` says why.",
}
_VIEWS: Final = (
    AuditView,
    AgentView, CallView, CampaignTotals, CampaignView, Created, FieldProblem, Imported, LiveTotals, Problem, QueueView,
    CallQuality, LegVoice, ServiceView, Figure,
    CardView, PlacedView, RuleView, TestCallView,
    CertificateView, ConsentView, Counted, ShownView,
    ListeningView, RecordingDetail, RecordingView, ResultView, SampleView, ScoreCardView,
    Reloaded, MonthBudgetView, FeeView, ForecastView, SaleView,
)
"""Dataclasses: their fields are described in their source."""
_TOKENS: Final = (
    "A token of configs/access.yaml, or the operator's. An operation's `security` lists the roles that may; a holder "
    "with `clients` may over these alone, and `x-client-known-by` says how a request's client is known. The header "
    "`On-Behalf-Of: NAME` says for whom a holder asks: both are kept."
)
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
    for path, operations in paths.items():
        for method, operation in operations.items():
            _tell_rights(operation, NEEDS.get(f"{method.upper()} {path}"))
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
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": _TOKENS}},
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
    for status in (*((400,) if route.takes or route.query else ()), 401, 403, *route.refusals):
        responses[str(status)] = _response(status, schemas["problem"])
    operation: Json = {"summary": route.summary, "operationId": _operation_id(route), "responses": responses}
    if route.params or route.query:
        operation["parameters"] = list(_parameters(route))
    if route.takes is not None:
        required = any(it.is_required() for it in route.takes.model_fields.values())
        operation["requestBody"] = {"required": required, "content": _content(schemas[f"takes {key}"])}
    return operation


def _tell_rights(operation: Json, need: Need | None) -> None:
    """OpenAPI 3.1 lets a bearer scheme list the roles that an operation needs."""
    if need is None:
        return
    roles = [role for role, rights in ROLES.items() if need.right in rights]
    operation["security"] = [{"bearer": roles}]
    operation["x-right"], operation["x-client-known-by"] = need.right.value, need.whose
    answers = operation["responses"]
    for status in (401, 403):
        answers.setdefault(str(status), {"description": _MEANINGS[status]})


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
            "Prometheus' text format, or OpenMetrics when asked for. The engine's own host needs no token while none "
            "is in configs/access.yaml. A holder with `clients` gets their series alone.",
            "get_metrics",
            "text/plain",
            {"type": "string"},
        ),
        "/v1/stream": get(
            "Server-sent events `agents`, `calls`, `campaigns`, `queues`, `totals`, `fees`: a snapshot of each when "
            "it changed, at most twice a second. Contacts' fields are left out, and what the holder may not see. It "
            "ends when the token is revoked.",
            "get_stream",
            "text/event-stream",
            {"type": "string"},
        ),
        "/v1/recordings/{recording}/audio": get(
            "A recording as WAV. That the token's holder listens is written down first; `by`: on whose behalf.",
            "get_recordings_recording_audio",
            "audio/wav",
            {"type": "string", "format": "binary"},
            parameters=[
                {"name": name, "in": where, "required": where == "path",
                 "schema": {"type": "string", "pattern": f"^{pattern}$"}}
                for name, where, pattern in (("recording", "path", CALL), ("by", "query", NAME))
            ],
        ),
        "/v1/openapi.json": get("This document.", "get_openapi", "application/json", {"type": "object"}),
    }
