"""Answering machines: some are given to agents to see whether they were people, some get a message after their tone."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dialer.calls import events as ev
from dialer.calls.model import IN_THE_AIR, State
from dialer.campaigns.detection import Tally
from dialer.config.campaign import Campaign
from dialer.engine.live import LiveCall
from dialer.flows.commands import AwaitSilence, AwaitTone, Play
from dialer.flows.fields import Spoken
from dialer.store.desk_records import Detected
from dialer.web.desk_port import DetectionView

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

KEPT_S = 90 * 86_400.0
"""How long what agents found counts."""


class Machines:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        """By campaign."""

    # -- the sample ---------------------------------------------------------------------------------

    def sampled(self, live: LiveCall, event: ev.ScriptStarted) -> bool:
        """Whether this machine is one for an agent to look at: by chance, and where one is free."""
        config, call = live.campaign, live.call
        if event.answered_by != "machine" or config is None or config.agents is None or config.machine.sample == 0.0:
            return False
        if call.state not in (*IN_THE_AIR, State.ANSWERED) or call.plan.machine == "agent":
            return False
        desk = self._engine.floor.desk
        free = desk.by_call(live.id) is not None or desk.idle(config.agents.skills, live.switch.name)
        return bool(free) and _chance(live.id) < config.machine.sample

    def judged(self, live: LiveCall, config: Campaign, was_machine: bool) -> None:
        """The agent of a call said what it was."""
        if not config.machine.detect or live.call.answered_by == "unknown":
            return
        said = live.call.answered_by == "machine"
        before, live.judged = live.judged, was_machine
        tally = self._tallies[config.campaign]
        if before is not None:
            tally.add(said, before, -1)
        tally.add(said, was_machine)
        found = Detected(live.id, config.campaign, self._engine.clock.now(), said, was_machine)
        self._engine.store.detected(found)
        self._tell(config)

    def remember(self, found: Iterable[tuple[str, bool, bool, int]]) -> None:
        """What the store knows of before this engine began."""
        for campaign, said, was, times in found:
            self._tallies[campaign].add(said, was, times)
        for name in self._tallies:
            if (run := self._engine.campaigns.runs.get(name)) is not None:
                self._tell(run.config)

    def view(self, config: Campaign) -> DetectionView | None:
        if not config.machine.detect:
            return None
        tally = self._tallies[config.campaign]
        share, (low, high) = tally.false_positives, tally.false_positives.interval
        return DetectionView(share.of, share.count, share.rate, low, high, tally.missed.rate)

    def _tell(self, config: Campaign) -> None:
        """The abandon budget reckons with what was measured."""
        tally = self._tallies[config.campaign]
        self._engine.budgets.measured(
            config.campaign,
            false_positives=tally.false_positives.with_guess(config.machine.false_positives),
            machines=tally.missed.rate,
        )

    # -- messages -----------------------------------------------------------------------------------

    def leave_message(self, live: LiveCall) -> None:
        """Greeting and tone are over when the tone was heard, or it is silent; then the message. Begun anew where the
        script was lost."""
        machine = live.campaign.machine if live.campaign is not None else None
        sounds = self._spoken(live) if machine is not None else ()
        if machine is None or not sounds or not live.script.attached:
            self._engine.post(ev.FlowEnded(live.id, self._engine.clock.now(), 16))
            return
        live.script.ahead = [Play(sounds)]
        after, wait = machine.after_tone, AwaitTone if machine.after_tone.tone else AwaitSilence
        self._engine.scripts.order(live, wait(after.silence, after.max_wait))

    def goes_on(self, live: LiveCall, event: ev.ScriptReplied) -> bool:
        """Whether the reply was of a message to a machine, which goes on, or is over."""
        ahead = live.script.ahead
        if ahead is None:
            return False
        if event.reply.status == "failed" or not ahead:
            done = event.reply.status != "failed"
            log.info("a message to a machine %s", "is left" if done else "could not be left", extra={"call": live.id})
            self._engine.metrics.machines.message(live.seed.campaign or "", done)
            live.script.ahead = None
            self._engine.post(ev.FlowEnded(live.id, self._engine.clock.now(), 16))
        else:
            self._engine.scripts.order(live, ahead.pop(0))
        return True

    def _spoken(self, live: LiveCall) -> tuple[str, ...]:
        texts = live.campaign.machine.message if live.campaign is not None else {}
        language = live.seed.language or next(iter(texts), "")
        text = texts.get(language) or next(iter(texts.values()), None)
        if text is None:
            return ()
        return self._engine.sounds[live.switch.name].files_for(Spoken({language: text}), language)


def _chance(call_id: str) -> float:
    """0..1, the same for the same call whatever happens to it."""
    return int.from_bytes(hashlib.blake2b(call_id.encode(), digest_size=8).digest()) / 2**64
