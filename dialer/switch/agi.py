"""A flow's commands as AGI, the line language of Asterisk's scripts (res_agi.c).

Pure but for `ask`, which sends one line and waits for its answer, and the clock. Keys are read by the command
that runs: Asterisk throws away what is pressed between two commands, which lie a fraction of a millisecond apart.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, assert_never

from dialer.flows.commands import (
    Answer,
    AwaitSilence,
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
    Status,
)
from dialer.quality.beep import Greeting
from dialer.switch import checks
from dialer.switch.audiosocket import AudioServer

ALL_KEYS = "0123456789*#ABCD"
_SLICE_S = 60.0
"""Longest wait in one AGI line, so that a lost connection is noticed by its answer's time limit."""
_SOUND_MOST_S = 3600.0
_ANSWER = re.compile(r"(\d{3}) result=(-?\d{1,9})(?: \((.*)\))?(?: endpos=\d+)?\s*", re.ASCII)
_DIAL_STATUS: dict[str, Status] = {
    "ANSWER": "answered",
    "BUSY": "busy",
    "NOANSWER": "no_answer",
    "CONGESTION": "congestion",
    "CHANUNAVAIL": "unavailable",
    "CANCEL": "cancelled",
}


class RefusedLineError(Exception):
    """The switch would not run a line on this living channel."""


@dataclass(frozen=True, slots=True)
class AgiAnswer:
    code: int
    result: int
    data: str = ""

    @property
    def key(self) -> str:
        """The key that was pressed, where the result is one's character code; else nothing."""
        return chr(self.result) if 0 < self.result < 128 and chr(self.result) in ALL_KEYS else ""


def read_answer(line: str) -> AgiAnswer:
    """`200 result=1 (ANSWER)`; whatever else reads as code 0 or its own code with result -1."""
    if match := _ANSWER.fullmatch(line):
        return AgiAnswer(int(match[1]), int(match[2]), match[3] or "")
    code = line[:3]
    return AgiAnswer(int(code) if code.isdecimal() else 0, -1, line[4:200])


class Ask(Protocol):
    async def __call__(self, line: str, most_s: float = 10.0) -> AgiAnswer:
        """The answer, on a channel that still lives. Raises RefusedLineError; is cancelled when the script ends."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """A script's connection and its switch's ways."""

    ask: Ask
    clock: Callable[[], float]
    """Monotonic seconds."""
    dial: str
    """Dial string of an outgoing call, with {number}."""
    joined_at: Callable[[], float]
    """When the channel last entered a bridge, by the clock."""
    audio: AudioServer | None = None
    """Where channels can be listened to."""


async def execute(line: Line, command: Command) -> Reply:
    """Run one command. A refusal, or a value that must not reach the switch, is a reply `failed`."""
    try:
        return await _run(line, command)
    except (RefusedLineError, ValueError) as error:
        return Reply(status="failed", reason=str(error))


async def _run(line: Line, command: Command) -> Reply:
    match command:
        case Answer():
            await line.ask("ANSWER", most_s=30.0)
            return Reply()
        case Play(sounds, interrupt):
            return Reply(digits=await _play(line, sounds, checks.keys(interrupt)))
        case Collect():
            return Reply(digits=await _collect(line, command))
        case SetLanguage(language):
            await line.ask(f"SET VARIABLE CHANNEL(language) {checks.word(language)}")
            return Reply()
        case Dial():
            return await _dial(line, command)
        case Hold(most_s, music):
            await line.ask(f"SET MUSIC ON {checks.word(music)}")
            await _wait(line, most_s)
            await line.ask("SET MUSIC OFF")
            return Reply(status="expired")
        case AwaitSilence():
            return await _await_silence(line, command)
        case AwaitTone():
            return await _await_tone(line, command)
        case Pause(seconds):
            await _wait(line, seconds)
            return Reply()
        case Hangup(cause):
            if not 0 < cause < 128:
                return Reply(status="failed", reason=f"{cause} is no Q.850 cause")
            await line.ask(f"EXEC Hangup {cause}")
            return Reply()
        case _:
            assert_never(command)


async def _play(line: Line, sounds: tuple[str, ...], keys: str) -> str:
    """The key that stopped it, or nothing."""
    paths = [checks.sound(sound) for sound in sounds]
    for path in paths:
        answer = await line.ask(f'STREAM FILE "{path}" "{keys}"', most_s=_SOUND_MOST_S)
        if answer.key:
            return answer.key
    return ""


async def _key(line: Line, most_s: float) -> str:
    """The next key, or nothing after `most_s`."""
    left_ms = max(1, round(most_s * 1000))
    answer = await line.ask(f"WAIT FOR DIGIT {left_ms}", most_s=most_s + 10.0)
    return answer.key


async def _collect(line: Line, command: Collect) -> str:
    checks.keys(command.finish)
    key = await _play(line, command.sounds, ALL_KEYS) or await _key(line, command.first_s)
    digits = ""
    while key and key not in command.finish:
        digits += key
        if len(digits) >= command.most:
            break
        key = await _key(line, command.between_s)
    return digits


async def _wait(line: Line, most_s: float) -> None:
    """Let the channel be until then, or until it is taken away; keys mean nothing."""
    ends_at = line.clock() + most_s
    while (left_s := ends_at - line.clock()) > 0:
        await _key(line, min(left_s, _SLICE_S))


async def _dial(line: Line, command: Dial) -> Reply:
    target = checks.endpoint(line.dial.replace("{number}", checks.number(command.number)))
    ring_s, most_s = max(1, math.ceil(command.ring_s)), max(1, math.ceil(command.most_s))
    # g: the caller's script goes on after the talk; S: its longest time; f: the number shown; I: the caller is not
    # told with whom he now talks (it would be this extension's name)
    options = f"gIS({most_s})" + (f"f({checks.number(command.caller_id)})" if command.caller_id else "")
    began = line.clock()
    await line.ask(f'EXEC Dial "{target},{ring_s},{options}"', most_s=ring_s + most_s + 60.0)
    ended = line.clock()
    status = (await line.ask("GET VARIABLE DIALSTATUS")).data
    if status not in _DIAL_STATUS:
        return Reply(status="failed", reason=f"Dial ended with {status or 'no status'}")
    if status != "ANSWER":
        return Reply(status=_DIAL_STATUS[status])
    # Not ANSWEREDTIME: Asterisk 22 counts that from the answer of the caller's own channel. Where the link was
    # down and nobody told us of the bridge, the ringing counts as well.
    return Reply(status="answered", seconds=round(ended - max(began, line.joined_at()), 3))


async def _await_tone(line: Line, command: AwaitTone) -> Reply:
    """The channel calls us where its dialplan finds the engine. One that cannot, or is cut off, waits for silence
    instead."""
    began = line.clock()
    if line.audio is not None:
        host = (await line.ask("GET VARIABLE DIALER_ENGINE")).data.rpartition(":")[0]
        with line.audio.expect(Greeting(command.silence_s), command.most_s) as heard:
            called = f"AudioSocket({heard.id},{host}:{heard.port})"
            await line.ask(f'EXEC TryExec "{called}"', most_s=command.most_s + 10.0)
        if heard.found is not None:
            return Reply(reason=heard.found)
    left_s = command.most_s - (line.clock() - began)
    if left_s <= 0:
        return Reply(status="expired")
    return await _await_silence(line, AwaitSilence(command.silence_s, left_s))


async def _await_silence(line: Line, command: AwaitSilence) -> Reply:
    """WaitForSilence counts its time-out in whole seconds."""
    most_s = math.ceil(max(1.0, command.most_s))
    await line.ask(f"EXEC WaitForSilence {round(command.silence_s * 1000)},1,{most_s}", most_s=most_s + 10.0)
    answer = await line.ask("GET VARIABLE WAITSTATUS")
    return Reply(status="done" if answer.data == "SILENCE" else "expired")
