"""The figures of a rehearsal against a count of their own, made from what the switch was ordered and told."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from test_rehearsal import root, shift  # noqa: F401
from test_rehearsed_ways import write

from dialer.rehearsal import run
from dialer.rehearsal.exchange import Exchange, Line
from dialer.rehearsal.outcome import Rehearsed
from dialer.switch.port import OriginateOrder


class Witness:
    """Writes down every line's answer, talk and end, in virtual seconds."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.answers: dict[str, float] = {}
        self.bridged: dict[str, float] = {}
        self.talks: list[tuple[str, float, float]] = []
        self.ends: dict[str, float] = {}
        self.numbers: set[str] = set()
        self.dials = 0

    @property
    def people(self) -> list[str]:
        return [line for line in self.answers if (fate := self.lines[line].fate) is not None and fate.kind == "person"]

    def talked(self, until: float) -> list[tuple[str, float, float]]:
        """With those that go on at the end."""
        return [*self.talks, *((line, since, until) for line, since in self.bridged.items())]


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    seen = Witness()

    class Watched(Exchange):
        def originate(self, order: OriginateOrder) -> None:
            super().originate(order)
            line = seen.lines[order.channel] = self._lines[order.channel]
            if line.kind == "outbound":
                seen.dials += 1
                seen.numbers.add(line.who)

        def _answer(self, line: Line) -> None:
            super()._answer(line)
            if line.kind == "outbound":
                seen.answers[line.id] = self._clock.now()

        def bridge(self, customer: str, agent: str) -> None:
            super().bridge(customer, agent)
            if self._lines[customer].bridge:
                seen.bridged[customer] = self._clock.now()

        def _part(self, line: Line | None) -> None:
            for one in (line.id, line.peer) if line is not None and line.bridge else ():
                if (since := seen.bridged.pop(one, None)) is not None:
                    seen.talks.append((one, since, self._clock.now()))
            super()._part(line)

        def _end(self, line: Line, cause: int, sip: int | None = None) -> None:
            if self._lines.get(line.id) is line:
                seen.ends[line.id] = self._clock.now()
            super()._end(line, cause, sip)

    monkeypatch.setattr(run, "Exchange", Watched)
    return seen


@pytest.mark.parametrize("mode", ["progressive", "power:3"])
def test_every_figure_is_what_the_switch_saw(root: Path, witness: Witness, mode: str) -> None:  # noqa: F811
    done = run.rehearse(shift(root, mode, agents=5, seconds=2400.0))
    figures, ended = done.account, done.began_at + 2400.0
    talked = witness.talked(ended)
    with_agent = {line for line, _, _ in talked}
    lost = [line for line in witness.people if line in witness.ends and line not in with_agent]
    met = [line for line in witness.people if line in with_agent or line in lost]
    talk_s = sum(end - begin for _, begin, end in talked)
    assert figures.attempts == witness.dials
    assert figures.contacts_tried == len(witness.numbers)
    assert figures.penetration == pytest.approx(len(witness.numbers) / figures.contacts)
    assert (figures.answered, figures.connected) == (len(met), len(with_agent))
    assert figures.abandoned == pytest.approx(len(lost) / len(met))
    assert (figures.abandoned > 0) is (mode != "progressive")
    assert figures.talk_minutes_per_hour == pytest.approx(talk_s / 60 / figures.agent_hours, rel=0.01)
    line_s = sum(witness.ends.get(line, ended) - at for line, at in witness.answers.items())
    assert figures.line_minutes == pytest.approx(line_s / 60, rel=0.01)
    assert figures.worst_half_hour == pytest.approx(worst(witness, met, lost, ended))
    assert figures.occupancy == pytest.approx(busy(done), abs=0.002)


def worst(witness: Witness, met: Sequence[str], lost: Sequence[str], ended: float) -> float:
    """Second by second."""
    shares = [0.0]
    for since in range(int(ended) - 2400, int(ended) - 1800 + 1):
        answered = [line for line in met if since <= witness.answers[line] < since + 1800]
        if len(answered) >= 20:
            shares.append(sum(line in lost for line in answered) / len(answered))
    return max(shares)


def busy(done: Rehearsed) -> float:
    """Looking at every agent once a second: whoever works at all is idle, held, talking or writing up."""
    at_work = busy = 0
    for second in range(2400):
        at = done.began_at + second + 0.5
        states = [span.state for span in done.spans if span.started_at <= at < span.ended_at]
        at_work += sum(state != "paused" for state in states)
        busy += sum(state in ("talking", "wrap_up") for state in states)
    return busy / at_work


def test_the_hours_add_up_to_the_shift(root: Path) -> None:  # noqa: F811
    """From 09:40 to 10:20: two hours of the clock, a part of each."""
    began = shift(root).began_at + 2400
    done = run.rehearse(shift(root, "power:2", seconds=2400.0, began_at=began))
    first, second = done.hours
    assert (first.ends_at, second.begins_at) == (began + 1200, began + 1200)
    for name in ("attempts", "answered", "connected"):
        assert getattr(first, name) + getattr(second, name) == getattr(done.account, name)
    assert first.penetration < second.penetration == done.account.penetration
    assert min(first.occupancy, second.occupancy) <= done.account.occupancy <= max(first.occupancy, second.occupancy)


def test_the_fee_is_what_the_contract_makes_of_the_calls(root: Path) -> None:  # noqa: F811
    client = root / "configs/clients/acme.yaml"
    contract = [{"from": "2026-01-01", "monthly": 900.0, "outbound": {"per_attempt": 0.25, "per_contact": 2.0}}]
    client.write_text(json.dumps(json.loads(client.read_text()) | {"currency": "EUR", "contract": contract}))
    done = run.rehearse(shift(root, "progressive", seconds=900.0))
    over = [call for call in done.calls if call.state == "settled" and call.outcome != "cancelled"]
    talked = {call.contact_id for call in over if call.outcome == "answered" and call.talk_s > 0}
    assert float(done.fees["acme"]) == pytest.approx(0.25 * len(over) + 2.0 * len(talked))


def test_the_same_in_another_process_to_the_byte(root: Path) -> None:  # noqa: F811
    """Whatever the order of sets is there."""
    write(root, "hot")
    command = [sys.executable, "-m", "dialer.cli", "simulate", "calls", "hot", "--root", str(root), "--agents", "3",
               "--hours", "0.1", "--start", "2026-11-16T09:00", "--compare", "predictive", "--json"]  # fmt: skip
    written = [
        subprocess.run(command, env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    ]
    assert written[0] == written[1]
    assert json.loads(written[0])[0]["attempts"] > 5
