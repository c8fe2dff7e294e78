"""The outside world of the demo: an Asterisk of its own whose dialplan (`asterisk/world/`) is everybody we call,
every agent's phone and every caller. Callers are sent on their way from here, over its AMI."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from demo.ami import Ami, AmiError
from demo.plant import TEMPLATES, Asterisk
from demo.voices import make_voices

Manner = Literal["busy", "no_answer", "unknown", "no_circuit", "declines", "machine", "shy", "talks", "talks_briefly"]

_MIX: tuple[tuple[int, Manner], ...] = (
    (10, "busy"), (20, "no_answer"), (23, "unknown"), (25, "no_circuit"), (26, "declines"), (38, "machine"),
    (41, "shy"), (80, "talks"), (100, "talks_briefly"),
)  # fmt: skip
"""By the first number that does not behave so any more; the same as in asterisk/world/extensions.conf."""
_DIGIT_GAP_S = 0.35


def manner(number: str) -> Manner:
    """What a called number does, by its last two digits."""
    last = int(number[-2:])
    return next(manner for end, manner in _MIX if last < end)


@dataclass(frozen=True, slots=True)
class Caller:
    """One call from outside. `keys` as Asterisk's SendDTMF takes them: `w` half a second's pause, `W` a whole one."""

    dials: str
    number: str
    keys: str
    listens_s: float
    stays_s: float


@dataclass(frozen=True, slots=True)
class Habit:
    """A way of calling: how often it comes among all, and within which seconds such a caller gives up."""

    weight: int
    dials: str
    keys: str
    stays_s: tuple[float, float]
    listens_s: tuple[float, float] = (1.5, 4.0)
    numbers_from: str = "+4930231259"
    """The caller's number begins so; two digits follow."""


def callers(habits: Sequence[Habit], rng: random.Random) -> Iterator[Caller]:
    """Endless, the same for the same seed. Each of our numbers is called once, in its first habit, before chance
    decides: a short run has callers for every client too."""
    first: dict[str, Habit] = {}
    for habit in habits:
        first.setdefault(habit.dials, habit)
    chosen = (rng.choices(habits, [habit.weight for habit in habits])[0] for _ in itertools.count())
    for habit in itertools.chain(first.values(), chosen):
        yield Caller(
            habit.dials, f"{habit.numbers_from}{rng.randrange(100):02}", habit.keys,
            round(rng.uniform(*habit.listens_s), 1), round(rng.uniform(*habit.stays_s), 1),
        )  # fmt: skip


class World:
    """`async with World.beside(plant) as world:`"""

    def __init__(self, asterisk: Asterisk) -> None:
        self.asterisk = asterisk
        self.sent = 0
        self._ami: Ami | None = None

    @classmethod
    def beside(cls, plant: Asterisk) -> "World":
        """A world at the plant's trunk port: its numbers and phones are reached there."""
        return cls(
            Asterisk(
                "world", templates=(TEMPLATES, TEMPLATES / "world"), trunk=f"{plant.host}:{plant.sip_port}",
                values={"SIP_PORT": str(plant.trunk_port)},
            )
        )  # fmt: skip

    async def __aenter__(self) -> "World":
        try:
            await make_voices(self.asterisk.sounds_write)
            await self.asterisk.start()
            self._ami = await Ami.connect(
                self.asterisk.host, self.asterisk.ami_port, self.asterisk.ami_user, self.asterisk.ami_secret
            )
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._ami:
            await self._ami.close()
        await self.asterisk.stop()

    async def call(self, caller: Caller) -> None:
        """Send a caller on his way; returns when the call is placed, not when it is over."""
        self.sent += 1
        variables = {"KEYS": caller.keys, "LISTEN": str(caller.listens_s), "STAY": str(caller.stays_s)}
        await self._link().action(
            "Originate",
            {
                "Channel": f"PJSIP/{caller.dials}@engine", "Context": "caller", "Exten": "script", "Priority": "1",
                "CallerID": caller.number, "Timeout": "20000", "Async": "true",
                "Variable": [f"{name}={value}" for name, value in variables.items()],
            },
        )  # fmt: skip

    async def send_callers(self, arrivals: Iterator[Caller], every_s: float, rng: random.Random) -> None:
        """Callers come one by one, at random, one in `every_s` on average, until cancelled."""
        for caller in arrivals:
            await asyncio.sleep(rng.expovariate(1 / every_s))
            with contextlib.suppress(AmiError):
                await self.call(caller)

    async def pick_up(self, phone: str, code: str) -> None:
        """Dial a feature code from an agent's phone, which then stays on the line."""
        await self._link().action(
            "Originate",
            {
                "Channel": f"PJSIP/{code}@engine", "Context": "people", "Exten": phone, "Priority": "1",
                "CallerID": f"<{phone}>", "Timeout": "20000", "Async": "true",
            },
        )  # fmt: skip

    async def press(self, phone: str, keys: str) -> None:
        """Press keys on an agent's phone (RFC 4733 to the engine's Asterisk). Nothing happens when it is on hook."""
        channels = await self._link().listing("CoreShowChannels")
        name = next((row["Channel"] for row in channels if row.get("Exten") == phone), None)
        if name is None:
            return
        for key in keys:
            with contextlib.suppress(AmiError):
                await self._link().action("PlayDTMF", {"Channel": name, "Digit": key, "Duration": "150"})
            await asyncio.sleep(_DIGIT_GAP_S)

    def _link(self) -> Ami:
        if self._ami is None:
            raise AmiError("the world has not begun")
        return self._ami


