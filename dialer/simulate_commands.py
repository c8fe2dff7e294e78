"""`dialer simulate`: campaigns in virtual time, before anybody is called."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dialer.terminal import Plant, Root, configuration_of, fail, names_in, open_store, print_json, store_faults

if TYPE_CHECKING:
    from dialer.config.campaign import Campaign
    from dialer.config.configuration import Configuration
    from dialer.rehearsal.outcome import Rehearsed
    from dialer.rehearsal.planner import Inbound, Planner

Shifts = list[tuple[str, "list[Rehearsed]"]]
"""By mode, one for each seed."""


@dataclass(frozen=True, slots=True)
class Costs:
    """None: nobody said."""

    agent_hour: float | None
    line_minute: float | None

    def of(self, done: "Rehearsed") -> float | None:
        """Agents are paid for the time they are logged in. What nobody said is left out; None where all is."""
        figures = done.account
        parts = ((figures.logged_in_hours, self.agent_hour), (figures.line_minutes, self.line_minute))
        known = [much * price for much, price in parts if price is not None]
        return sum(known) if known else None


def simulate(
    campaigns: Annotated[list[str], typer.Argument(
        metavar="CAMPAIGN...", help="Several share the agents.", autocompletion=names_in("configs/campaigns"))],
    agents: Annotated[int, typer.Option(min=1, max=2000, help="How many agents.")] = 20,
    hours: Annotated[float, typer.Option(min=0.1, max=24.0, help="How long the shift is.")] = 8.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="So many shifts, from this seed on.")] = 1,
    compare: Annotated[
        str, typer.Option(help="Modes side by side: progressive,power:2.5,predictive; `own` is each campaign's own.")
    ] = "",
    inbound: Annotated[list[str] | None, typer.Option(
        metavar="FLOW[:PER_HOUR]", help="Callers of this flow take the agents' time as well.")] = None,
    blended: Annotated[
        int | None, typer.Option(min=0, help="So many of the agents serve callers as well; left out, all.")] = None,
    contacts: Annotated[
        int | None, typer.Option(min=1, help="So many made-up contacts; left out, the list does not end.")
    ] = None,
    own_lists: Annotated[bool, typer.Option("--own-lists", help="The contacts of the campaign's own lists.")] = False,
    start: Annotated[str, typer.Option(help="When it begins, as 2026-11-23T09:00 by the client's clock.")] = "",
    learn: Annotated[int | None, typer.Option(min=1, help="People as in the last so many days of the store.")] = None,
    replay: Annotated[str, typer.Option(help="This past day again, as 2026-11-20: its agents, its calls.")] = "",
    agent_hour: Annotated[float | None, typer.Option(min=0.0, help="What an agent's hour costs.")] = None,
    line_minute: Annotated[
        float | None, typer.Option(min=0.0, help="What an answered minute on the line costs.")
    ] = None,
    plot: Annotated[list[Path] | None, typer.Option(help="A picture of it, .png or .svg.", dir_okay=False)] = None,
    by_hour: Annotated[bool, typer.Option("--by-hour", help="Hour by hour as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    root: Root = Path("."), plant: Plant = None,
) -> None:
    """Rehearse campaigns: the same code, with simulated people, in virtual time. Nobody is called."""
    from dialer.rehearsal.planner import Asked, Planner

    configuration = configuration_of(root, plant)
    configs = _campaigns(configuration, campaigns)
    if replay and (learn is not None or start or contacts is not None or own_lists or blended is not None):
        fail("--replay takes the day as it was: leave --learn, --start, --contacts, --own-lists and --blended out", 2)
    if own_lists and contacts is not None:
        fail("--own-lists or --contacts, not both", 2)
    if blended is not None and not inbound:
        fail("--blended says how many agents serve callers: write --inbound FLOW as well", 2)
    flows = [_inbound(configuration, text, bool(replay)) for text in inbound or ()]
    costs = Costs(agent_hour, line_minute)
    with _refusals(), _quiet():
        asked = Asked(configs, agents, 3600 * hours, flows, blended, contacts, own_lists)
        planner = Planner(configuration, asked, lambda: open_store(configuration))
        if replay:
            planner.take_day(replay)
        else:
            planner.plan(start, learn)
        rows = _rows(planner, compare, range(seed, seed + seeds))
        for path in plot or []:
            _plot(rows, path, planner)
    if planner.really is not None:
        rows.append(("that day", [planner.really]))
    if as_json:
        print_json(_as_json(rows, planner, costs))
    else:
        _show(rows, planner, costs, by_hour)


def _campaigns(configuration: "Configuration", names: Sequence[str]) -> "list[Campaign]":
    for name in names:
        if name not in configuration.campaigns:
            fail(f"there is no campaign {name}; there are {', '.join(configuration.campaigns)}", 2)
        if names.count(name) > 1:
            fail(f"{name} is named twice: name each campaign once, and compare its modes with --compare", 2)
    return [configuration.campaigns[name] for name in names]


def _inbound(configuration: "Configuration", text: str, replay: bool) -> "Inbound":
    from dialer.rehearsal.planner import Inbound

    name, _, rate = text.partition(":")
    flow = configuration.flows.get(name)
    if flow is None:
        fail(f"there is no flow {name}; there are {', '.join(configuration.flows)}", 2)
    if rate and replay:
        fail(f"--replay takes the day's callers: write --inbound {name}", 2)
    try:
        per_hour = float(rate) if rate else None
    except ValueError:
        per_hour = -1.0
    if per_hour is not None and not 0 <= per_hour <= 100_000:
        fail(f"{rate!r} is no number of callers an hour; write --inbound {name}:40", 2)
    return Inbound(flow, per_hour)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        with store_faults():
            yield
    except (ValueError, OSError) as fault:
        fail(str(fault), 2)
    except ModuleNotFoundError as fault:
        if fault.name != "matplotlib":
            raise
        fail("plots need matplotlib: pip install 'dialer[plots]'", 2)


@contextmanager
def _quiet() -> Iterator[None]:
    """The rehearsed engine's log is about nobody's calls."""
    import logging

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _rows(planner: "Planner", compare: str, seeds: Sequence[int]) -> Shifts:
    """A row a mode, or one of each campaign in its own."""
    from dialer.rehearsal import cast
    from dialer.rehearsal.planner import OWN

    if rows := [(mode, _shifts(planner, mode, seeds)) for mode in cast.modes(compare)]:
        return rows
    own = _shifts(planner, OWN, seeds)
    return [("together" if own[0].parts else own[0].mode, own)]


def _shifts(planner: "Planner", mode: str, seeds: Sequence[int]) -> "list[Rehearsed]":
    from dialer.rehearsal.run import rehearse
    from dialer.tables import progress

    done = []
    for seed in seeds:
        with progress(f"{mode}, seed {seed}") as step:
            done.append(rehearse(planner.shift(mode, seed), lambda share, step=step: step(int(100 * share), 100)))  # type: ignore[misc]
    return done


def _plot(rows: Shifts, path: Path, planner: "Planner") -> None:
    """One file for each mode: NAME.svg, or NAME-MODE.svg when several are compared. Of several seeds the first."""
    from dialer.rehearsal.plots import draw

    for mode, shifts in rows:
        file = path if len(rows) == 1 else path.with_name(f"{path.stem}-{mode.replace(':', '-')}{path.suffix}")
        draw(shifts[0], planner.title(mode, shifts[0]), file, planner.limits, planner.zone)
        typer.echo(f"{file} written", err=True)


def _as_json(rows: Shifts, planner: "Planner", costs: Costs) -> list[dict[str, Any]]:
    def fee(amounts: "Sequence[Decimal]") -> str | None:
        return str(sum(amounts, Decimal(0))) if amounts else None

    def row(mode: str, done: "Rehearsed") -> dict[str, Any]:
        cost = costs.of(done)
        single = next(iter(done.fees.values()), None) if len(done.fees) == 1 else None
        found = {
            "mode": mode, "cost": None if cost is None else round(cost, 2), "currency": planner.currency,
            "fee": None if single is None else str(single),
            "fees": {name: {"amount": str(amount), "currency": planner.currency_of(name)}
                     for name, amount in done.fees.items()},
            "held_back_by": done.reason, **done.account.as_json(),
            "promises": None if done.promises is None else done.promises.as_json(),
            "by_hour": [hour.as_json() for hour in done.hours],
        }  # fmt: skip
        if done.service:
            found["inbound"] = {name or "all": one.as_json() for name, one in done.service.items()}
        if done.parts:
            found["campaigns"] = {name: part(one) for name, one in done.parts.items()}
        return found

    def part(done: "Rehearsed") -> dict[str, Any]:
        return {
            "mode": done.mode, "fee": fee(list(done.fees.values())), **done.account.calls_alone(),
            "promises": None if done.promises is None else done.promises.as_json(),
        }  # fmt: skip

    return [row(mode, done) for mode, shifts in rows for done in shifts]


def _show(rows: Shifts, planner: "Planner", costs: Costs, hourly: bool) -> None:
    from dialer.rehearsal import sheet

    several = bool(rows[0][1][0].parts)
    for block in sheet.blocks(rows):
        sheet.summary(block, costs.of, planner.currency, planner.currency_of)
    for name, shifts in rows if hourly else ():
        sheet.hourly(name, shifts[0], planner.zone)
    parts = [(name, one) for _, shifts in rows for done in shifts for name, one in done.parts.items()]
    whole = [] if several else [(name, done) for name, shifts in rows for done in shifts]
    idle = dict.fromkeys((name, done.reason) for name, done in [*whole, *parts] if not done.account.attempts)
    for name, reason in idle:
        typer.echo(f"{name}: nobody was dialled, held back by {reason}", err=True)
