"""docker-compose.yml as far as it goes without a daemon: `scripts/check-compose` finds nothing, and would."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from demo.plant import REPOSITORY

CHECK = REPOSITORY / "scripts" / "check-compose"


def check(compose: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, CHECK, compose], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in REPOSITORY.iterdir():
        if path.name != "docker-compose.yml":
            (tmp_path / path.name).symlink_to(path)
    shutil.copy(REPOSITORY / "docker-compose.yml", tmp_path)
    return tmp_path / "docker-compose.yml"


def test_the_compose_file_is_sound() -> None:
    done = check(REPOSITORY / "docker-compose.yml")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("sound", "broken", "fault"),
    [
        ("    networks: [plant]\n", "    networks: [plnat]\n", "networks: plnat is not declared"),
        ("image: postgres:17", "image: postgres", "not pinned"),
        ("dockerfile: asterisk/Dockerfile", "dockerfile: asterisk/Dokcerfile", "asterisk/Dokcerfile is not there"),
        ("depends_on: [engine]", "depends_on: [engin]", "depends on engin, which is not there"),
        ("${DIALER_DB_PASSWORD:?the password of the database}", "swordfish", "a secret comes from outside"),
        ("    restart:", "    restrat:", "unknown key restrat"),
        ('"5060:5060/udp"', '"5060:5060/ump"', "is not understood"),
        ("./ivr_flows:", "./ivr_flow:", "./ivr_flow is not there"),
        ("interval: 5s", "interval: 5 seconds", "interval 5 seconds"),
        ('RTP_START: "10000"', "RTP_START: 10000", "put it in quotes"),
    ],
)
def test_a_fault_is_found(copy: Path, sound: str, broken: str, fault: str) -> None:
    text = copy.read_text()
    assert sound in text
    copy.write_text(text.replace(sound, broken, 1))
    done = check(copy)
    assert done.returncode == 1
    assert fault in done.stderr


def test_a_faulty_scrape_configuration_is_found(copy: Path) -> None:
    (copy.parent / "configs").unlink()
    shutil.copytree(REPOSITORY / "configs", copy.parent / "configs")
    config = copy.parent / "configs/compose/prometheus.yml"
    config.write_text(config.read_text().replace("scrape_interval: 5s", "scrape_interval: soon"))
    done = check(copy)
    assert done.returncode == 1
    assert "prometheus.yml" in done.stderr


def test_the_plant_of_the_containers_fits_the_configuration() -> None:
    secrets = dict.fromkeys(("DIALER_API_TOKEN", "DIALER_DB_PASSWORD", "DIALER_AMI_SECRET"), "x")
    command = [sys.executable, "-m", "dialer.cli", "check", "--plant", "configs/compose/plant.yaml"]
    done = subprocess.run(command, cwd=REPOSITORY, env=secrets, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_files_of_asterisk_can_be_filled_in_without_python(tmp_path: Path) -> None:
    render = REPOSITORY / "asterisk" / "render"
    values = {"PATH": "/usr/bin:/bin", "AMI_SECRET": "s3cret", "TRUNK": "192.0.2.1:5060", "MODULES": "/usr/lib/modules"}
    subprocess.run([render, tmp_path / "etc"], env=values, check=True)
    texts = {path.name: path.read_text() for path in (tmp_path / "etc").iterdir()}
    assert texts.keys() == {path.name for path in (REPOSITORY / "asterisk").glob("*.conf")}
    assert "secret = s3cret" in texts["manager.conf"]
    assert "match = 192.0.2.1\n" in texts["pjsip.conf"]
    assert "astmoddir => /usr/lib/modules" in texts["asterisk.conf"]
    assert not [name for name, text in texts.items() if "@AMI" in text or "@TRUNK" in text]


def test_nothing_is_written_when_a_value_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [REPOSITORY / "asterisk" / "render", tmp_path / "etc"],
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "AMI_SECRET" in done.stderr
    assert not (tmp_path / "etc").exists()
