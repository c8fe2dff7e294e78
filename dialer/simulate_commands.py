"""`dialer simulate`: a campaign in virtual time, before anybody is called."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dialer.terminal import Plant, Root, configuration_of, fail, names_in, open_store, print_json, store_faults

if TYPE_CHECKING:
    from dialer.config.campaign import Campaign
    from dialer.config.configuration import Configuration
    from dialer.rehearsal.population import Samples
    from dialer.rehearsal.run import Beside, Rehearsed, Shift
    from dialer.store.records import AgentSpan, CallRecord

DAY_S = 86_400.0


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
    compare: Annotated[str, typer.Option(help="Modes side by side: progressive,power:2.5,predictive.")] = "",
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
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    root: Root = Path("."), plant: Plant = None,
) -> None:
    """Rehearse a campaign: the same code, with simulated people, in virtual time. Nobody is called."""
    from dialer.rehearsal import cast

    configuration = configuration_of(root, plant)
    for name in campaigns:
        if name not in configuration.campaigns:
            fail(f"there is no campaign {name}; there are {', '.join(configuration.campaigns)}", 2)
    config, *others = [configuration.campaigns[name] for name in dict.fromkeys(campaigns)]
    if others and (compare or replay or learn is not None or own_lists or plot):
        fail("several campaigns together: leave --compare, --replay, --learn, --own-lists and --plot out", 2)
    if replay and (learn is not None or start or contacts is not None or own_lists):
        fail("--replay takes the day as it was: leave --learn, --start, --contacts and --own-lists out", 2)
    if own_lists and contacts is not None:
        fail("--own-lists or --contacts, not both", 2)
    planner = _Planner(configuration, config, agents, 3600 * hours, others)
    planned = list(cast.modes(compare)) or [_mode_of(config)]
    costs = Costs(agent_hour, line_minute)
    with _refusals(), _quiet():
        if replay:
            planner.take_day(replay)
        else:
            planner.plan(start, contacts, learn, own_lists)
        rows = [(mode, _shifts(planner, mode, range(seed, seed + seeds))) for mode in planned]
        for path in plot or []:
            _plot(rows, path, planner)
    if as_json:
        print_json(_as_json(rows, planner, costs))
    else:
        _show(rows, planner, costs)


def _mode_of(config: "Campaign") -> str:
    return f"power:{config.ratio:g}" if config.mode == "power" and config.ratio is not None else config.mode


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


class _Planner:
    """What is common to all shifts."""

    def __init__(
        self, configuration: "Configuration", campaign: "Campaign", agents: int, seconds: float,
        others: "Sequence[Campaign]" = (),
    ) -> None:
        from zoneinfo import ZoneInfo

        self._configuration, self.campaign, self._others = configuration, campaign, others
        self._size, self._seconds = agents, seconds
        self.zone = ZoneInfo(configuration.clients[campaign.client].timezone)
        self.currency = configuration.clients[campaign.client].currency
        self._samples: Samples | None = None
        self._began_at = 0.0
        self._count: int | None = None
        self._own_lists = False
        self._day: tuple[Sequence[CallRecord], Sequence[AgentSpan]] | None = None
        self.really: Rehearsed | None = None
        """What the replayed day came to."""

    def plan(self, start: str, contacts: int | None, learn: int | None, own_lists: bool) -> None:
        from dialer.rehearsal import cast, past

        now = datetime.now(UTC)
        began = self._moment(start) if start else cast.next_shift(self._configuration, self.campaign, now)
        self._began_at = began.timestamp()
        self._count, self._own_lists = contacts, own_lists
        if learn is not None:
            calls, spans = self._before(now.timestamp() - learn * DAY_S, now.timestamp())
            self._samples = past.samples_of(calls, spans, self.zone)

    def take_day(self, day: str) -> None:
        from dialer.rehearsal import past
        from dialer.rehearsal.account import account
        from dialer.rehearsal.run import Rehearsed

        midnight = self._moment(day)
        calls, spans = self._before(midnight.timestamp(), (midnight + timedelta(days=1)).timestamp())
        own = {call.id for call in calls}
        at_work = {span.agent for span in spans if span.call_id in own}
        spans = [span for span in spans if span.agent in at_work]
        if not spans:
            raise ValueError(f"nobody worked on {self.campaign.campaign} on {day}: there is nothing to replay")
        self._samples = past.samples_of(calls, spans, self.zone, replay=True)
        self._began_at = min(span.started_at for span in spans) - 60.0
        self._seconds = max(span.ended_at for span in spans) - self._began_at
        self._day = (calls, spans)
        tried = len({call.contact_id for call in calls})
        figures = account(calls, [s for s in spans if s.call_id is None or s.call_id in own], self._seconds / 3600,
                          tried, sum(1 for call in calls if call.outcome == "answered"))
        self.really = Rehearsed(self._began_at, figures, calls, spans, "", None)

    def _moment(self, text: str) -> datetime:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None or not 2000 <= found.year < 2100:
            raise ValueError(f"{text!r} is no time on the client's clock; write 2026-11-23T09:00, or 2026-11-23")
        return found.replace(tzinfo=self.zone)

    def _before(self, since: float, until: float) -> "tuple[Sequence[CallRecord], Sequence[AgentSpan]]":
        """The campaign's attempts, and all agents' time."""
        import asyncio

        async def read() -> "tuple[Sequence[CallRecord], Sequence[AgentSpan]]":
            store = open_store(self._configuration)
            try:
                calls = await store.settled_calls(since, until, self.campaign.campaign)
                return calls, await store.spans(since, until)
            finally:
                await store.close()

        calls, spans = asyncio.run(read())
        if not calls:
            raise ValueError(f"the store has no calls of {self.campaign.campaign} from that time")
        return calls, spans

    def shift(self, mode: str, seed: int) -> "Shift":
        from dialer.rehearsal import cast, past
        from dialer.rehearsal.population import Observed, Stated
        from dialer.rehearsal.run import Shift
        from dialer.rehearsal.staff import usual_day
        from dialer.store.records import NewContact

        config = self.campaign
        people = (
            Stated(config.simulate, seed) if self._samples is None else Observed(self._samples, seed, config.simulate))
        if self._day is None:
            agents = cast.team(self._configuration, [config, *self._others], self._size)
            steps = usual_day(agents, self._seconds, seed)
            wanted = self._count or cast.enough(config, self._size, self._seconds)
            contacts = None if self._own_lists else cast.made_up(config, wanted)
            beside = list(self._beside(seed, wanted))
        else:
            beside = []
            calls, spans = self._day
            names = sorted({span.agent for span in spans})
            team = cast.team(self._configuration, [config], len(names))
            agents = dict(zip(names, team.values(), strict=True))
            steps = past.steps_of(spans, calls, self._began_at)
            numbers = list(dict.fromkeys(call.number for call in sorted(calls, key=lambda call: call.created_at)))
            contacts = [NewContact(number) for number in numbers]
            contacts += [new for new in cast.made_up(config, len(numbers)) if new.number not in set(numbers)]
        return Shift(self._configuration, config.campaign, mode, agents, steps, contacts, people, self._began_at,
                     self._seconds, beside)

    def _beside(self, seed: int, first: int) -> "Iterator[Beside]":
        """Each in its own mode, with people of its own; their numbers from `first` on."""
        from dialer.rehearsal import cast
        from dialer.rehearsal.population import Stated
        from dialer.rehearsal.run import Beside

        for config in self._others:
            count = self._count or cast.enough(config, self._size, self._seconds)
            contacts = cast.made_up(config, count, first)
            first += count
            yield Beside(config.campaign, _mode_of(config), contacts, Stated(config.simulate, seed))


def _shifts(planner: _Planner, mode: str, seeds: Sequence[int]) -> "list[Rehearsed]":
    from dialer.rehearsal.run import rehearse
    from dialer.tables import progress

    done = []
    for seed in seeds:
        with progress(f"{mode}, seed {seed}") as step:
            done.append(rehearse(planner.shift(mode, seed), lambda share, step=step: step(int(100 * share), 100)))  # type: ignore[misc]
    return done


def _plot(rows: "Sequence[tuple[str, Sequence[Rehearsed]]]", path: Path, planner: _Planner) -> None:
    """One file for each mode: NAME.svg, or NAME-MODE.svg when several are compared."""
    from dialer.rehearsal.plots import draw

    for mode, shifts in rows:
        file = path if len(rows) == 1 else path.with_name(f"{path.stem}-{mode.replace(':', '-')}{path.suffix}")
        figures = shifts[0].account
        title = (f"{planner.campaign.campaign}, {mode}: {figures.agents} agents, {figures.hours:g} h, "
                 f"{100 * figures.occupancy:.1f} % busy, {100 * figures.abandoned:.2f} % abandoned")
        draw(shifts[0], title, file, planner.campaign.abandon.max, planner.zone)
        typer.echo(f"{file} written", err=True)


def _as_json(
    rows: "Sequence[tuple[str, Sequence[Rehearsed]]]", planner: _Planner, costs: Costs
) -> list[dict[str, Any]]:
    def row(mode: str, done: "Rehearsed") -> dict[str, Any]:
        cost = costs.of(done)
        found = {
            "mode": mode, "cost": None if cost is None else round(cost, 2),
            "fee": None if done.fee is None else str(done.fee), "currency": planner.currency,
            "held_back_by": done.reason, **done.account.as_json(),
        }  # fmt: skip
        if not done.parts:
            return found
        parts = {name: part.account.calls_alone() for name, part in done.parts.items()}
        return found | {"mode": "together", "campaigns": parts}

    return [
        row(mode, done)
        for mode, shifts in [*rows, *([("that day", [planner.really])] if planner.really else [])]
        for done in shifts
    ]  # fmt: skip


def _show(rows: "Sequence[tuple[str, Sequence[Rehearsed]]]", planner: _Planner, costs: Costs) -> None:
    from dialer.tables import simulated

    shown = [*rows, *([("that day", [planner.really])] if planner.really else [])]
    shared = {name: [done.parts[name] for done in rows[0][1]] for name in rows[0][1][0].parts}
    if shared:
        shown = [("together", rows[0][1])]
    simulated(shown, costs.of, planner.currency, shared)
    whole = [(name, done) for name, shifts in rows for done in shifts if not done.parts]
    parts = [(name, part) for done in rows[0][1] for name, part in done.parts.items()]
    idle = dict.fromkeys((name, done.reason) for name, done in [*whole, *parts] if not done.account.attempts)
    for name, reason in idle:
        typer.echo(f"{name}: nobody was dialled, held back by {reason}", err=True)
