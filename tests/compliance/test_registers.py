"""Registers on disk: what is in them, whatever the parts they are sorted in; and replaced whole or not at all."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.registers import Register, RegisterError, Registers, import_register, path_of


def nothing(_: str) -> None:
    return None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(10**6, 10**15 - 1).map(lambda n: f"+{n}")), st.integers(1, 7), st.integers(10**6, 10**7))
def test_it_holds_what_was_imported_and_nothing_else(
    tmp_path: Path, numbers: list[str], part: int, other: int
) -> None:
    (tmp_path / "list").write_text("\n".join(numbers))
    target = path_of(tmp_path, "tps")
    done = import_register(tmp_path / "list", target, nothing, 12.5, part=part)
    register = Register(target)
    assert (done.numbers, done.rejected, len(register), register.imported_at) == (
        len(set(numbers)), 0, len(set(numbers)), 12.5)
    assert all(register.holds(number) for number in numbers)
    for near in (f"+{other}", *(f"+{int(number) + 1}" for number in numbers if len(number) < 16)):
        assert register.holds(near) == (near in numbers)


def test_a_new_import_is_seen_and_a_failed_one_changes_nothing(tmp_path: Path) -> None:
    registers = Registers(tmp_path / "registers")
    assert registers.get("tps") is None
    assert registers.some({"tps"}) == {}
    (tmp_path / "list").write_text("+441632960001\n")
    import_register(tmp_path / "list", path_of(tmp_path / "registers", "tps"), nothing, 1.0)
    first = registers.get("tps")
    assert first is not None
    assert first.holds("+441632960001")
    assert registers.get("tps") is first

    def breaks(_: str) -> None:
        raise OSError("the disk is full")

    (tmp_path / "list").write_text("+441632960002\nnonsense\n")
    with pytest.raises(OSError, match="full"):
        import_register(tmp_path / "list", path_of(tmp_path / "registers", "tps"), breaks, 2.0)
    assert registers.get("tps") is first
    assert [path.name for path in (tmp_path / "registers").iterdir()] == ["tps.numbers"]
    import_register(tmp_path / "list", path_of(tmp_path / "registers", "tps"), nothing, 2.0)
    second = registers.get("tps")
    assert second is not None
    assert (second.holds("+441632960001"), second.holds("+441632960002")) == (False, True)
    assert first.holds("+441632960001")  # who still has the old one reads on


@pytest.mark.parametrize("broken", [b"", b"short", b"NUMBERS!" + bytes(16), b"DIALERN1" + bytes(8) + b"\t" + bytes(7)])
def test_a_broken_file_is_no_register(tmp_path: Path, broken: bytes) -> None:
    path_of(tmp_path, "tps").write_bytes(broken)
    with pytest.raises(RegisterError):
        Register(path_of(tmp_path, "tps"))
    assert Registers(tmp_path).some({"tps"}) == {}
