"""Dials ahead of the agents: as many as keep the chance that somebody answers to nobody within the law's budget.

At each decision the next dial's risk is known: the chance that, when it is live, those live by then are as many as
the agents idle now and those freed by then. It dials while that risk is at most what the budget allows.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialer.campaigns.pacing.absences import Absences
from dialer.campaigns.pacing.answers import BIN_S, Answers
from dialer.campaigns.pacing.budget import Budget
from dialer.campaigns.pacing.claims import claims, left_to_dial, promised
from dialer.campaigns.pacing.dials import Dials, Fact, Lost, Nobody, Person, TakenBack
from dialer.campaigns.pacing.durations import Freeing, Lasting
from dialer.campaigns.pacing.excess import Agents, Excess, Rows
from dialer.campaigns.pacing.fixed import spread
from dialer.campaigns.pacing.hours import Hours
from dialer.campaigns.pacing.model import Decision, EventKind, Pace, Reason, Snapshot
from dialer.campaigns.pacing.rivals import Outlook, Portion, Rivals, Tightest
from dialer.campaigns.pacing.roster import Lasted, Roster
from dialer.config.campaign import Campaign

POINTS = 5
"""At so many points in time a dial's risk is looked at."""
REFRESH_S, SOONER_S = 30.0, 3.0
"""The tables are made anew so often, at first sooner: each time after so much more."""
SOON_S = 2.0
"""When a call that rings long is taken to be answered, if a person answers it at all."""
AVERTED = 0.1
"""The chance that nobody is free then at which such a call is taken back, at least; twice what a dial may risk."""
MOST = 1000
"""Dials in one decision, at most."""
HALF_LIFE_S = 7 * 86_400.0
"""What was learnt counts half so long after."""
MOST_TAKEN = 4
"""Calls taken back in one decision, at most."""

ALONE = Rivals()

Ages = dict[int, int]
"""How many dials are in the air, by age in bins."""
Old = tuple[str, int]
"""A dial and its age."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    answer_ratio: float
    """Share of dials that a person answers."""
    talk_s: float
    wrap_up_s: float
    risk: float
    """The chance of a loss at which it dials once more."""


class Predictive:
    """Reset it before use."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._reset(pace or Pace())

    def reset(self, config: Campaign | Pace) -> None:
        self._reset(config if isinstance(config, Pace) else Pace.of(config))

    def _reset(self, pace: Pace) -> None:
        self._pace = pace
        self._answers, self._hours = Answers(pace.ring_s), Hours(pace.zone)
        self._talk, self._wrap = Lasting(120.0, 1.0, 6.0), Lasting(20.0, 0.7, 6.0)
        self._freeing = Freeing(self._talk, self._wrap)
        self._budget = Budget(pace)
        self._patience_s = max(0.0, pace.connect_s - self._answers.detection_s)
        """How long somebody who is live waits for an agent, learnt from those who had none."""
        self._roster, self._absences = Roster(), Absences()
        self._dials = Dials(pace.ring_s)
        self._refreshed_at = self._seen_at = float("-inf")
        self._refresh_s = SOONER_S

    # -- from one life to the next ------------------------------------------------------------------

    def learned(self) -> dict[str, Any]:
        """What another pacer may begin with, as JSON: of people and agents, not of the budget."""
        return {
            "answers": self._answers.learned(), "talk": self._talk.learned(), "wrap": self._wrap.learned(),
            "freeing": self._freeing.learned(), "patience": self._patience_s,
            "absences": self._absences.learned(), "hours": self._hours.learned(),
        }  # fmt: skip

    def recall(self, learned: Mapping[str, Any], age_s: float) -> None:
        """What one that was saved so long ago had learnt. What cannot be read is left out whole: it starts cold."""
        keep = 0.5 ** (max(0.0, age_s) / HALF_LIFE_S)
        try:
            self._answers.recall(learned["answers"], keep)
            self._talk.recall(learned["talk"], keep)
            self._wrap.recall(learned["wrap"], keep)
            self._freeing.recall(*learned["freeing"])
            self._patience_s = min(self._pace.connect_s, max(0.0, float(learned["patience"])))
            self._absences.recall(learned.get("absences", ()))
            if "hours" in learned:
                self._hours.recall(learned["hours"], keep)
        except (KeyError, TypeError, ValueError):
            self._reset(self._pace)
        self._refreshed_at = float("-inf")

    def retune(self, pace: Pace) -> None:
        """Another budget, other times: what was learnt, and what is under way, stays."""
        if pace.ring_s != self._pace.ring_s:
            learned, self._answers = self._answers.learned(), Answers(pace.ring_s)
            self._answers.recall(learned, 1.0)
            self._dials.retime(pace.ring_s)
        self._pace, self._budget = pace, Budget(pace)
        self._refreshed_at = float("-inf")

    def live_in(self, zone: str) -> None:
        """Those who are called go by the clocks of this time zone from now on."""
        self._pace = replace(self._pace, zone=zone)
        self._hours.live_in(zone)

    # -- what happened ------------------------------------------------------------------------------

    def on_event(self, now: float, kind: EventKind, dial: str | None, agent: str | None, value: float = 0.0) -> None:
        if dial is not None:
            self._learn(now, self._dials.on_event(now, kind, dial))
        if agent is not None:
            self._of_agent(now, kind, agent, value)

    def _learn(self, now: float, facts: Iterable[Fact]) -> None:
        for fact in facts:
            match fact:
                case Person(after, detection):
                    self._budget.answered(now)
                    if after is not None:
                        self._answers.person(now, after, after + detection)
                        self._hours.resolved(now, 1.0)
                case Nobody(after, detection):
                    self._answers.nobody(now, after, detection)
                    if not self._answers.share.out:
                        self._hours.resolved(now, 0.0)
                case TakenBack(after):
                    self._answers.taken_back(now, after)
                case Lost(waited):
                    self._budget.lost(now)
                    if waited is not None:
                        self._patience_s += 0.05 * (waited - self._patience_s)

    def _of_agent(self, now: float, kind: EventKind, agent: str, value: float) -> None:
        if kind == "left":
            self._absences.left(now, agent)
        elif kind in ("connected", "idle"):
            self._absences.back(now, agent)
        if kind in ("connected", "ended", "wrap_up", "idle", "left"):
            self._lasted(self._roster.on_event(now, kind, agent, value), kind == "idle")

    def _lasted(self, over: Iterable[Lasted], idle: bool) -> None:
        for what, seconds in over:
            (self._talk if what == "talk" else self._wrap).learn(seconds)
            if what == "wrap":
                self._freeing.ended_work(idle)

    def _who_is_idle(self, now: float, idle: Mapping[str, str]) -> None:
        for dial in self._roster.taken(now, idle, list(self._dials.waiting)):
            self._dials.served(now, dial)
        self._lasted(self._roster.seen(now, idle.items()), True)

    # -- the decision -------------------------------------------------------------------------------

    def decide(self, now: float, state: Snapshot) -> Decision:
        self._learn(now, self._dials.give_up(now, state.in_the_air, lambda: self._roster.went_silently(now)))
        self._who_is_idle(now, {idle.agent: idle.switch for idle in state.idle})
        for idle in state.idle:
            self._absences.back(now, idle.agent)
        self._look(now, self._ages(now, state.in_the_air))
        return self._by_switch(now, state) if state.portions else self._decide(now, state, None)

    def _by_switch(self, now: float, state: Snapshot) -> Decision:
        """One after another: what one was given is not left for the next."""
        decisions = []
        for i, here in enumerate(state.portions):
            part = replace(
                state, idle=tuple([idle for idle in state.idle if idle.switch == here.switch]), rivals=here.rivals,
                free={here.switch: state.free.get(here.switch, 0)}, callbacks=state.callbacks[i :: len(state.portions)],
                inbound_per_s=here.share * state.inbound_per_s,
            )  # fmt: skip
            decisions.append(self._decide(now, part, here))
            state = state.less(len(decisions[-1].places))
        reasons = {decision.reason for decision in decisions} - {"no_agent"} or {"no_agent"}
        return Decision(
            tuple([place for decision in decisions for place in decision.places]),
            next(iter(sorted(reasons - {"enough_in_the_air"}))) if len(reasons) > 1 else next(iter(reasons)),
            tuple([dial for decision in decisions for dial in decision.hang_up]),
        )

    def _decide(self, now: float, state: Snapshot, here: Portion | None) -> Decision:
        own = state.rivals[0] if state.rivals else ALONE
        if not state.idle and not self._roster.busy(here.agents if here else None) and not own.supply:
            return Decision((), "no_agent")
        wanted, reason, hang_up = self._wanted(now, self._ages(now, state.in_the_air, here), state, here)
        agents = {here.switch: 1.0} if here else self._roster.switches() + Counter(own.switches)
        decision = spread(state, wanted, reason, agents)
        return Decision(decision.places, decision.reason, hang_up)

    def outlook(self, now: float, in_the_air: int = 0, here: Portion | None = None) -> Outlook:
        """What others who share the agents have to reckon with, altogether or on one switch."""
        if here is None:
            self._learn(now, self._dials.give_up(now, in_the_air, lambda: self._roster.went_silently(now)))
            self._look(now, self._ages(now, in_the_air))
        ages, detected = self._ages(now, in_the_air, here), self._detected(now, here)
        return Outlook(
            points=self._answers.points,
            horizons=self._horizons(),
            demand=self._answers.demand(ages) + detected,
            in_the_air=sum(ages.values()) + len(detected),
            waiting=self._waiting(here),
            share=self._answers.share.value,
            risk=self._allowed(now),
        )

    def beliefs(self, now: float) -> Beliefs:
        """What it reckons with, for people to look at."""
        return Beliefs(self._answers.share.value, self._talk.mean_s, self._wrap.mean_s, self._allowed(now))

    def supply(self, now: float, among: Container[str] | None = None) -> Rows:
        """The chances to be free by each horizon of the busy agents, or of those `among` them."""
        rows: dict[int, tuple[int, Sequence[float]]] = {}
        freeing = self._freeing
        alike = [freeing.talking(now - since) for since in self._roster.talking(among)]
        alike += [freeing.wrapping(now - since) for since in self._roster.wrapping(among)]
        for row in alike:
            count, _ = rows.get(id(row), (0, row))
            rows[id(row)] = (count + 1, row)
        return list(rows.values())

    def _waiting(self, here: Portion | None) -> int:
        waiting = self._dials.waiting
        return len(waiting) if here is None else sum(dial in here.dials for dial in waiting)

    def _wanted(
        self, now: float, ages: Ages, state: Snapshot, here: Portion | None
    ) -> tuple[int, Reason, tuple[str, ...]]:
        """How many to dial, why not more, and which to take back."""
        allowed = self._allowed(now)
        if state.risk is not None and allowed > 0:
            allowed = state.risk
        answers, known = self._answers, self._detected(now, here)
        back: Rows = self._absences.returning(now, self._horizons())
        if here is not None:
            back = [(count, [here.share * chance for chance in row]) for count, row in back]
        others_at_work = state.rivals[0].supply if state.rivals else ()
        supply = [*self.supply(now, here.agents if here else None), *back, *others_at_work]
        idle = len(state.idle) - max(state.waiting, self._waiting(here))
        others = claims(state, answers.points)
        own, *wider = state.rivals or (ALONE,)
        teams = [(Agents(idle + own.idle, supply, POINTS), own)]
        teams += [(Agents(idle + more.idle, [*supply, *more.supply], POINTS), more) for more in wider]
        idle = min(team.idle for team, _ in teams)

        def ahead_of(ages: Ages) -> Excess:
            demand, unsure = [*answers.demand(ages), *known, *others], answers.share.variation
            sets = [team.excess([*demand, *rivals.demand], unsure) for team, rivals in teams]
            return sets[0] if len(sets) == 1 else Tightest(sets)

        room = min(sum(state.free.values()), MOST if state.rate is None else state.rate)
        old = self._long_ringing(now, here)
        taken = self._averted(old, idle - len(known), supply, allowed)
        _without(ages, taken)
        ahead = ahead_of(ages)
        if not taken and allowed > 0 and room and ahead.risk() > allowed:
            ahead, taken = self._make_room(old[:MOST_TAKEN], ages, allowed, ahead, ahead_of)
            _without(ages, taken)
        self._dials.take_back(now, (dial for dial, _ in taken))
        fresh = answers.fresh()
        wanted = min(team.idle - rivals.in_the_air for team, rivals in teams)
        wanted = max(0, wanted - sum(ages.values()) - len(known) - promised(state, answers.points))
        ahead.add(fresh, wanted)
        wanted += ahead.most(fresh, allowed, max(0, room + 1 - wanted))
        reason: Reason = "abandon_budget" if allowed == 0.0 else "enough_in_the_air"
        most = left_to_dial(state, answers.points)
        if most is not None and most < wanted:
            wanted, reason = max(0, most), "nothing_due"
        return wanted, reason, tuple(dial for dial, _ in taken)

    def _make_room(
        self, old: list[Old], ages: Ages, allowed: float, ahead: Excess, ahead_of: Callable[[Ages], Excess]
    ) -> tuple[Excess, list[Old]]:
        """Long ringing dials, the fewest, without which a fresh one may be dialled: it is worth more than they are."""
        left = dict(ages)
        _without(left, old)
        if not old or ahead_of(left).risk() > allowed:
            return ahead, []
        left = dict(ages)
        taken: list[Old] = []
        while True:
            taken.append(old[len(taken)])
            _without(left, taken[-1:])
            without = ahead_of(left)
            if len(taken) == len(old) or without.risk() <= allowed:
                return without, taken

    def _allowed(self, now: float) -> float:
        return self._budget.risk(now, self._answers.share.broken_at)

    def _averted(self, old: list[Old], idle: int, supply: Rows, allowed: float) -> list[Old]:
        """Of the long ringing dials those that nobody would be free for if they were answered now."""
        if idle > 0 or not old:
            return []
        nobody = 1.0
        for count, row in supply:
            nobody *= (1.0 - row[POINTS]) ** count
        return old if nobody > max(AVERTED, 2 * allowed) else []

    def _long_ringing(self, now: float, here: Portion | None) -> list[Old]:
        """Dials that may be taken back, the longest in the air first, and their ages in bins."""
        after = self._pace.take_back_s
        if after is None:
            return []
        old, dials = [], self._dials
        for dial, since in dials.ringing.items():
            if now - since < after:
                break
            if dial in dials.air and dial not in dials.taken and (here is None or dial in here.dials):
                old.append((dial, max(0, int((now - dials.air[dial]) / BIN_S))))
        return old

    def _detected(self, now: float, here: Portion | None) -> list[tuple[int, Sequence[float]]]:
        """Those answered by somebody or something: the chance of each to be live, at any point."""
        picked = self._answers.picked_up(
            [(after, now - since) for dial, (after, since) in self._dials.detecting.items()
             if here is None or dial in here.dials]
        )  # fmt: skip
        return [(1, [chance] * POINTS) for chance in picked]

    def _horizons(self) -> list[float]:
        """By these times an agent has to be free; the last is for a call that rings long."""
        waits = self._patience_s
        return [*(point + waits for point in self._answers.points), SOON_S + waits]

    def _look(self, now: float, ages: Ages) -> None:
        """Let time pass for the estimates."""
        passed = now - self._seen_at
        if 0 < passed < 60:
            self._answers.expect(ages, passed)
        self._seen_at = now
        if now - self._refreshed_at >= self._refresh_s or now < self._refreshed_at:
            self._refreshed_at, self._refresh_s = now, min(REFRESH_S, self._refresh_s + SOONER_S)
            self._answers.share.turn(self._hours.change(now))
            self._answers.refresh(POINTS, ages)
            talking, wrapping = self._roster.talking(), self._roster.wrapping()
            self._freeing.refresh(self._horizons(), [now - at for at in talking], [now - at for at in wrapping])

    def _ages(self, now: float, in_the_air: int, here: Portion | None = None) -> Ages:
        """How many dials are in the air by age in bins. Of those we were not told of we know nothing: just placed."""
        placed_at = self._dials.placed_at(now, here.dials if here else None)
        ages = Counter([max(0, int((now - placed) / BIN_S)) for placed in placed_at])
        untold = self._dials.untold(in_the_air)
        untold = here.untold(untold) if here else untold
        if untold:
            ages[0] += untold
        return ages


def _without(ages: Ages, taken: Iterable[Old]) -> None:
    for _, age in taken:
        ages[age] -= 1
