"""One shift in virtual time: a pacer at work on simulated people. Nothing here decides how many to dial."""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from time import perf_counter
from typing import Literal

from dialer.campaigns.pacing import EventKind, IdleAgent, Pacer, Snapshot
from dialer.simulation.people import Destiny, People
from dialer.simulation.tally import Tally
from dialer.simulation.world import Exodus, World

TICK_S = 1.0
SWITCH = "sim"
LUNCH_S, PAUSE_S, PAUSE_EVERY_S = 1800.0, 300.0, 2700.0
LATE_S = 600.0

Status = Literal["away", "idle", "talk", "wrap"]


@dataclass(slots=True)
class Dial:
    id: str
    destiny: Destiny
    held: "Worker | None" = None
    """The agent kept free for it."""
    open: bool = True
    """Nobody has answered yet."""
    waits: bool = False


@dataclass(slots=True)
class Worker:
    index: int
    id: str
    status: Status = "away"
    since: float = 0.0
    back: float = 0.0
    """Away from the end of the present work until then; 0: works on."""
    breaks: deque[tuple[float, float]] = field(default_factory=deque)
    """(at, seconds), in order."""


class Shift:
    """Run it once. `tally` has the figures."""

    def __init__(self, world: World, pacer: Pacer, seed: int, tick_s: float = TICK_S) -> None:
        self.world, self.pacer = world, pacer
        self.people = People(world, seed)
        self.end = world.hours * 3600.0
        self.tally = Tally(self.end)
        self.now = 0.0
        self._tick_s = tick_s
        self._heap: list[tuple[float, int, str, Dial | Worker | None]] = []
        self._sequence = 0
        self._idle: dict[str, Worker] = {}
        self._waiting: deque[Dial] = deque()
        self._ringing: dict[str, Dial] = {}
        self._lines = world.lines
        self._tokens = world.rate
        self._tokens_at = 0.0
        self._dialled = 0
        self._workers = [Worker(i, f"a{i}") for i in range(world.agents)]

    # -- the loop -----------------------------------------------------------------------------------

    def run(self) -> Tally:
        self._roster()
        self._after(0.0, "tick", None)
        while self._heap and self._heap[0][0] < self.end:
            self.now, _, kind, subject = heappop(self._heap)
            self._happen(kind, subject)
            if kind != "ringing":
                self._decide()
        self.tally.close(self.end, self._workers_time())
        return self.tally

    def _after(self, seconds: float, kind: str, subject: Dial | Worker | None) -> None:
        self._sequence += 1
        heappush(self._heap, (self.now + seconds, self._sequence, kind, subject))

    def _happen(self, kind: str, subject: Dial | Worker | None) -> None:
        if isinstance(subject, Dial):
            self._dial_event(kind, subject)
        elif isinstance(subject, Worker):
            self._worker_event(kind, subject)
        elif kind == "tick":
            self._after(self._tick_s, "tick", None)

    def _tell(
        self, kind: EventKind, dial: Dial | None = None, worker: Worker | None = None, value: float = 0.0
    ) -> None:
        self.pacer.on_event(self.now, kind, dial.id if dial else None, worker.id if worker else None, value)

    # -- dialling -----------------------------------------------------------------------------------

    def _decide(self) -> None:
        world = self.world
        self._tokens = min(max(world.rate, 1.0), self._tokens + (self.now - self._tokens_at) * world.rate)
        self._tokens_at = self.now
        state = Snapshot(
            idle=tuple([IdleAgent(name, SWITCH) for name in self._idle]),
            in_the_air=len(self._ringing),
            free={SWITCH: self._lines},
            rate=int(self._tokens),
        )
        begin = perf_counter()
        decision = self.pacer.decide(self.now, state)
        self.tally.decided(perf_counter() - begin)
        for place in decision.places[: min(self._lines, int(self._tokens))]:
            self._place(self._idle.pop(place.agent, None) if place.agent else None)
        for name in decision.hang_up:
            dial = self._ringing.get(name)
            if dial is not None:
                self.tally.taken_back += 1
                self._close(dial)
                self._tell("failed", dial)

    def _place(self, held: Worker | None) -> None:
        self._dialled += 1
        self._tokens -= 1
        self._lines -= 1
        dial = Dial(f"d{self._dialled}", self.people.dial(self.now), held)
        self._ringing[dial.id] = dial
        self.tally.dials += 1
        self._tell("placed", dial)
        if dial.destiny.rings_s is not None:
            self._after(dial.destiny.rings_s, "ringing", dial)
        self._after(dial.destiny.ends_s, "answered" if dial.destiny.fate != "failed" else "failed", dial)

    def _close(self, dial: Dial) -> None:
        """It is over before anyone talked."""
        dial.open = False
        self._ringing.pop(dial.id, None)
        self._lines += 1
        self._release(dial)

    def _release(self, dial: Dial) -> None:
        """The agent held for it is anyone's again, or goes where it was to go."""
        worker, dial.held = dial.held, None
        if worker is None or worker.status != "idle":
            return
        if worker.back > self.now:
            self._leave(worker)
        elif self._waiting:
            self._connect(self._waiting.popleft(), worker)
        else:
            self._idle[worker.id] = worker

    def _dial_event(self, kind: str, dial: Dial) -> None:
        if kind in ("ringing", "failed", "answered") and not dial.open:
            return
        if kind == "ringing":
            self._tell("ringing", dial)
        elif kind == "failed":
            self._close(dial)
            self._tell("failed", dial)
        elif kind == "answered":
            dial.open = False
            del self._ringing[dial.id]
            self._after(dial.destiny.known_s - dial.destiny.ends_s, dial.destiny.fate, dial)
            if dial.destiny.fate == "person" and not self.world.clock_from_greeting:
                self._after(self.world.connect_s, "give_up", dial)
            self._tell("answered", dial)
        elif kind == "machine":
            self._lines += 1
            self._release(dial)
            self._tell("machine", dial)
        elif kind == "person":
            self._person(dial)
        elif kind == "give_up" and dial.waits:
            self._abandon(dial)

    def _person(self, dial: Dial) -> None:
        self.tally.answered_at(self.now)
        self._tell("live", dial)
        if dial.held is not None and dial.held.status == "idle":
            self._connect(dial, dial.held)
        elif self._idle:
            self._connect(dial, next(iter(self._idle.values())))
        elif not self.world.clock_from_greeting and dial.destiny.known_s - dial.destiny.ends_s >= self.world.connect_s:
            self._abandon(dial)
        else:
            if self.world.clock_from_greeting:
                self._after(self.world.connect_s, "give_up", dial)
            dial.waits = True
            self._waiting.append(dial)

    def _abandon(self, dial: Dial) -> None:
        if dial.waits:
            dial.waits = False
            self._waiting.remove(dial)
        self._lines += 1
        self.tally.abandoned_at(self.now)
        self._tell("abandoned", dial)

    # -- agents -------------------------------------------------------------------------------------

    def _connect(self, dial: Dial, worker: Worker) -> None:
        dial.waits = False
        self._idle.pop(worker.id, None)
        dial.held = None
        self.tally.waits.append(self.now - worker.since)
        self._become(worker, "talk")
        self._tell("connected", dial, worker)
        self._after(self.people.talk(worker.index), "talked", worker)

    def _worker_event(self, kind: str, worker: Worker) -> None:
        if kind == "talked":
            self._lines += 1
            self._tell("ended", None, worker, self.now - worker.since)
            self._become(worker, "wrap")
            self._tell("wrap_up", None, worker)
            self._after(self.people.wrap(worker.index), "wrapped", worker)
        elif kind == "exodus":
            self._send_away(worker, self._exodus_end(self.now))
        elif kind == "wrapped":
            self._wrapped(worker)
        elif worker.status == "away" and self.now >= worker.back:
            self._ready(worker)
        elif kind == "break" and worker.status == "idle" and worker.breaks and self.now >= worker.breaks[0][0]:
            self._send_away(worker, self.now + worker.breaks.popleft()[1])

    def _exodus_end(self, now: float) -> float:
        return max(event.until for event in self.world.disturbances if isinstance(event, Exodus) and event.at <= now)

    def _send_away(self, worker: Worker, back: float) -> None:
        worker.back = max(worker.back, back)
        if self._idle.pop(worker.id, None):
            self._leave(worker)

    def _leave(self, worker: Worker) -> None:
        self._become(worker, "away")
        self._tell("left", None, worker)
        self._after(worker.back - self.now, "back", worker)

    def _wrapped(self, worker: Worker) -> None:
        if worker.breaks and self.now >= worker.breaks[0][0]:
            worker.back = max(worker.back, self.now + worker.breaks.popleft()[1])
        if worker.back > self.now:
            self._leave(worker)
        else:
            self._ready(worker)

    def _ready(self, worker: Worker) -> None:
        worker.back = 0.0
        self._become(worker, "idle")
        self._tell("idle", None, worker)
        if self._waiting:
            self._connect(self._waiting.popleft(), worker)
        else:
            self._idle[worker.id] = worker

    def _become(self, worker: Worker, status: Status) -> None:
        self.tally.spent(worker.status, worker.since, self.now)
        worker.status, worker.since = status, self.now

    def _workers_time(self) -> list[tuple[str, float]]:
        return [(worker.status, worker.since) for worker in self._workers]

    def _roster(self) -> None:
        draw = self.people.rota
        for worker in self._workers:
            start = draw.uniform(0.0, LATE_S) if self.world.breaks else 0.0
            self._after(start, "back", worker)
            if self.world.breaks:
                lunch = self.end * draw.uniform(0.4, 0.6)
                pauses = [(at, PAUSE_S) for at in self._pause_times(start) if abs(at - lunch) > PAUSE_EVERY_S / 2]
                worker.breaks.extend(sorted([*pauses, (lunch, LUNCH_S)]))
                for at, _ in worker.breaks:
                    self._after(at, "break", worker)
        for event in self.world.disturbances:
            if isinstance(event, Exodus):
                for worker in self._workers[: round(event.share * len(self._workers))]:
                    self._after(event.at, "exodus", worker)

    def _pause_times(self, start: float) -> list[float]:
        times, at = [], start
        while (at := at + PAUSE_EVERY_S * self.people.rota.uniform(0.6, 1.4)) < self.end:
            times.append(at)
        return times
