"""Voice over a line that loses, delays and reorders by a seed: what the engine keeps is what the line did.

Real RTP and RTCP into a real Asterisk, which reports twice a second here. The line keeps a record of every packet.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest
import pytest_asyncio
import sqlalchemy as sa

from demo.plant import TEMPLATES, Asterisk
from dialer.quality.record import LegVoice
from dialer.store import voice
from tests.e2e.eventually import eventually
from tests.e2e.files import LONG, flow
from tests.e2e.lab import Lab, Puppet
from tests.e2e.voice_quality.media import FRAME_S, Line, Voice, Way, Weather

REPORT_S = 0.5
STALL_S = 2 * REPORT_S
"""A loaded machine may keep a voice still for the time between two reports."""
SKEW = round(REPORT_S / FRAME_S)
"""Packets between two reports."""
TALKS, LISTENS = "+493023125060", "+493023125061"
FILES = {
    **flow("talks", {"line": {"queue": {"skills": ["sales"], "max_wait": "60s", "wrap_up": "0s"}, "next": "bye"},
                     "bye": {"hangup": {}}}, number=TALKS),
    **flow("listens", {"one": {"say": {"en": LONG}, "next": "two"}, "two": {"say": {"en": LONG}, "next": "bye"},
                       "bye": {"hangup": {}}}, number=LISTENS),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def agents_line() -> AsyncIterator[Line]:
    """The agents' phones' own line, clean."""
    async with AsyncExitStack() as stack:
        line = Line(Voice(1, REPORT_S), 1, Weather(), Weather())
        await line.open(stack)
        yield line


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lab_of_module(agents_line: Line, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    often = tmp_path_factory.mktemp("rtp")
    text = (TEMPLATES / "rtp.conf").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^rtcpinterval = .*$", f"rtcpinterval = {REPORT_S * 1000:.0f}", text)
    (often / "rtp.conf").write_text(text, encoding="utf-8")
    root = tmp_path_factory.mktemp("voice")
    async with (
        Asterisk("voice", templates=(TEMPLATES, often)) as plant,
        Lab(plant, root, FILES, phone_media=agents_line.port) as lab,
    ):
        yield lab


@pytest_asyncio.fixture(loop_scope="session")
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def rows(lab: Lab) -> Iterator["Rows"]:
    engine = sa.create_engine(lab.engine.store)
    yield Rows(engine)
    engine.dispose()


class Rows:
    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    async def of(self, call_id: str, legs: int) -> dict[tuple[str, str, str | None], LegVoice]:
        def there() -> list[LegVoice] | None:
            with self._engine.connect() as connection:
                found = voice.of_call(connection, call_id)
            return found if len(found) >= legs else None

        return {(row.leg, row.direction, row.agent): row for row in await eventually(there)}

    async def all(self, call_id: str) -> list[LegVoice]:
        with self._engine.connect() as connection:
            return voice.of_call(connection, call_id)


async def called(
    lab: Lab, stack: AsyncExitStack, number: str, seed: int, to: Weather, back: Weather
) -> tuple[Puppet, Line]:
    line = Line(Voice(seed, REPORT_S), seed, to, back)
    await line.open(stack)
    caller = await lab.call(number, sender=f"+49302312{seed:04}", media=line.port)
    await lab.until_answered(caller)
    answer = next(message for message in caller.messages() if message.word == "200")
    line.aim(int(answer.text.partition("m=audio ")[2].split()[0]))
    return caller, line


async def until_passed(packets: int, *ways: Way) -> None:
    await eventually(lambda: all(len(way.passages) >= packets for way in ways), 30.0)


def done(way: Way, row: LegVoice) -> float:
    """What the line lost in the time that the row is about."""
    return way.lost_share(row.started_at, row.ended_at)


async def test_the_figures_are_what_the_lines_did(lab: Lab, stack: AsyncExitStack, rows: Rows) -> None:
    """Three calls at once: loss and delay with an agent's clean leg behind; bursts and a cut; reordering."""
    await lab.log_in("agent01")
    (one, lossy), (two, bursty), (three, shaken) = await asyncio.gather(
        called(lab, stack, TALKS, 10, Weather(loss=0.10, delay_s=0.06), Weather(loss=0.04, delay_s=0.03)),
        called(lab, stack, LISTENS, 20, Weather(), Weather(loss=0.08, burst=4.0)),
        called(lab, stack, LISTENS, 30, Weather(spread_s=0.05), Weather(spread_s=0.05)),
    )
    await until_passed(150, bursty.to_switch)
    bursty.to_switch.weather.cut = True
    await until_passed(250, bursty.to_switch)
    bursty.to_switch.weather.cut = False
    await until_passed(330, *(way for line in (lossy, bursty, shaken) for way in (line.to_switch, line.from_switch)))
    for caller in (one, two, three):
        caller.hang_up()
    calls = {call.number[-2:]: call.id for call in await lab.settled(3)}

    found = await rows.of(calls["10"], 4)
    told, heard = found["customer", "in", None], found["customer", "out", None]
    assert told.loss == pytest.approx(done(lossy.to_switch, told), abs=0.02)
    assert heard.loss == pytest.approx(done(lossy.from_switch, heard), abs=0.02)
    assert (told.codec, told.endpoint, told.switch, told.client) == ("alaw", "trunk", "voice", "acme")
    # 60 ms there and 30 ms back; what a loaded machine adds comes on top
    for row in (told, heard):
        assert row.round_trip_s is not None and 0.09 <= row.round_trip_s < 1.0
    assert told.r < heard.r < 93.2 and max(told.dead_air_s, heard.dead_air_s) <= STALL_S
    from_agent, to_agent = found["agent", "in", "agent01"], found["agent", "out", "agent01"]
    assert from_agent.loss == 0 and from_agent.r > heard.r and from_agent.endpoint == "agent01"
    # The switch passes the gaps on: the agent's ear misses what the caller's line lost.
    assert to_agent.loss == pytest.approx(done(lossy.to_switch, to_agent), abs=0.03)
    told_by_api = await lab.get(f"calls/{calls['10']}/quality")
    assert (told_by_api["hung_up_by"], len(told_by_api["legs"])) == ("customer", 4)

    found = await rows.of(calls["20"], 2)
    told, heard = found["customer", "in", None], found["customer", "out", None]
    assert told.loss == pytest.approx(done(bursty.to_switch, told), abs=0.02 + REPORT_S / told.seconds)
    # A silence is counted by what the sender tells of itself, a moment before each report of the switch.
    assert 0 <= told.lost - sum(passage.lost for passage in bursty.to_switch.passages) <= SKEW
    assert 2.0 - 2 * REPORT_S <= told.dead_air_s <= 2.0 + 2 * REPORT_S and told.r_worst == 0
    assert heard.loss == pytest.approx(done(bursty.from_switch, heard), abs=0.02) and heard.dead_air_s <= STALL_S

    found = await rows.of(calls["30"], 2)
    told, heard = found["customer", "in", None], found["customer", "out", None]
    assert min(shaken.to_switch.reordered(), shaken.from_switch.reordered()) > 20
    assert max(told.loss, heard.loss) < 0.05
    # Delays spread evenly over 50 ms differ by a third of that; RTCP's mean (RFC 3550 A.8) gets there in some seconds.
    assert all(0.010 < row.jitter_worst_s < 0.05 for row in (told, heard))


async def test_an_agents_leg_is_cut_into_talks(lab: Lab, stack: AsyncExitStack, rows: Rows, agents_line: Line) -> None:
    """The leg stays up; only the second talk's line is bad. In a third nothing is heard of the agent at all, and the
    switch, with nothing to pass on, sends the caller neither sound nor reports."""
    await lab.log_in("agent01")
    found = []
    for seed, weather, legs in ((41, Weather(), 4), (42, Weather(loss=0.2), 4), (43, Weather(cut=True), 2)):
        agents_line.to_switch.weather = weather
        # No report that reaches into the talk tells of the weather before.
        await until_passed(len(agents_line.to_switch.passages) + 60, agents_line.to_switch)
        caller, line = await called(lab, stack, TALKS, seed, Weather(), Weather())
        await lab.until_bridged(2)
        await until_passed(len(line.to_switch.passages) + 110, line.to_switch)
        caller.hang_up()
        call = (await lab.settled(len(found) + 1))[-1]
        found.append((await rows.of(call.id, legs))["agent", "in", "agent01"])
        await lab.until_agent("agent01", "idle")
    clean, bad, dead = found
    assert clean.loss < 0.02 and clean.r > 80
    assert bad.loss == pytest.approx(done(agents_line.to_switch, bad), abs=0.04) and bad.loss > 0.05
    assert bad.r < clean.r
    assert (dead.loss, dead.r, dead.mos) == (1, 0, 1) and dead.dead_air_s == pytest.approx(dead.seconds)
    agents_line.to_switch.weather = Weather()


async def test_a_codec_changed_by_a_re_invite_begins_another_stretch(
    lab: Lab, stack: AsyncExitStack, rows: Rows
) -> None:
    caller, line = await called(lab, stack, LISTENS, 50, Weather(), Weather())
    await until_passed(60, line.to_switch)
    caller.change_codec()
    await lab.until(lambda: sum(message.word == "200" for message in caller.messages()) > 1)
    line.voice.payload = 0
    await until_passed(len(line.to_switch.passages) + 300, line.to_switch)  # the switch asks every sixth report: 3 s
    caller.hang_up()
    [call] = await lab.settled(1)
    await rows.of(call.id, 4)
    found = sorted(await rows.all(call.id), key=lambda row: (row.direction, row.started_at))
    assert [(row.direction, row.codec) for row in found] == [
        ("in", "alaw"), ("in", "ulaw"), ("out", "alaw"), ("out", "ulaw")]
    for first, second in pairwise(found):
        assert first.direction != second.direction or first.ended_at <= second.started_at + 0.001
    assert all(row.loss < 0.1 for row in found)
