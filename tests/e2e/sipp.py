"""SIPp as the outside world: called people, agents' phones and callers over real SIP and RTP.

`scenarios/*.xml` say what each does; names between at-signs in them are filled in here. Digits are RFC 4733
telephone events, which SIPp sends over a raw socket: that needs root.
"""

import asyncio
import csv
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.plant import fill
from demo.ports import HOST, free_port
from tests.e2e.key_pcap import capture

SCENARIOS = Path(__file__).parent / "scenarios"
OWN_MEDIA = "[media_port]"
"""SIPp's own port for RTP, which it never reads; instead of it a test may name where its own voice is."""
GREETING = (
    "Hello, you have reached the answering machine of a family that is not at home right now, and will not be back "
    "before tomorrow evening. Please leave your name and your number after the tone, and we will call you back."
)
SHORT_GREETING = "Hello, this is the answering machine of the Miller family. Please speak after the tone."
SILENCE = b"\xd5"
"""A sample of A-law."""
_MESSAGE = re.compile(r"^UDP message (sent|received) [^\n]*\n\n(.*?)(?=^-{20,} |\Z)", re.MULTILINE | re.DOTALL)
START_S = 10.0
STOP_S = 5.0


class SippError(RuntimeError):
    """SIPp is missing, or ended by itself with an error of its own."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What SIPp counted. `far_end_hung_up`: calls of a caller that the other side ended."""

    calls: int
    successful: int
    failed: int
    far_end_hung_up: int


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message as SIPp sent or received it."""

    sent: bool
    text: str

    @property
    def line(self) -> str:
        return self.text.partition("\n")[0].strip()

    @property
    def word(self) -> str:
        """A request's method, a response's status."""
        first, second, *_ = self.line.split(" ")
        return second if first == "SIP/2.0" else first

    def header(self, name: str) -> str:
        """Empty when there is none."""
        found = re.search(rf"^{name}:[ \t]*(.*?)\s*$", self.text, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


class Sipp:
    """One SIPp process. Called sides listen on `port` from `start()` on; `stop()` ends it whatever it does."""

    def __init__(self, scenario: str, arguments: list[str], *, port: int | None = None, **values: str | int) -> None:
        if shutil.which("sipp") is None:
            raise SippError("sipp is not installed: run `make setup` (Debian's package sip-tester)")
        self.port = port or free_port(socket.SOCK_DGRAM)
        self._directory = Path(tempfile.mkdtemp(prefix="sipp-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._nudges = 0
        texts = {name: str(value) for name, value in values.items()} | {"SOUNDS": str(voices())}
        path = SCENARIOS / f"{scenario}.xml"
        (self._directory / path.name).write_text(fill(path.read_text(encoding="utf-8"), texts, path))
        self._command = [
            "setpriv", "--pdeathsig", "KILL", "--",
            "sipp", "-sf", path.name, "-i", HOST, "-mi", HOST, "-p", str(self.port), "-mp", str(media_port()),
            "-nostdin", "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_err", "-error_file", "errors",
            "-trace_msg", "-message_file", "messages",
            *arguments,
        ]  # fmt: skip

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when SIPp has its port. Raises SippError with what it said when it ends instead."""
        self._process = self._spawn()
        async with asyncio.timeout(START_S):
            while not _taken(self.port):
                if self._process.poll() is not None:
                    if (self._directory / "stat.csv").exists():
                        return
                    raise SippError(f"{self._command[6]}: {self.said()}")
                await asyncio.sleep(0.02)

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self._directory / "screen").open("wb") as screen:
            return subprocess.Popen(
                self._command, cwd=self._directory, stdin=subprocess.DEVNULL, stdout=screen, stderr=screen,
                start_new_session=True,
            )  # fmt: skip

    async def done(self, within_s: float = 60.0) -> Tally:
        """Wait until all its calls are over (only where a number of calls was given)."""
        assert self._process is not None
        code = await asyncio.to_thread(self._process.wait, within_s)
        if code not in (0, 1, 99):
            raise SippError(f"sipp ended with {code}: {self.said()}")
        return self.tally()

    async def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            await asyncio.to_thread(self._process.wait, STOP_S)
        shutil.rmtree(self._directory, ignore_errors=True)

    def tally(self) -> Tally:
        """The counts so far, at most a second old."""
        with (self._directory / "stat.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter=";") if row.get("FailedCall(C)")]
        last = rows[-1] if rows else {}
        return Tally(
            calls=int(last.get("TotalCallCreated", 0)),
            successful=int(last.get("SuccessfulCall(C)", 0)),
            failed=int(last.get("FailedCall(C)", 0)),
            far_end_hung_up=int(last.get("1(C)") or last.get("GenericCounter1(C)") or 0),
        )

    def messages(self, call_id: str | None = None) -> list[Message]:
        """All that went over the wire so far, in order; of one call, when its Call-ID is given."""
        file = self._directory / "messages"
        blocks = _MESSAGE.findall(file.read_text(errors="replace")) if file.exists() else []
        found = [Message(verb == "sent", text.strip()) for verb, text in blocks]
        return [message for message in found if call_id in (None, message.header("Call-ID"))]

    def invites(self, user: str = "") -> list[Message]:
        """The calls it got or made, oldest first; only those for `user` (a number, a phone), when one is given."""
        seen: dict[str, Message] = {}
        for message in self.messages():
            if message.word == "INVITE" and message.line.startswith(f"INVITE sip:{user}"):
                seen.setdefault(message.header("Call-ID"), message)
        return list(seen.values())

    def nudge(self, call_id: str, header: str) -> None:
        """Make a puppet act: `X-Press: 12` or `X-Hang-Up: yes`, as its scenario says."""
        self._nudges += 1
        lines = [
            f"INFO sip:puppet@{HOST}:{self.port} SIP/2.0", f"Via: SIP/2.0/UDP {HOST}:9;branch=z9hG4bK-n{self._nudges}",
            f"From: <sip:test@{HOST}>;tag=test", f"To: <sip:puppet@{HOST}>", f"Call-ID: {call_id}",
            f"CSeq: {self._nudges} INFO", header, "Content-Length: 0", "", "",
        ]  # fmt: skip
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto("\r\n".join(lines).encode(), (HOST, self.port))

    def fate(self) -> str:
        """Empty while it runs."""
        code = self._process.poll() if self._process is not None else None
        return "" if code is None else f"{self._command[6]} ended with {code}: {self.said()}\n"

    def said(self) -> str:
        """Its errors and the end of its screen, for a message."""
        files = [self._directory / "errors", self._directory / "screen"]
        return "\n".join(file.read_text(errors="replace")[-2000:] for file in files if file.exists())


def called_people(port: int, *, ring_ms: int = 200, brief_ms: int = 1000, machine: str = "machine") -> Sipp:
    """The far side of the trunk: answers by the last two digits of the number, as `called.xml` says. `machine`: the
    voice of its answering machine, `machine` with a long greeting or `answerphone` with a short one and a tone."""
    return Sipp("called", [], port=port, RING_MS=ring_ms, BRIEF_MS=brief_ms, MACHINE=machine)


def phones(port: int, *, hold_ms: int = 600_000) -> Sipp:
    """Agents' phones that answer at once; `hold_ms`: after that long they hang up."""
    return Sipp("phone", [], port=port, HOLD_MS=hold_ms)


def caller(
    sip_port: int, number: str, *, sender: str = "+4930231250", digits: str = "", before_ms: int = 500,
    hold_ms: int = 1000, calls: int = 1, per_second: float = 10,
) -> Sipp:  # fmt: skip
    """A caller to `number` on the Asterisk at `sip_port`: presses `digits`, one after another, `before_ms` after the
    answer and hangs up `hold_ms` later, unless it was hung up on before."""
    if re.fullmatch(r"[0-9*#A-D]*", digits) is None:
        raise ValueError(f"not keys of a telephone: {digits!r}")
    press = f'<exec play_dtmf="{digits}"/>' if digits else '<log message="no keys"/>'
    arguments = [*_count(calls, per_second), f"{HOST}:{sip_port}"]
    return Sipp("caller", arguments, NUMBER=number, FROM=sender, PRESS=press, BEFORE_MS=before_ms, HOLD_MS=hold_ms)


def puppet_caller(
    sip_port: int, number: str, *, sender: str = "+4930231250", media: int | str = OWN_MEDIA
) -> Sipp:
    """A caller, or a phone of that name, who does what the test nudges it to."""
    arguments = [*_count(1, 10), f"{HOST}:{sip_port}"]
    return Sipp("puppet_caller", arguments, NUMBER=number, FROM=sender, MEDIA_PORT=media)


def puppet_phones(port: int, *, media: int | str = OWN_MEDIA) -> Sipp:
    """Agents' phones that answer at once and hang up when the test nudges them."""
    return Sipp("puppet_phone", [], port=port, MEDIA_PORT=media)


def impatient_caller(sip_port: int, number: str, *, sender: str = "+4930231250", ring_ms: int = 300) -> Sipp:
    """A caller who gives up before the answer."""
    arguments = [*_count(1, 10), f"{HOST}:{sip_port}"]
    return Sipp("impatient", arguments, NUMBER=number, FROM=sender, RING_MS=ring_ms)


@asynccontextmanager
async def running(*sides: Sipp) -> AsyncIterator[None]:
    """Several sides at once; all are ended at the end."""
    try:
        for side in sides:
            await side.start()
        yield
    finally:
        for side in sides:
            await side.stop()


@cache
def voices() -> Path:
    """Raw A-law: a person who says hello and then listens, and a machine that talks for long. And the key 9."""
    directory = Path(tempfile.gettempdir()) / "dialer-voices"
    directory.mkdir(exist_ok=True)
    for name, text, pause in (("person", "Hello?", 20), ("machine", GREETING, 10)):
        file = directory / f"{name}.alaw"
        if not file.exists():
            spoken = subprocess.run(["espeak-ng", "--stdout", text], check=True, capture_output=True).stdout
            sox = ["sox", "-V1", "-t", "wav", "-", "-r", "8000", "-c", "1", "-e", "a-law", "-t", "al", "-"]
            raw = subprocess.run([*sox, "pad", "0", str(pause)], input=spoken, check=True, capture_output=True).stdout
            fresh = Path(f"{file}.{free_port()}")
            fresh.write_bytes(raw)
            fresh.rename(file)
    phone = directory / "answerphone.alaw"
    if not phone.exists():
        fresh = Path(f"{phone}.{free_port()}")
        fresh.write_bytes(_answerphone(subprocess.run(
            ["espeak-ng", "--stdout", SHORT_GREETING], check=True, capture_output=True).stdout))  # fmt: skip
        fresh.rename(phone)
    (directory / "nine.pcap").write_bytes(capture("9"))
    return directory


def _answerphone(greeting: bytes) -> bytes:
    """A greeting, a pause, a tone, and silence for long: raw A-law."""
    raw = ["-r", "8000", "-c", "1", "-e", "a-law", "-t", "al", "-"]
    spoken = subprocess.run(["sox", "-V1", "-t", "wav", "-", *raw], input=greeting, check=True, capture_output=True)
    tone = subprocess.run(["sox", "-V1", "-n", *raw, "synth", "0.4", "sine", "1000"], check=True, capture_output=True)
    return spoken.stdout + SILENCE * 4000 + tone.stdout + SILENCE * 8000 * 40


def media_port() -> int:
    """An even port with its neighbours free, for RTP and RTCP."""
    for _ in range(200):
        port = free_port(socket.SOCK_DGRAM) & ~1
        if not any(_bound(port + step) for step in range(4)):
            return port
    raise SippError("no free ports for RTP")


def _count(calls: int, per_second: float) -> list[str]:
    return ["-m", str(calls), "-r", f"{per_second:g}"]


def _taken(port: int) -> bool:
    """As `_bound`, without holding the port for the moment in which somebody else may want it."""
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(line.split()[1].rpartition(":")[2], 16) == port for line in lines)


def _bound(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
