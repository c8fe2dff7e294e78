"""The abandon budgets of all campaigns: their own, their groups', those of the country packs that hold for them.

What was counted is kept by ten minutes and country, as the store keeps it, so that a changed configuration finds the
past as well.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialer.calls.outcome import Outcome
from dialer.campaigns.pacing import Pace
from dialer.campaigns.pacing import Window as PaceWindow
from dialer.campaigns.pacing.windows import LONG_S, Estimates, Kind, Limit, Standing, Window, Windows
from dialer.compliance.holding import EVERYWHERE, STRICT, Reach, holding
from dialer.compliance.pack import AbandonRule, Pack
from dialer.config.budgets import AbandonWindow
from dialer.config.campaign import Campaign
from dialer.config.machines import Machine
from dialer.numbers import country_of
from dialer.store.errors import StoreError
from dialer.store.people import GROUP, Counted, Former
from dialer.store.records import PEOPLE_S

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

KEPT_S = 31 * 86_400.0
KINDS: Mapping[Outcome, Kind] = {
    Outcome.ANSWERED: "talked", Outcome.ABANDONED: "abandoned", Outcome.MACHINE: "machine",
}  # fmt: skip
GONE = Estimates(Machine().false_positives)
"""Of a campaign that was not here any more when this engine began."""
RANG_S = 15.0
"""Who was rung so long may be given up (16 CFR 310.4(b)(4)(ii)), where no pack asks for more."""


@dataclass(frozen=True, slots=True)
class Held:
    """A window, and whose calls count in it."""

    window: Window
    reach: Reach = EVERYWHERE

    def counts(self, country: str) -> bool:
        """A call of which the country was not kept counts everywhere."""
        return not country or self.reach.covers(country)


class Budgets:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._history: dict[str, Counter[tuple[float, str, Kind]]] = {}
        self._clients: dict[str, str] = {}
        self._groups: dict[str, str | None] = {}
        """Of campaigns that are, or were: budgets of a client or group also count what one did that was taken out."""
        self._measured: dict[str, Estimates] = {}
        self._sampled: set[str] = set()
        """Campaigns of which a sample told the share of false positives: what is configured is no more than a guess."""
        self._held: dict[str, list[Held]] = {}
        self._windows: dict[str, Windows] = {}
        self.take()

    def windows(self, campaign: str) -> Windows:
        return self._windows.setdefault(campaign, Windows())

    def pace(self, config: Campaign) -> Pace:
        """What the campaign's pacer has to keep to by itself: the lowest share that holds for long."""
        pace, now = Pace.of(config), self._engine.clock.now()
        limits = [one.window.limit for one in self._held.get(config.campaign, ())]
        shares = [limit.most for limit in limits if limit.seconds is not None and limit.seconds >= LONG_S]
        (first, *others), since = pace.windows, now - config.abandon.window
        known: Counter[Kind] = Counter()
        for (at, _, kind), count in self._history.get(config.campaign, Counter()).items():
            known[kind] += count if at + PEOPLE_S > since else 0
        packs = [pack for pack, _ in self._packs(config)]
        within = [rule.connect_within for pack in packs for rule in pack.abandon.values()]
        return Pace(
            ring_s=pace.ring_s,
            connect_s=min([pace.connect_s, *within]),
            windows=(PaceWindow(first.seconds, min([first.share, *shares])), *others),
            take_back_s=max([RANG_S, *(pack.least_ring for pack in packs)]),
            answered=known["talked"] + known["abandoned"],
            abandoned=known["abandoned"],
        )

    # -- what happens -------------------------------------------------------------------------------

    def count(self, campaign: str, number: str, outcome: Outcome) -> None:
        """An attempt was answered, and what came of it is known."""
        kind, now, country = KINDS.get(outcome), self._engine.clock.now(), country_of(number)
        if kind is None or campaign not in self._held:
            return
        self._history.setdefault(campaign, Counter())[now // PEOPLE_S * PEOPLE_S, country, kind] += 1
        for held in self._held[campaign]:
            if held.counts(country):
                held.window.add(now, kind, of=self._measured.get(campaign, GONE))

    def remember(self, campaign: str, people: Iterable[Counted]) -> None:
        """What the store knows of before this engine began."""
        self._history[campaign] = _history(people)
        self.take()

    def remember_gone(self, former: Mapping[str, Former]) -> None:
        """By campaign that is in no file any more."""
        for campaign, one in former.items():
            self._clients.setdefault(campaign, one.client)
            self._groups.setdefault(campaign, one.group)
            self._history[campaign] = _history(one.people)
        self.take()

    def measured(self, campaign: str, false_positives: float | None = None, machines: float | None = None) -> None:
        """Shares that samples gave: of those hung up as machines, the people; of calls to agents, the machines."""
        estimates = self._measured[campaign]
        if false_positives is not None:
            self._sampled.add(campaign)
            estimates.false_positives = false_positives
        if machines is not None:
            estimates.machines = machines

    def standings(self, campaign: str) -> Sequence[Standing]:
        """Packs of countries that nobody of was called are left out."""
        now = self._engine.clock.now()
        found = [(held, held.window.standing(now)) for held in self._held.get(campaign, ())]
        return [stands for held, stands in found if held.reach.countries is None or stands.answered > 0]

    # -- which windows hold -------------------------------------------------------------------------

    def take(self) -> None:
        """The configuration, or what is known of the past, is another one."""
        shared: dict[tuple[str, Limit], Window] = {}
        horizon = self._engine.clock.now() - KEPT_S
        configured = self._engine.configuration.campaigns
        self._held = {}
        past: list[tuple[float, str, str, Kind, int]] = []
        for name, config in configured.items():
            self._clients[name], self._groups[name] = config.client, config.abandon.group
            guess = config.machine.false_positives if config.machine.detect else 0.0
            own = self._measured.setdefault(name, Estimates())
            if name not in self._sampled:
                own.false_positives = guess
            self._held[name] = []
            for scope, limit, reach in self._limits(config):
                window = shared.setdefault((scope, limit), Window(limit, own))
                self._held[name].append(Held(window, reach))
            self.windows(name).windows[:] = [held.window for held in self._held[name]]
            whole = Limit("own", config.abandon.max, config.abandon.window)  # what the pacer itself keeps to
            self._held[name].insert(0, Held(Window(whole, own)))
        for name in self._clients.keys() - configured.keys():
            self._held[name] = list(self._of_gone(name, shared))
        for name in self._held:
            history = self._history[name] = Counter(
                {key: count for key, count in self._history.get(name, Counter()).items() if key[0] >= horizon}
            )
            past += [(at, name, country, kind, count) for (at, country, kind), count in history.items()]
        now = self._engine.clock.now()
        for at, name, country, kind, count in sorted(past):
            for held in self._held[name]:
                if held.counts(country):
                    held.window.add(min(now, at + PEOPLE_S), kind, count, self._measured.get(name, GONE))

    def _of_gone(self, campaign: str, shared: Mapping[tuple[str, Limit], Window]) -> Iterator[Held]:
        """What counts it: the windows of its last group, and its client's, in the countries of their packs."""
        client, group, packs = self._clients[campaign], self._groups.get(campaign), self._engine.configuration.rules
        yield from (Held(window) for (scope, _), window in shared.items() if scope == f"group:{group}")
        for pack, reach in holding(None if STRICT in packs else list(packs), packs):
            for (scope, _), window in shared.items():
                if scope == f"client:{client}:{pack.rules}":
                    yield Held(window, reach if reach.countries else EVERYWHERE)

    def _packs(self, config: Campaign) -> list[tuple[Pack, Reach]]:
        """Those that may hold for its calls, and where."""
        return list(holding(config.rules, self._engine.configuration.rules))

    def _limits(self, config: Campaign) -> Iterator[tuple[str, Limit, Reach]]:
        """Whose counts are together, the window, and the numbers whose calls count."""
        abandon, own = config.abandon, f"campaign:{config.campaign}"
        for window in abandon.windows:
            yield own, _own("own", window), EVERYWHERE
        if (group := abandon.group) is not None:
            yield f"group:{group}", Limit(group, abandon.max, abandon.window), EVERYWHERE
            for window in abandon.windows:
                yield f"group:{group}", _own(group, window), EVERYWHERE
        for pack, reach in self._packs(config):
            for name, rule in pack.abandon.items():
                scope = own if rule.per == "campaign" else f"client:{config.client}"
                yield f"{scope}:{pack.rules}", _of_pack(pack, name, rule), reach


async def note_groups(engine: "Engine") -> None:
    """Which group each campaign is in, for when it is in no file any more. What could not be written is at the next
    start or reload."""
    for name, campaign in engine.configuration.campaigns.items():
        group = campaign.abandon.group or ""
        try:
            if (await engine.store.rounds.selections(name)).get(GROUP, "") != group:
                await engine.store.rounds.stand_by(name, GROUP, group)
        except StoreError as error:
            log.error("the campaign's group could not be noted: %s", error, extra={"campaign": name})


def _own(name: str, window: AbandonWindow) -> Limit:
    most = window.max * window.per if window.per is not None and window.max < 1 else window.max
    return Limit(name, most, window.over, window.per, window.of, window.false_positives)


def _of_pack(pack: Pack, name: str, rule: AbandonRule) -> Limit:
    seconds = 86_400.0 * rule.days if rule.days is not None else None
    most = rule.most * rule.answers if rule.answers is not None and rule.most < 1 else rule.most
    return Limit(
        f"{pack.rules}.{name}", most, seconds, rule.answers, rule.of, rule.false_positives, rule.machines_among_lost,
        rule.binding,
    )  # fmt: skip


def _history(people: Iterable[Counted]) -> Counter[tuple[float, str, Kind]]:
    return Counter({(one.at, one.country, KINDS[one.outcome]): one.count for one in people})
