"""A private Asterisk comes up clean, lives beside others, survives what is done to it, and leaves nothing."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from demo.plant import REPOSITORY, TEMPLATES, Asterisk, Phone, PlantError, fill, find_asterisk, phone_sections
from demo.ports import take_ports
from tests.e2e.eventually import eventually

Start = Callable[..., Awaitable[Asterisk]]

CHILD = """
import asyncio
from demo.plant import Asterisk

async def main() -> None:
    async with Asterisk("orphan") as plant:
        print(plant.pid, plant.directory, flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_it_boots_without_a_complaint(fresh_asterisk: Start) -> None:
    plant = await fresh_asterisk(phones=[Phone("agent01"), Phone("agent02", password="s3cret")])
    complaints = [line for line in plant.log.read_text().splitlines() if "WARNING" in line or "ERROR" in line]
    if plant.installation.release < 22:  # older ones write records without that module
        complaints = [line for line in complaints if "res_cdrel_custom" not in line]
    assert complaints == []
    endpoints = await plant.cli("pjsip show endpoints")
    assert all(f"Endpoint:  {name}" in endpoints for name in ("trunk", "agent01", "agent02"))
    assert await plant.channels() == []
    assert plant.cdr() == []


async def test_two_live_beside_each_other(fresh_asterisk: Start) -> None:
    one, two = await asyncio.gather(fresh_asterisk("one"), fresh_asterisk("two"))
    assert len({one.sip_port, two.sip_port, one.ami_port, two.ami_port}) == 4
    assert one.directory != two.directory
    await one.stop()
    assert "Asterisk" in await two.cli("core show version")


@pytest.mark.parametrize("end", ["kill", "restart"])
async def test_it_comes_back_on_the_same_ports(fresh_asterisk: Start, end: str) -> None:
    plant = await fresh_asterisk()
    before, port = plant.pid, plant.ami_port
    if end == "kill":
        await plant.kill()
        with pytest.raises(PlantError):
            await plant.cli("core show version")
        await plant.start()
    else:
        await plant.restart()
    assert plant.pid not in (None, before)
    assert plant.ami_port == port


async def test_stopping_leaves_nothing() -> None:
    plant = Asterisk("brief")
    await plant.start()
    pid, directory, first = plant.pid, plant.directory, plant.ports.first
    assert pid is not None
    await plant.stop()
    await plant.stop()
    assert not alive(pid)
    assert not directory.exists()
    again = take_ports()
    assert again.first <= first
    again.release()


async def test_it_dies_with_its_parent_and_is_swept_up_after() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, directory = (await asyncio.to_thread(parent.stdout.readline)).split()
        assert alive(int(pid))
        parent.send_signal(signal.SIGKILL)
    await eventually(lambda: not alive(int(pid)))
    await Asterisk("next").stop()  # if no other that starts just now has swept already
    assert not Path(directory).exists()


async def test_why_it_did_not_start_is_said(tmp_path: Path) -> None:
    (tmp_path / "modules.conf").write_text("[modules]\nautoload = no\nrequire = no_such_module.so\n")
    with pytest.raises(PlantError, match="no_such_module"):
        async with Asterisk("broken", templates=(TEMPLATES, tmp_path)):
            pass


def test_a_missing_asterisk_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PlantError, match="make setup"):
        find_asterisk({"DIALER_ASTERISK_ROOT": str(tmp_path)})


def test_the_host_name_resolves_at_once_where_asterisk_runs() -> None:
    """Otherwise every call waits for a resolver."""
    found = replace(find_asterisk(), program="getent").command("hosts", socket.gethostname())
    subprocess.run(found, check=True, timeout=5, capture_output=True)


def test_a_placeholder_nobody_gives_is_an_error() -> None:
    assert fill("bind = @HOST@:@PORT@", {"HOST": "::1", "PORT": "5"}, Path("x.conf")) == "bind = ::1:5"
    with pytest.raises(PlantError, match=r"x\.conf: nothing is given for @PORT@"):
        fill("bind = @HOST@:@PORT@", {"HOST": "::1"}, Path("x.conf"))


def test_a_phone_cannot_bring_lines_of_its_own() -> None:
    with pytest.raises(PlantError):
        phone_sections(Phone("a]\n[trunk"))


def test_blocks_of_ports_are_held_until_they_are_released() -> None:
    one, two = take_ports(2), take_ports(2)
    ranges = sorted([range(one.first, one.first + one.count), range(two.first, two.first + two.count)], key=min)
    assert max(ranges[0]) < min(ranges[1])
    one.release()
    two.release()
