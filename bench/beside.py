"""A predictive campaign on a real Asterisk, beside what `dialer simulate` makes of the same people.

    python -m bench.beside [--contacts 2000] [--agents 30]

Two thousand contacts whose numbers say what they do (SIPp plays them), drawn from a known mix; thirty agents with legs
up. Times are shorter than in life, so that it ends within some minutes: talks of 12 s, rings of 3 s, 3 s to write up.
The engine dials them over a real Asterisk; then the same engine dials the same people in virtual time. Occupancy and
abandon rate must agree within the bounds printed: twice the standard error of the shares of two runs that differ by
chance, and what a second of Asterisk's and SIPp's own time makes.
"""

import argparse
import asyncio
import json
import random
import shutil
import tempfile
import time
from dataclasses import dataclass
from math import exp, log, sqrt
from pathlib import Path

from bench.calls import EngineProcess, answering
from demo.plant import Asterisk, Phone
from demo.ports import HOST
from dialer.config.loader import load
from dialer.config.models import Agent
from dialer.rehearsal.account import Account, account
from dialer.rehearsal.population import Fate, Kind, Promised
from dialer.rehearsal.run import Part, Shift, rehearse
from dialer.rehearsal.staff import Step
from dialer.store.records import AgentSpan, NewContact
from dialer.store.store import Store

SCENARIO = "people.xml"
MIX: tuple[tuple[Kind, str, float], ...] = (
    ("person", "1", 0.40), ("busy", "3", 0.10), ("congestion", "4", 0.08), ("no_answer", "5", 0.42),
)  # fmt: skip
TALK_S, RING_S, RING_SPREAD, WRAP_UP_S, RING_LIMIT_S = 12.0, 3.0, 0.45, 3.0, 9.0
NETWORK_S = 0.05
"""From the dial to its ringing, on loopback."""
OCCUPANCY_BOUND = 0.03
SETTLE_S = 4.0


@dataclass(frozen=True, slots=True)
class Figures:
    real: Account
    simulated: Account

    @property
    def abandon_bound(self) -> float:
        """Twice the standard error of the difference of two shares, and one person."""
        return sum(2 * sqrt(max(one.abandoned, 0.01) / max(1, one.answered)) / sqrt(2)
                   for one in (self.real, self.simulated)) + 1 / max(1, self.real.answered)  # fmt: skip

    @property
    def agree(self) -> bool:
        return (abs(self.real.occupancy - self.simulated.occupancy) <= OCCUPANCY_BOUND
                and abs(self.real.abandoned - self.simulated.abandoned) <= self.abandon_bound)  # fmt: skip


def numbers(count: int, seed: int) -> list[str]:
    draw = random.Random(seed)
    sigma = sqrt(log(2.0))
    made = []
    for place in range(count):
        _, digit, _ = draw.choices(MIX, [share for *_, share in MIX])[0]
        ring = min(99, round(10 * RING_S * exp(draw.gauss(0.0, RING_SPREAD))))
        talk = min(999, max(5, round(10 * TALK_S * exp(draw.gauss(-sigma * sigma / 2, sigma)))))
        made.append(f"+4930{digit}{ring:02}{talk:03}{place:04}")
    return made


class Coded:
    """The population that the numbers tell."""

    def fate(self, number: str, dial: int, hour: int) -> Fate:
        kind = next(kind for kind, digit, _ in MIX if digit == number[5])
        if kind == "person":
            return Fate(kind, NETWORK_S, NETWORK_S + int(number[6:8]) / 10)
        return Fate(kind, NETWORK_S if kind == "no_answer" else None, None if kind == "no_answer" else NETWORK_S)

    def talk_s(self, number: str, dial: int, agent: str) -> float:
        return int(number[8:11]) / 10

    def patience_s(self, number: str, dial: int) -> float | None:
        return None

    def think_s(self, agent: str, number: str) -> float:
        return 0.0

    def wrap_up_s(self, agent: str, talk: int) -> float:
        return WRAP_UP_S

    def disposition(self, number: str, dial: int) -> str | None:
        return None

    def promise(self, number: str, dial: int) -> Promised:
        raise AssertionError("nobody is promised a call")


def write_site(root: Path, plant: Asterisk, web: int, fastagi: int, agents: int, people: list[str]) -> None:
    files = {
        "configs/plant.yaml": {
            "node": "beside", "store": {"url": f"sqlite:///{root}/dialer.db"}, "drain": "1s",
            "web": {"listen": {"host": HOST, "port": web}}, "fastagi": {"host": HOST, "port": fastagi},
            "switches": {"main": {
                "ami": {"host": HOST, "port": plant.ami_port, "user": plant.ami_user}, "channels": 500,
                "calls_per_second": 20, "sounds": {"write": str(plant.sounds_write), "seen_as": plant.sounds_seen_as},
            }},
        },
        "configs/clients/bench.yaml": {
            "client": "bench", "name": "Bench", "caller_id": "+493023125001", "languages": ["en"],
        },
        "configs/agents.yaml": {"agents": {
            f"agent{n:02d}": {"name": f"Agent {n}", "phone": f"agent{n:02d}", "skills": ["sales"]}
            for n in range(agents)
        }},
        "configs/campaigns/ahead.yaml": {
            "campaign": "ahead", "client": "bench", "rules": [], "mode": "predictive", "list": "people.csv",
            "agents": {"skills": ["sales"], "wrap_up": f"{WRAP_UP_S:g}s"}, "ring_timeout": f"{RING_LIMIT_S:g}s",
            "abandon": {"message": {"en": "Sorry."}},
        },
    }  # fmt: skip
    for name, document in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(document))
    (root / "ivr_flows").mkdir()
    (root / "configs/people.csv").write_text("\n".join(["number", *people, ""]))


async def real(root: Path, agents: int, people: list[str], within_s: float) -> Account:
    plant = Asterisk("main", blocks=4)
    plant.phones = tuple(Phone(f"agent{n:02d}", f"{HOST}:{plant.phone_port}") for n in range(agents))
    async with plant:
        await plant.set_phones(plant.phones)
        fastagi, web = plant.ports.at(4), plant.ports.at(5)
        await plant.point_engine(HOST, fastagi)
        write_site(root, plant, web, fastagi, agents, people)
        engine = EngineProcess(root, plant, web)
        await engine.start()
        store = Store.open(f"sqlite:///{root}/dialer.db")
        try:
            async with answering(plant.trunk_port, 0, SCENARIO), answering(plant.phone_port, 3_600_000, "phone.xml"):
                for n in range(agents):
                    await engine.ask(f"/v1/agents/agent{n:02d}/login", post=True)
                    await engine.ask(f"/v1/agents/agent{n:02d}/ready", post=True)
                await asyncio.sleep(SETTLE_S)
                began = time.time()
                await engine.run_campaign("ahead", within_s)
                ended = time.time()
            return await account_of(store, began, ended, len(people))
        finally:
            await engine.stop()
            await store.close()


async def account_of(store: Store, began: float, ended: float, contacts: int) -> Account:
    calls = await store.settled_calls(began, ended + 60, "ahead")
    last = max((call.dialled_at or began) for call in calls)
    return upto(calls, await store.spans(began), began, last, contacts)


def upto(calls: list, spans: list[AgentSpan], began: float, last: float, contacts: int) -> Account:  # type: ignore[type-arg]
    """Until the last contact was dialled: afterwards agents have nothing to wait for."""
    cut = [AgentSpan(span.agent, span.state, max(began, span.started_at), min(last, span.ended_at), span.call_id)
           for span in spans if span.started_at < last and span.ended_at > began]  # fmt: skip
    return account(calls, cut, (last - began) / 3600, contacts, contacts)


def simulated(root: Path, agents: int, people: list[str], seconds: float) -> Account:
    configuration = load(root, {"DIALER_AMI_SECRET": "x"})
    team = {f"agent{n:02d}": Agent(name=f"Agent {n}", phone=f"agent{n:02d}", skills=["sales"]) for n in range(agents)}
    steps = [Step(at, agent, verb) for agent in team for at, verb in ((0.0, "login"), (1.0, "ready"))]  # type: ignore[arg-type]
    began = 1_790_000_000.0
    part = Part("ahead", "predictive", [NewContact(number) for number in people], Coded())
    done = rehearse(Shift(configuration, team, steps, [part], began, seconds))
    last = max(call.dialled_at or began for call in done.calls)
    return upto(list(done.calls), list(done.spans), began, last, len(people))


def show(figures: Figures) -> None:
    print(f"{'':28}{'real Asterisk':>16}{'simulated':>14}{'bound':>10}")
    for name, field, factor in (("occupancy, %", "occupancy", 100), ("abandoned, %", "abandoned", 100),
                                ("people who answered", "answered", 1), ("talks", "connected", 1),
                                ("dials", "attempts", 1), ("wait for a talk, s, p50", "wait_p50_s", 1),
                                ("wait for a talk, s, p90", "wait_p90_s", 1), ("hours", "hours", 1)):  # fmt: skip
        bound = {"occupancy": OCCUPANCY_BOUND, "abandoned": figures.abandon_bound}.get(field)
        said = "" if bound is None else f"{100 * bound:.2f}"
        values = [factor * getattr(one, field) for one in (figures.real, figures.simulated)]
        print(f"{name:28}{values[0]:16.2f}{values[1]:14.2f}{said:>10}")
    print("they agree" if figures.agree else "THEY DO NOT AGREE")


async def compare(contacts: int, agents: int, seed: int) -> Figures:
    people = numbers(contacts, seed)
    root = Path(tempfile.mkdtemp(prefix="beside-"))
    try:
        took = await real(root, agents, people, 120 + 4 * contacts * (TALK_S + WRAP_UP_S) * MIX[0][2] / agents)
        return Figures(took, await asyncio.to_thread(simulated, root, agents, people, 4 * 3600 * took.hours + 120))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=2000)
    parser.add_argument("--agents", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = asyncio.run(compare(options.contacts, options.agents, options.seed))
    show(figures)
    raise SystemExit(not figures.agree)


if __name__ == "__main__":
    main()
