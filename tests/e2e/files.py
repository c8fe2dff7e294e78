"""A small configuration for an engine of a test: every test names what it needs, the rest is here."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Files = Mapping[str, Any]
"""Documents by path below the configuration's root; a text is written as it is, all else as JSON, which is YAML."""

AGENTS = ("agent01", "agent02", "agent03", "agent04")
LONG = "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen."
"""Takes some seconds to say: long enough for something to happen in it."""

BASE: Files = {
    "configs/clients/acme.yaml": {
        "client": "acme", "name": "Acme", "caller_id": "+493023125001", "languages": ["en", "de"],
    },
    "configs/hours/always.yaml": {
        "hours": "always", "timezone": "UTC",
        "open": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}],
    },
    "configs/agents.yaml": {
        "agents": {name: {"name": name, "phone": name, "skills": ["sales", "en"]} for name in AGENTS}
    },
}  # fmt: skip


def flow(name: str, nodes: Mapping[str, Any], *, number: str | None = None, **more: Any) -> Files:
    """The first node is where it starts."""
    document = {
        "flow": name, "client": "acme", "numbers": [number] if number else [], "languages": ["en"],
        "start": next(iter(nodes)), "nodes": nodes, **more,
    }  # fmt: skip
    return {f"ivr_flows/{name}.yaml": document}


def campaign(name: str, **more: Any) -> Files:
    document = {
        "campaign": name, "client": "acme", "language": "en", "mode": "progressive", "ring_timeout": "10s",
        "rules": [],  # at any hour of the day
        "agents": {"skills": ["sales"], "wrap_up": "0s"},
        "abandon": {"connect_within": "2s", "message": {"en": "Sorry, nobody is free."}}, **more,
    }  # fmt: skip
    return {f"configs/campaigns/{name}.yaml": {key: value for key, value in document.items() if value is not None}}


def write(root: Path, files: Files) -> None:
    for name, document in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2), encoding="utf-8")
