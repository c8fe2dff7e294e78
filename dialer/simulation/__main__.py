"""`python -m dialer.simulation`: shifts in virtual time, in tables."""

from dataclasses import replace
from typing import Annotated

import typer

from dialer.simulation.bench import HEAD, compare, line
from dialer.simulation.world import SETTINGS, VARIANTS, world

app = typer.Typer(add_completion=False)


@app.command()
def simulate(
    settings: Annotated[str, typer.Argument(help=f"{', '.join(SETTINGS)}, or several with commas between")] = "base",
    agents: Annotated[str, typer.Option(help="how many, or several with commas between")] = "10",
    pacers: Annotated[str, typer.Option("--compare", help="predictive, progressive, power:2.5 …")] = "predictive",
    variants: Annotated[str, typer.Option(help=f"what goes wrong: {', '.join(VARIANTS)}")] = "none",
    hours: float = 8.0,
    seeds: Annotated[int, typer.Option(help="how many shifts, seeds 1 to this")] = 1,
    first_seed: int = 1,
    clock_from_greeting: Annotated[
        bool, typer.Option(help="the time to connect begins when the person is known")
    ] = False,
) -> None:
    """Run shifts and print what they came to."""
    for setting in settings.split(","):
        for team in agents.split(","):
            for variant in variants.split(","):
                here = replace(world(setting, int(team), variant, hours), clock_from_greeting=clock_from_greeting)
                typer.echo(f"\n{setting}, {team} agents, {variant}, {hours:g} h, {seeds} seeds from {first_seed}")
                typer.echo(HEAD)
                for row in compare(here, pacers.split(","), range(first_seed, first_seed + seeds)):
                    typer.echo(line(row))


if __name__ == "__main__":
    app()
