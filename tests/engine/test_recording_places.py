"""A directory of recordings that is not there: said by `dialer check`, and by a running engine until it is."""

from pathlib import Path
from typing import Any

from engine_rig import FILES, SWITCH, Rig, write_site
from typer.testing import CliRunner

from dialer.cli import app
from dialer.config.loader import load
from dialer.config.recording_places import lacking_places


def site(root: Path, recording: dict[str, Any] | None) -> None:
    plant = FILES["configs/plant.yaml"]
    switches = {SWITCH: {**plant["switches"][SWITCH], "recordings": {"read": "talks"}}}
    client = FILES["configs/clients/acme.yaml"] | ({"recording": recording} if recording else {})
    files = {"configs/plant.yaml": {**plant, "switches": switches}, "configs/clients/acme.yaml": client}
    write_site(root, FILES | files)


async def test_a_running_engine_says_so_until_the_directory_is_there(tmp_path: Path) -> None:
    site(tmp_path, {"consent": True})
    rig = Rig(tmp_path)
    try:
        await rig.engine.recording_keeper.round()
        [warning] = rig.control.health().warnings
        assert str(tmp_path / "talks") in warning
        (tmp_path / "talks").mkdir()
        await rig.engine.recording_keeper.round()
        assert rig.control.health().warnings == ()
    finally:
        await rig.close()


def test_check_warns_and_goes_on(tmp_path: Path) -> None:
    site(tmp_path, {"consent": True})
    done = CliRunner().invoke(app, ["check", "--root", str(tmp_path)])
    assert done.exit_code == 0
    assert f"warning: recordings of switch `{SWITCH}`: there is no directory {tmp_path / 'talks'}" in done.stderr


def test_where_nothing_is_recorded_no_directory_is_wanted(tmp_path: Path) -> None:
    site(tmp_path, None)
    assert list(lacking_places(load(tmp_path, {}))) == []
