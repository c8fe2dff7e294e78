"""Whose turn it is: agents' time is divided among the campaigns that share them, by priority, then by share.

What counts is time in talk, in after-call work, and held for a dial, fading over half an hour; what is under way counts
as if it were over, or the campaign that is behind would dial until its calls came in, and far beyond.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from math import exp

from dialer.campaigns.pacing.model import EventKind

MEMORY_S = 1_800.0
CALL_S, CALL_TRUST = 140.0, 3.0
"""Talk with after-call work, until calls were seen, and how many calls that counts as."""
CALL_MEMORY = 200.0
WAITING: frozenset[EventKind] = frozenset({"ringing", "answered", "live"})
"""A dial that is told to be so still has its agent held."""


@dataclass(slots=True)
class Account:
    """One campaign's use of the agents."""

    share: float = 1.0
    priority: int = 0
    done_s: float = 0.0
    at: float = 0.0
    calls: float = CALL_TRUST
    seconds: float = CALL_TRUST * CALL_S
    busy: dict[str, float] = field(default_factory=dict)
    """Agents at work for it, and since when."""
    held: dict[str, float] = field(default_factory=dict)
    """Dials for which an agent is held, and since when."""
    open: bool = False

    @property
    def call_s(self) -> float:
        """What a call takes of an agent, on average."""
        return self.seconds / self.calls

    def add(self, now: float, seconds: float) -> None:
        self.done_s = self.done(now) + max(0.0, seconds)
        self.at = now

    def done(self, now: float) -> float:
        return self.done_s * exp(min(0.0, self.at - now) / MEMORY_S)

    def used(self, now: float, coming: float) -> float:
        """Agent seconds, with what is under way; `coming`: people expected to answer the dials in the air."""
        call = self.call_s
        working = sum(max(call, now - since) for since in self.busy.values())
        return self.done(now) + working + call * coming + sum(now - since for since in self.held.values())


class Shares:
    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def put(self, name: str, share: float, priority: int) -> None:
        account = self._accounts.setdefault(name, Account())
        account.share, account.priority = share, priority

    def drop(self, name: str) -> None:
        self._accounts.pop(name, None)

    def on_event(self, now: float, name: str, kind: EventKind, dial: str | None, agent: str | None) -> None:
        """Of a campaign's dial: an agent is held for it, or not any more; a talk begins."""
        account = self._accounts[name]
        if kind == "placed" and dial is not None and agent is not None:
            account.held[dial] = now
        elif kind not in WAITING and (since := account.held.pop(dial or "", None)) is not None:
            account.add(now, now - since)
        if kind == "connected" and agent is not None:
            self.free(now, agent)
            account.busy[agent] = now

    def free(self, now: float, agent: str) -> list[str]:
        """The agent's work for whichever campaign is over, after-call work and all. For which it was: it may have lost
        the skills for it since."""
        found = []
        for name, account in self._accounts.items():
            if (since := account.busy.pop(agent, None)) is not None:
                keep = 1 - 1 / CALL_MEMORY
                account.calls = account.calls * keep + 1
                account.seconds = account.seconds * keep + max(0.0, now - since)
                account.add(now, now - since)
                found.append(name)
        return found

    def call_s(self, name: str) -> float:
        return self._accounts[name].call_s

    def priority(self, name: str) -> int:
        return self._accounts[name].priority

    def level(self, now: float, name: str, coming: float) -> float:
        """Agent seconds for each part of its share: the lowest is the furthest behind."""
        account = self._accounts[name]
        return account.used(now, coming) / account.share

    def busy(self, name: str) -> dict[str, float]:
        return self._accounts[name].busy

    def held(self, name: str) -> int:
        """Dials for which an agent is held."""
        return len(self._accounts[name].held)

    def set_open(self, now: float, sharers: Collection[str], names: Collection[str]) -> None:
        """Of these sharers those `names` can dial now. Who could not has no claim to what the others had meanwhile."""
        accounts = {name: self._accounts[name] for name in sharers}
        going = [account.done(now) / account.share for name, account in accounts.items()
                 if account.open and name in names]  # fmt: skip
        for name, account in accounts.items():
            if name in names and not account.open and going:
                account.add(now, min(going) * account.share - account.done(now))
            account.open = name in names
