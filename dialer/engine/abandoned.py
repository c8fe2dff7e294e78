"""Who answered and found nobody: hears who called, and may say by a key that there shall be no other call."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from dialer.calls import events as ev
from dialer.calls.model import State
from dialer.engine.law import numbers_of
from dialer.engine.live import LiveCall
from dialer.flows.commands import Collect, Play
from dialer.flows.fields import Spoken
from dialer.numbers import is_e164
from dialer.store.records import Stop

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

KEY_S = 4.0
"""How long a key may follow the message."""
MARKED = "do_not_call_"
"""Begins the marks of flows whose customers want no more calls."""


class Abandoned:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine

    def apologise(self, live: LiveCall) -> None:
        """The campaign's message, then the end. Without a script or a message the person hears nothing: silent."""
        abandon = live.campaign.abandon if live.campaign else None
        sounds = self._spoken(live, abandon.message) if abandon else ()
        if not sounds or not live.script.attached:
            live.switch.hangup(live.id)
            return
        live.message = "begun"
        self._engine.scripts.order(live, Play(sounds, abandon.opt_out.key if abandon and abandon.opt_out else ""))

    def takes(self, live: LiveCall, event: ev.ScriptReplied) -> bool:
        """Whether the call goes on: for a key that may still come, or the word that it was understood."""
        if live.call.state is not State.ENDING or live.call.why != "abandoned" or live.message is None:
            return False
        fresh = live.message == "begun"
        if fresh:
            live.message = "silent" if event.reply.status == "failed" else "heard"
        opt_out = live.campaign.abandon.opt_out if live.campaign else None
        if opt_out is None or live.message != "heard" or not live.script.attached:
            return False
        if event.reply.digits == opt_out.key:
            live.message = "opted_out"
            self.opted_out(live, "client", "key")
            if confirm := self._spoken(live, opt_out.confirm):
                self._engine.scripts.order(live, Play(confirm))
            return bool(confirm)
        if fresh:
            self._engine.scripts.order(live, Collect((), most=1, first_s=KEY_S, finish=""))
        return fresh

    def opted_out(self, live: LiveCall, kind: Literal["client", "campaign", "global"], how: str) -> None:
        """The person of this call wants no others."""
        seed = live.seed
        if not is_e164(seed.number):
            log.warning("who wants no more calls has no number that could be called", extra={"call": live.id})
            return
        if kind == "campaign" and seed.campaign is None:
            kind = "client"
        name = {"client": seed.client, "campaign": seed.campaign, "global": None}[kind]
        scope = kind if name is None else f"{kind}:{name}"
        source, now = f"{how} in call {live.id}", self._engine.clock.now()
        self._engine.law.stop([Stop(scope, number, source, now) for number in numbers_of(live)])
        self._engine.metrics.opted_out(seed.client, how)

    def marked(self, live: LiveCall, marks: frozenset[str]) -> None:
        """A flow came to a `do_not_call`."""
        for mark in marks:
            match mark.removeprefix(MARKED):
                case "client" | "campaign" | "global" as kind if mark.startswith(MARKED):
                    self.opted_out(live, kind, "flow")

    def _spoken(self, live: LiveCall, texts: Mapping[str, str]) -> tuple[str, ...]:
        language = live.seed.language or next(iter(texts), "")
        text = texts.get(language) or next(iter(texts.values()), None)
        if text is None:
            return ()
        return self._engine.sounds[live.switch.name].files_for(Spoken({language: text}), language)
