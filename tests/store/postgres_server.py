"""A PostgreSQL server for the tests."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg


def binary(name: str) -> str:
    """A missing server is an error, never a skip."""
    places = [os.environ.get("PATH", ""), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise RuntimeError(f"{name} of PostgreSQL is neither in PATH nor in /usr/lib/postgresql/*/bin")
    return found


def run_as() -> tuple[int, int] | None:
    """PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return user.pw_uid, user.pw_gid
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of our own on a free port of 127.0.0.1."""

    data: Path
    port: int

    def run(self, program: str, *arguments: str) -> None:
        user = run_as()
        uid, gid = user or (None, None)
        done = subprocess.run(
            [binary(program), *arguments], check=False, user=uid, group=gid, extra_groups=None if user is None else [],
            cwd=self.data.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
        )
        if done.returncode:
            log = self.data.parent / "log"
            raise RuntimeError(f"{program}: {done.stdout}\n{log.read_text() if log.exists() else ''}")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=on"
        # The log goes to a file: the server must not keep the pipe that we read to its end.
        self.run("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data.parent / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def url(self, database: str) -> str:
        return f"postgresql://dialer@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """A new database: an empty one, or a copy of another that nobody uses meanwhile."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)


@contextmanager
def running_server() -> Iterator[Server]:
    # Not in pytest's own directory: that is closed to the server's user, again and again.
    with tempfile.TemporaryDirectory(prefix="dialer-postgres-") as home, socket.socket() as free:
        if (user := run_as()) is not None:
            os.chown(home, *user)
        free.bind(("127.0.0.1", 0))
        server = Server(Path(home) / "data", free.getsockname()[1])
        free.close()
        server.run("initdb", "-D", str(server.data), "-U", "dialer", "-A", "trust", "-E", "UTF8", "--locale=C")
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
