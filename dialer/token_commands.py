"""`dialer token ...`: tokens of those who use the API."""

from typing import Annotated

import typer

from dialer.terminal import word

token = typer.Typer(help="Tokens of those who use the API.", no_args_is_help=True)


@token.callback()
def _group() -> None:
    """Tokens of those who use the API."""


@token.command()
def new(
    name: Annotated[str, typer.Argument(help="Who is to have it, as the records will name them: maria, acme_portal.")],
    role: Annotated[str, typer.Option(help="As configs/access.yaml has them.")] = "ROLE",
) -> None:
    """A random token, shown once and kept nowhere: hand it over, and put the line below it into configs/access.yaml."""
    import secrets

    from dialer.config.access_checks import digest_of

    line = f"  {word(name)}: {{role: {role}, sha256: "
    made = secrets.token_urlsafe(32)
    typer.echo(made)
    typer.echo("in configs/access.yaml, below `holders:`", err=True)
    typer.echo(f"{line}{digest_of(made).hex()}}}")
