"""`dialer audit`: who gave which order over the API."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from dialer.terminal import Plant, Root, print_json, running_engine


def audit(
    first: Annotated[str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="Left out, today (UTC).")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="Included; left out, --from.")] = None,
    by: Annotated[str | None, typer.Option(help="A holder of a token, or on whose behalf.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    root: Root = Path("."),
    plant: Plant = None,
) -> None:
    """Orders that were carried out over the API, the latest first, at most 1,000."""
    from dialer import tables

    asked = {"from": first, "to": last, "by": by}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    with running_engine(root, plant) as api:
        found = api.get(f"/v1/audit?{query}" if query else "/v1/audit")
    if as_json:
        print_json(found)
    else:
        tables.audit(found)
