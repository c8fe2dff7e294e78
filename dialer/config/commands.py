"""`dialer check` and `dialer schema`."""

import sys
from pathlib import Path

from dialer.config.faults import ConfigError
from dialer.config.loader import load
from dialer.config.recording_places import lacking_places
from dialer.config.rule_checks import warnings
from dialer.config.schema import write


def check(root: Path = Path(), plant: Path | None = None) -> int:
    """0 and a summary on stdout (on stderr what is allowed but ought to be somebody's decision), or 2 and every fault
    on stderr."""
    try:
        found = load(root, plant=plant)
    except ConfigError as error:
        print(error, file=sys.stderr)
        count = len(error.faults)
        print(f"{count} fault{'' if count == 1 else 's'}", file=sys.stderr)
        return 2
    counts = (
        (found.clients, "clients"), (found.agents, "agents"), (found.hours, "hours"),
        (found.rules, "rules"), (found.campaigns, "campaigns"), (found.flows, "flows"),
        (found.prompts, "recorded prompts"),
    )  # fmt: skip
    for warning in (*warnings(found), *lacking_places(found)):
        print(f"warning: {warning}", file=sys.stderr)
    print("fine: " + ", ".join(f"{len(things)} {name}" for things, name in counts))
    return 0


def write_schema(folder: Path) -> int:
    """Write JSON Schemas into a folder; 1 when that cannot be."""
    try:
        for path in write(folder):
            print(path)
    except OSError as error:
        print(f"{folder}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0
