"""A private Asterisk on loopback, with ports, directories and a secret of its own.

Used by the demo, the end-to-end tests and the benchmark. The files come from `asterisk/`; the program from
DIALER_ASTERISK_ROOT, else the machine's own, else the private root that `scripts/setup` made.
"""

import asyncio
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from demo.cdr import CdrRow as CdrRow  # part of what this module offers
from demo.cdr import read_cdr
from demo.ports import HOST, Ports, take_ports
from demo.sounds import write_sounds

REPOSITORY = Path(__file__).resolve().parent.parent
TEMPLATES = REPOSITORY / "asterisk"
START_S = 30.0
STOP_S = 10.0
PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


class PlantError(RuntimeError):
    """Asterisk cannot be found, started or spoken to; says what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An Asterisk program; paths as seen from inside `root`, where there is one."""

    program: str
    modules: str
    data: str
    root: Path | None
    release: int = 22
    """The first part of its version."""

    def outside(self, path: str) -> Path:
        """Where a path that Asterisk sees lies for us."""
        return self.root / path.lstrip("/") if self.root else Path(path)

    def command(self, *arguments: str) -> list[str]:
        return [*(["chroot", str(self.root)] if self.root else []), self.program, *arguments]


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's phone: a PJSIP endpoint that is called at `contact` (host:port; None: it registers)."""

    name: str
    contact: str | None = None
    password: str | None = None


def find_asterisk(environ: Mapping[str, str] = os.environ) -> Installation:
    """Raises PlantError when there is none, or when it lacks its modules."""
    named = environ.get("DIALER_ASTERISK_ROOT")
    own = shutil.which("asterisk", path=environ.get("PATH", "") + ":/usr/sbin:/sbin")
    private = REPOSITORY / "var" / "asterisk-root"
    if named:
        return _inspect("/usr/sbin/asterisk", Path(named))
    if own:
        return _inspect(own, None)
    if (private / "usr/sbin/asterisk").exists():
        return _inspect("/usr/sbin/asterisk", private)
    raise PlantError("no Asterisk found: run `make setup`, or install Asterisk and put it in PATH")


def _inspect(program: str, root: Path | None) -> Installation:
    base = root or Path("/")
    if not (base / program.lstrip("/")).exists():
        raise PlantError(f"no Asterisk at {base / program.lstrip('/')}: run `make setup`")
    found = [*base.glob("usr/lib/*/asterisk/modules"), *base.glob("usr/lib*/asterisk/modules")]
    documents = [base / "usr/share/asterisk", base / "var/lib/asterisk"]
    data = [path for path in documents if (path / "documentation").is_dir()]
    if not found or not data:
        raise PlantError(f"the Asterisk in {base} has no modules or no documentation directory: install it anew")
    plain = Installation(program, _inside(found[0], root), _inside(data[0], root), root)
    said = subprocess.run(plain.command("-V"), capture_output=True, text=True, check=False).stdout
    version = re.search(r"Asterisk (?:GIT-)?(\d+)", said)
    return replace(plain, release=int(version[1])) if version else plain


def _inside(path: Path, root: Path | None) -> str:
    return "/" + str(path.relative_to(root)) if root else str(path)


class Asterisk:
    """One private instance: `async with Asterisk(...) as plant:` or `start()` and `stop()`.

    trunk, phones: where calls go; ports reserved for a SIP side of the test (`trunk_port`, `phone_port`) are
    taken when they are left out. `templates`: directories of .conf files, later ones win. `values`: further
    placeholders. `blocks`: 500 ports each, two a call.
    """

    def __init__(
        self,
        name: str = "main",
        *,
        engine: str = f"{HOST}:4573",
        trunk: str | None = None,
        phones: Sequence[Phone] = (),
        templates: Sequence[Path] = (TEMPLATES,),
        values: Mapping[str, str] | None = None,
        installation: Installation | None = None,
        blocks: int = 2,
    ) -> None:
        self.name = name
        self.installation = installation or find_asterisk()
        self.ports: Ports = take_ports(blocks)
        self.host = HOST
        self.ami_user, self.ami_secret = "dialer", secrets.token_hex(16)
        self.sip_port, self.ami_port = self.ports.at(0), self.ports.at(1)
        self.trunk_port, self.phone_port = self.ports.at(2), self.ports.at(3)
        self.trunk = trunk or f"{HOST}:{self.trunk_port}"
        self.phones = tuple(phones)
        self._engine = engine
        older = (TEMPLATES / "before-22",) if self.installation.release < 22 else ()
        self._templates = (*templates[:1], *older, *templates[1:])
        self._values = dict(values or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._owner: IO[bytes] | None = None
        self.seen_as = self._make_directory()
        self.directory = self.installation.outside(self.seen_as)
        self._render()

    # -- paths

    @property
    def sounds_write(self) -> Path:
        """Where we write sound files."""
        return self.directory / "sounds"

    @property
    def sounds_seen_as(self) -> str:
        """The same directory as Asterisk sees it."""
        return f"{self.seen_as}/sounds"

    @property
    def log(self) -> Path:
        return self.directory / "log" / "messages"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    # -- life

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when AMI answers and Asterisk says it is fully booted. Raises PlantError with its last words."""
        if self.pid is not None:
            return
        self._process = self._spawn()
        try:
            async with asyncio.timeout(START_S):
                await self._until_booted()
        except TimeoutError:
            await self.kill()
            raise PlantError(f"Asterisk did not boot within {START_S:.0f} s:\n{self.last_words()}") from None

    def _spawn(self) -> subprocess.Popen[bytes]:
        """setpriv: it dies with our thread, however we die; its own session keeps a terminal's Ctrl-C away. No
        process of asyncio's, so that it may be ended on another loop than it was started on."""
        command = self.installation.command("-f", "-C", f"{self.seen_as}/etc/asterisk.conf")
        with (self.directory / "log" / "console").open("ab") as console:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, cwd="/", start_new_session=True,
            )  # fmt: skip

    async def stop(self) -> None:
        """End it (calls are dropped), and remove its directory unless KEEP is set. Idempotent."""
        await self._end(signal.SIGTERM)
        if os.environ.get("KEEP"):
            (self.directory / "owner").unlink(missing_ok=True)  # or the next one would sweep it up
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
        if self._owner:
            self._owner.close()
            self._owner = None
        self.ports.release()

    async def kill(self) -> None:
        """SIGKILL, as a crash; the directory stays, `start()` brings it back on the same ports."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """An orderly stop and a new start on the same ports."""
        await self._end(signal.SIGTERM)
        await self.start()

    async def _end(self, sign: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(sign)
        try:
            await asyncio.to_thread(process.wait, STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)

    async def _until_booted(self) -> None:
        while True:
            if self.pid is None:
                raise PlantError(f"Asterisk ended while starting:\n{self.last_words()}")
            try:
                return await self._booted()
            except (OSError, EOFError):
                await asyncio.sleep(0.05)

    async def _booted(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.ami_port)
        try:
            login = f"Action: Login\r\nUsername: {self.ami_user}\r\nSecret: {self.ami_secret}\r\nEvents: on\r\n\r\n"
            writer.write(login.encode())
            await reader.readuntil(b"Event: FullyBooted")
        finally:
            writer.close()

    # -- asking it

    async def cli(self, command: str) -> str:
        """What `asterisk -rx COMMAND` prints. Raises PlantError when it cannot be reached."""
        arguments = self.installation.command("-C", f"{self.seen_as}/etc/asterisk.conf", "-rx", command)
        process = await asyncio.create_subprocess_exec(
            *arguments, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd="/",
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode:
            raise PlantError(f"{self.name}: `{command}`: {output.decode(errors='replace').strip()}")
        return output.decode(errors="replace")

    async def channels(self) -> list[str]:
        """The names of the living channels."""
        lines = (await self.cli("core show channels concise")).splitlines()
        return [line.split("!", 1)[0] for line in lines if "!" in line]

    async def idle(self) -> bool:
        return not await self.channels()

    async def clear(self) -> None:
        """Hang everything up, and return when no channel is left. Raises PlantError after some seconds."""
        await self.cli("channel request hangup all")
        for _ in range(100):
            if not await self.channels():
                return
            await asyncio.sleep(0.05)
        raise PlantError(f"{self.name}: channels do not go away: {await self.channels()}")

    async def point_engine(self, host: str, port: int) -> None:
        """From now on scripts are run by the FastAGI server at this address."""
        self._engine = f"{host}:{port}"
        self._render()
        await self.cli(f"dialplan set global DIALER_ENGINE {self._engine}")

    async def set_phones(self, phones: Sequence[Phone]) -> None:
        """Other phones than before, on the running instance."""
        self.phones = tuple(phones)
        self._render()
        await self.cli("module reload res_pjsip.so")

    def cdr(self) -> list[CdrRow]:
        """Its own record of the legs that are over, so far."""
        return read_cdr(self.directory / "log")

    def last_words(self, lines: int = 20) -> str:
        """The end of its logs, for an error message."""
        logs = [self.directory / "log" / "console", self.log]
        texts = [log.read_text(errors="replace") for log in logs if log.exists()]
        return "\n".join("\n".join(text.splitlines()[-lines:]) for text in texts)

    # -- making it

    def _make_directory(self) -> str:
        """A directory held by a lock while we live; those of dead owners are removed."""
        base = self.installation.outside("/srv") if self.installation.root else Path(tempfile.gettempdir())
        base.mkdir(exist_ok=True)
        _sweep(base)
        fresh = Path(tempfile.mkdtemp(prefix=".new-dialer-", dir=base))
        self._owner = (fresh / "owner").open("wb")
        fcntl.flock(self._owner, fcntl.LOCK_EX)
        final = fresh.rename(base / f"dialer-{fresh.name.rpartition('-')[2]}")
        final.chmod(0o755)
        for name in ("etc", "run", "lib/agi-bin", "spool", "log/cdr-custom", "log/cel-custom", "sounds", "moh"):
            (final / name).mkdir(parents=True)
        write_sounds(final / "moh", final / "sounds")
        return _inside(final, self.installation.root)

    def _render(self) -> None:
        values = {
            "ETC": f"{self.seen_as}/etc", "LIB": f"{self.seen_as}/lib", "RUN": f"{self.seen_as}/run",
            "LOG": f"{self.seen_as}/log", "SPOOL": f"{self.seen_as}/spool", "MODULES": self.installation.modules,
            "DATA": self.installation.data, "SOUNDS": self.sounds_seen_as, "MOH": f"{self.seen_as}/moh",
            "AMI_HOST": self.host, "AMI_PORT": str(self.ami_port), "AMI_SECRET": self.ami_secret,
            "AMI_PERMIT": f"{HOST}/255.255.255.255", "SIP_HOST": self.host, "SIP_PORT": str(self.sip_port),
            "RTP_START": str(self.ports.at(10)), "RTP_END": str(self.ports.at(self.ports.count - 1)),
            "TRUNK": self.trunk, "TRUNK_HOST": self.trunk.rpartition(":")[0],
            "ENGINE": self._engine, "SWITCH": self.name, **self._values,
        }  # fmt: skip
        files = {path.name: path for directory in self._templates for path in sorted(directory.glob("*.conf"))}
        for name, path in files.items():
            text = fill(path.read_text(encoding="utf-8"), values, path)
            _write(self.directory / "etc" / name, text)
        _write(self.directory / "etc" / "pjsip_phones.conf", "".join(map(phone_sections, self.phones)))


def fill(text: str, values: Mapping[str, str], source: Path) -> str:
    """The text with every @NAME@ filled in. Raises PlantError for a name nobody gave."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise PlantError(f"{source}: nothing is given for @{match[1]}@")
        return values[match[1]]

    return PLACEHOLDER.sub(value, text)


def phone_sections(phone: Phone) -> str:
    """The lines of pjsip_phones.conf for one phone, on the templates in pjsip.conf."""
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", phone.name) is None:
        raise PlantError(f"a phone cannot be named {phone.name!r}")
    sections = [f"[{phone.name}](phone)", f"aors = {phone.name}"]
    if phone.password:
        sections += [f"auth = {phone.name}"]
    sections += ["", f"[{phone.name}](phone-aor)"]
    if phone.contact:
        sections += [f"contact = sip:{phone.name}@{phone.contact}"]
    if phone.password:
        sections += ["", f"[{phone.name}](phone-auth)", f"username = {phone.name}", f"password = {phone.password}"]
    return "\n".join(sections) + "\n\n"


def _write(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(path)


def _sweep(base: Path) -> None:
    for owner in base.glob("dialer-*/owner"):
        try:
            with owner.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent, ignore_errors=True)
        except OSError:
            continue
