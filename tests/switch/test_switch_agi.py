"""Commands as AGI lines, against a switch that answers what the test says."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.flows.commands import (
    Answer,
    AwaitTone,
    Collect,
    Command,
    Dial,
    Hangup,
    Hold,
    Pause,
    Play,
    Reply,
    SetLanguage,
)
from dialer.quality.beep import Found, Greeting
from dialer.switch.agi import AgiAnswer, Line, RefusedLineError, execute, read_answer
from dialer.switch.audiosocket import AudioServer
from dialer.switch.audiosocket import Listening as ListeningTo

Answerer = Callable[[str], int | str]


class Channel:
    """`answers` gives each line's result (or its text in brackets); time goes on by `WAIT FOR DIGIT` only."""

    def __init__(self, answers: Answerer = lambda line: 0) -> None:
        self.lines: list[str] = []
        self.now = 100.0
        self.joined = 0.0
        self.answers = answers

    async def ask(self, line: str, most_s: float = 10.0) -> AgiAnswer:
        self.lines.append(line)
        answer = self.answers(line)
        if line.startswith("WAIT FOR DIGIT"):
            waits_s = int(line.split()[-1]) / 1000
            assert most_s > waits_s
            self.now += waits_s if answer == 0 else 0.1
        if answer == -1:
            raise RefusedLineError(line)
        return AgiAnswer(200, 1, answer) if isinstance(answer, str) else AgiAnswer(200, answer)

    async def run(self, command: Command, audio: AudioServer | None = None) -> Reply:
        line = Line(self.ask, lambda: self.now, "PJSIP/{number}@trunk", lambda: self.joined, audio)
        return await execute(line, command)


def keys(pressed: str) -> Answerer:
    """Each key comes at the next line that listens."""
    left = list(pressed)

    def answer(line: str) -> int:
        listening = line.startswith("WAIT") or (line.startswith("STREAM") and not line.endswith('""'))
        return ord(left.pop(0)) if listening and left else 0

    return answer


async def test_answer() -> None:
    channel = Channel()
    assert await channel.run(Answer()) == Reply()
    assert channel.lines == ["ANSWER"]


async def test_play_is_a_line_a_sound() -> None:
    channel = Channel()
    assert await channel.run(Play(("a/b", "c"))) == Reply()
    assert channel.lines == ['STREAM FILE "a/b" ""', 'STREAM FILE "c" ""']


async def test_a_key_stops_the_sounds() -> None:
    channel = Channel(keys("5"))
    assert await channel.run(Play(("a", "b"), interrupt="45")) == Reply(digits="5")
    assert channel.lines == ['STREAM FILE "a" "45"']


async def test_a_sound_that_is_not_there() -> None:
    reply = await Channel(lambda line: -1).run(Play(("gone",)))
    assert (reply.status, "gone" in reply.reason) == ("failed", True)


async def test_collect_takes_the_key_that_stopped_the_sound() -> None:
    channel = Channel(keys("12#"))
    assert await channel.run(Collect(("a", "b"), most=4, first_s=5, between_s=3)) == Reply(digits="12")
    assert channel.lines == ['STREAM FILE "a" "0123456789*#ABCD"', "WAIT FOR DIGIT 3000", "WAIT FOR DIGIT 3000"]


async def test_collect_without_a_key_ends_after_its_first_wait() -> None:
    channel = Channel()
    assert await channel.run(Collect(("a",), most=4, first_s=5)) == Reply()
    assert channel.lines[-1] == "WAIT FOR DIGIT 5000"


@given(st.text("0123456789*#", max_size=8), st.integers(1, 6), st.sampled_from(["", "#", "*#"]), st.integers(0, 2))
async def test_collect(pressed: str, most: int, finish: str, sounds: int) -> None:
    expected = ""
    for key in pressed:
        if key in finish or len(expected) == most:
            break
        expected += key
    command = Collect(tuple("ab"[:sounds]), most=most, finish=finish)
    assert await Channel(keys(pressed)).run(command) == Reply(digits=expected)


async def test_hold_plays_music_until_its_time_is_over_whatever_is_pressed() -> None:
    channel = Channel(keys("1" * 7))
    assert await channel.run(Hold(130.0, "acme")) == Reply(status="expired")
    assert (channel.lines[0], channel.lines[-1]) == ("SET MUSIC ON acme", "SET MUSIC OFF")
    assert channel.now == pytest.approx(230.0, abs=0.01)


async def test_pause_is_silent() -> None:
    channel = Channel()
    assert await channel.run(Pause(1.5)) == Reply()
    assert channel.lines == ["WAIT FOR DIGIT 1500"]


async def test_language_and_hangup() -> None:
    channel = Channel()
    assert await channel.run(SetLanguage("pt_BR")) == Reply()
    assert await channel.run(Hangup(34)) == Reply()
    assert channel.lines == ["SET VARIABLE CHANNEL(language) pt_BR", "EXEC Hangup 34"]


DIALLED = [
    ("BUSY", "busy"), ("NOANSWER", "no_answer"), ("CONGESTION", "congestion"),
    ("CHANUNAVAIL", "unavailable"), ("CANCEL", "cancelled"),
]  # fmt: skip


@pytest.mark.parametrize(("asterisk", "status"), DIALLED)
async def test_a_dial_that_is_not_answered(asterisk: str, status: str) -> None:
    channel = Channel(lambda line: asterisk if line.startswith("GET") else 0)
    assert await channel.run(Dial("+4930555", "+49301", 20.2, 60)) == Reply(status=status)  # type: ignore[arg-type]
    assert channel.lines[0] == 'EXEC Dial "PJSIP/+4930555@trunk,21,gIS(60)f(+49301)"'


async def test_a_dial_counts_the_talk_from_its_bridge() -> None:
    def answer(line: str) -> int | str:
        if line.startswith("EXEC Dial"):
            channel.joined = channel.now + 5.0
            channel.now += 12.5
        return "ANSWER" if line == "GET VARIABLE DIALSTATUS" else 0

    channel = Channel(answer)
    assert await channel.run(Dial("+4930555", "", 20)) == Reply(status="answered", seconds=7.5)
    assert channel.lines[0] == 'EXEC Dial "PJSIP/+4930555@trunk,20,gIS(14400)"'


async def test_an_unknown_end_of_a_dial_is_a_failure() -> None:
    reply = await Channel(lambda line: "TORTURE" if line.startswith("GET") else 0).run(Dial("1", "", 20))
    assert (reply.status, reply.reason) == ("failed", "Dial ended with TORTURE")


EVIL = ['x"', "x\nHANGUP", "x\r", "$[1]", "${SHELL(id)}", "a,b", "a&b", "a(b)", "a b", "../x", "a\\"]


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize(
    "make",
    [
        lambda evil: Play((evil,)), lambda evil: Play(("a",), interrupt=evil), lambda evil: Collect((evil,), most=1),
        lambda evil: Collect((), most=1, finish=evil), lambda evil: SetLanguage(evil), lambda evil: Hold(1.0, evil),
        lambda evil: Dial(evil, "", 10), lambda evil: Dial("1", evil, 10),
    ],
)  # fmt: skip
async def test_nothing_evil_reaches_the_switch(make: Callable[[str], Command], evil: str) -> None:
    channel = Channel()
    assert (await channel.run(make(evil))).status == "failed"
    assert channel.lines == []


async def test_no_line_for_a_cause_that_is_none() -> None:
    channel = Channel()
    assert (await channel.run(Hangup(0))).status == "failed"
    assert channel.lines == []


def test_answers_of_asterisk() -> None:
    assert read_answer("200 result=0") == AgiAnswer(200, 0)
    assert read_answer("200 result=-1") == AgiAnswer(200, -1)
    assert read_answer("200 result=49 endpos=8000") == AgiAnswer(200, 49)
    assert read_answer("200 result=1 (ANSWER)") == AgiAnswer(200, 1, "ANSWER")
    assert read_answer("200 result=1 (a (b) c)") == AgiAnswer(200, 1, "a (b) c")
    assert read_answer("510 Invalid or unknown command") == AgiAnswer(510, -1, "Invalid or unknown command")
    assert read_answer("511 Command Not Permitted on a dead channel").code == 511


@given(st.text(max_size=40))
def test_no_answer_breaks_its_reader(line: str) -> None:
    read_answer(line)


class Listening(AudioServer):
    """Hears at once what it is told."""

    def __init__(self, found: Found | None, called: bool) -> None:
        super().__init__()
        self._found, self._called, self._port = found, called, 4574

    @contextmanager
    def expect(self, greeting: Greeting, most_s: float) -> Iterator[ListeningTo]:
        with super().expect(greeting, most_s) as listening:
            listening.found, listening.heard = self._found, self._called
            yield listening


@pytest.mark.parametrize(("found", "called", "reply"), [
    ("tone", True, Reply(reason="tone")), ("silence", True, Reply(reason="silence")), (None, True, Reply("expired")),
])  # fmt: skip
async def test_the_channel_calls_where_its_dialplan_finds_the_engine(
    found: Found | None, called: bool, reply: Reply
) -> None:
    def answers(line: str) -> int | str:
        channel.now += 30.0 if line.startswith("EXEC") else 0.0
        return "engine:4573" if line.startswith("GET") else 0

    channel = Channel(answers)
    assert await channel.run(AwaitTone(4.0, 30.0), Listening(found, called)) == reply
    assert channel.lines[0] == "GET VARIABLE DIALER_ENGINE"
    assert re.fullmatch(r'EXEC TryExec "AudioSocket\([0-9a-f-]{36},engine:4574\)"', channel.lines[1])
    assert len(channel.lines) == 2


@pytest.mark.parametrize(("audio", "after_s"), [
    (None, 0.0), (Listening(None, False), 2.0), (Listening(None, True), 10.0),
], ids=["no server", "it cannot call", "it is cut off"])  # fmt: skip
async def test_where_nobody_can_listen_silence_is_waited_for(audio: AudioServer | None, after_s: float) -> None:
    def answers(line: str) -> int | str:
        channel.now += after_s if "AudioSocket" in line else 0.0
        return "SILENCE" if line.endswith("WAITSTATUS") else 0

    channel = Channel(answers)
    assert await channel.run(AwaitTone(4.0, 30.0), audio) == Reply()
    assert channel.lines[-2] == f"EXEC WaitForSilence 4000,1,{30 - after_s:.0f}"
