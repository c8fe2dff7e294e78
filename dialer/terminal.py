"""What the commands share: their options, how they end, and the way to the running engine or its store.

Everything heavy is imported by the function that needs it: `dialer --help` and completion are fast.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from dialer.config.configuration import Configuration
    from dialer.config.models import Store as Settings
    from dialer.config.models import Web
    from dialer.store.store import Store
    from dialer.web.client import Api


def names_in(folder: str) -> Callable[[typer.Context, str], list[str]]:
    def complete(context: typer.Context, incomplete: str) -> list[str]:
        root = Path(context.params.get("root") or ".")
        return sorted(path.stem for path in (root / folder).glob(f"{incomplete}*.yaml"))

    return complete


Root = Annotated[
    Path, typer.Option(help="Where configs/ and ivr_flows/ are.", exists=True, file_okay=False, envvar="DIALER_ROOT")
]
Plant = Annotated[
    Path | None, typer.Option(help="Instead of ROOT/configs/plant.yaml.", dir_okay=False, envvar="DIALER_PLANT")
]
CampaignName = Annotated[str, typer.Argument(autocompletion=names_in("configs/campaigns"))]


def fail(message: str, code: int = 1) -> NoReturn:
    typer.echo(f"dialer: {message}", err=True)
    raise typer.Exit(code)


def word(name: str) -> str:
    """A name as a part of a path: anything that is no name cannot be known to the engine."""
    import re

    if not re.fullmatch("[a-z][a-z0-9_]{0,62}", name):
        fail(f"{name!r} is not a name: lower-case letters, digits and _", 2)
    return name


@contextmanager
def running_engine(root: Path, plant: Path | None) -> "Iterator[Api]":
    """The running engine's API; turns what can go wrong into a message and an exit code."""
    from dialer.web.client import Api, AskError, DownError

    web: Web = plant_part(root, plant, "web")
    if web.listen.port == 0:
        fail("web.listen has port 0 (any free one): give it a number to reach the engine by this command", 2)
    try:
        yield Api.at(web.listen, os.environ.get(web.token_env))
    except DownError as fault:
        fail(f"{fault}. Is `dialer serve` running?")
    except AskError as fault:
        fail(str(fault))


def is_running(root: Path, plant: Path | None) -> bool:
    """Whether an engine answers where this configuration has it. One without an address is not asked."""
    from dialer.web.client import Api, AskError, DownError

    web: Web = plant_part(root, plant, "web")
    if web.listen.port == 0:
        return False
    try:
        Api.at(web.listen, os.environ.get(web.token_env)).get("/healthz")
    except DownError:
        return False
    except AskError:
        return True
    return True


def plant_part(root: Path, plant: Path | None, part: str) -> Any:
    """One section of plant.yaml; the rest of the configuration may be broken meanwhile."""
    from pydantic import ValidationError

    from dialer.config import models
    from dialer.config.document import read

    path = plant or root / "configs" / "plant.yaml"
    if not path.is_file():
        fail(f"{path}: there is no such file; say where with --root or --plant", 2)
    document = read(path)
    if document.faults or not isinstance(document.value, dict):
        fail("\n".join(map(str, document.faults)) or f"{path}: is not a plant's configuration", 2)
    model = models.Web if part == "web" else models.Store
    try:
        return model.model_validate(document.value.get(part) or {})
    except ValidationError as fault:
        first = fault.errors()[0]
        fail(f"{document.place((part, *first['loc']))}: {first['msg']}", 2)


def configuration_of(root: Path, plant: Path | None) -> "Configuration":
    """The whole configuration; its faults end the command with 2."""
    from dialer.config.faults import ConfigError
    from dialer.config.loader import load

    try:
        return load(root, os.environ, plant)
    except ConfigError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from None


def open_store(configuration: "Configuration") -> "Store":
    """Beside a running engine's own: several processes may write, one at a time. Raises StoreError."""
    return store_at(configuration.plant.store, configuration.root)


def store_at(settings: "Settings", root: Path) -> "Store":
    """Never changes the tables of an engine that may be running. Raises StoreError."""
    from dialer.service import store_url
    from dialer.store.store import Store

    return Store.open(store_url(settings.url, root), os.environ.get(settings.password_env or ""), upgrade=False)


@contextmanager
def store_faults() -> Iterator[None]:
    from dialer.store.errors import StoreError

    try:
        yield
    except StoreError as fault:
        fail(str(fault))


def print_json(value: object) -> None:
    import json

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
