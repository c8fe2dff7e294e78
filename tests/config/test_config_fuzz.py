"""Whatever is done to the files, `load` returns a configuration or raises ConfigError with places in them."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dialer.config.configuration import Configuration
from dialer.config.faults import ConfigError
from dialer.config.loader import load

SITE = Path(__file__).parent / "site"
FILES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.yaml"))
FRAGMENTS = [
    "", " ", "\n", "\t", ":", "-", "{", "}", "[", "]", "'", '"', "#", "&a ", "*a", "!", "|", ">", "%", "@", "null",
    "true", "yes", "0", "-1", "1e9", "9" * 400, "9" * 400 + "s", "0.5", "20:00", "+49", "é", "\x00", "\ufeff", "\u2028",
    "<<: ", "${language}", "${", "{number}", "[[", "a" * 5000, "\r\n", "---\n", "...\n", "?", ", ", "x: 1\n", "\ud800",
]  # fmt: skip

changes = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(FRAGMENTS) | st.text(max_size=10)),
    min_size=1, max_size=6,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("fuzz")
    shutil.copytree(SITE, root, dirs_exist_ok=True)
    return root


def try_loading(root: Path) -> Configuration | None:
    try:
        return load(root, {})
    except ConfigError as error:
        faults = error.faults
    assert faults
    for fault in faults:
        path = Path(fault.place.file)
        # As YAML counts them: U+0085, U+2028 and U+2029 end a line too (YAML 1.1, 5.4).
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        assert path.is_relative_to(root)
        assert 1 <= fault.place.line <= len(lines) + 2
        assert str(fault).isprintable()
    return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FILES), changes)
@example("configs/agents.yaml", [(0.0, 0, "\ud800")])
def test_mutated_files(folder, file, edits):
    text = original = (SITE / file).read_text(encoding="utf-8")
    for where, cut, insert in edits:
        at = int(where * len(text))
        text = text[:at] + insert + text[at + cut:]
    path = folder / file
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        try_loading(folder)
    finally:
        path.write_text(original, encoding="utf-8")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_values_exchanged_for_others(folder, data):
    """Well-formed YAML with the wrong things in it reaches the models and the checks between files."""
    file = data.draw(st.sampled_from(FILES))
    original = (SITE / file).read_text(encoding="utf-8")
    lines = original.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.sampled_from([number for number, line in enumerate(lines) if ": " in line]))
        key = lines[at].partition(": ")[0]
        lines[at] = f"{key}: {data.draw(st.sampled_from(VALUES))}"
    path = folder / file
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        try_loading(folder)
    finally:
        path.write_text(original, encoding="utf-8")


VALUES = [
    "", "null", "true", "3", "-1", "0", "2.5", "x", "acme", "de", "[]", "{}", "[x]", "{x: y}", "[[1]]", "{goto: bye}",
    "{say: x}", "{say: {}}", "{say: {de: x}, menu: y}", "{queue: {skills: [x]}}", "{branch: [{when: '(', to: bye}]}",
    "{set: {x: 1 +}}", "{dial: '${x}'}", "25s", "'+4930231250'", "{from: 1}", "[{}]", "[null]", "{'': ''}",
]  # fmt: skip


def test_an_undisturbed_folder_loads(folder):
    assert try_loading(folder) is not None
