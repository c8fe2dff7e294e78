"""YAML as plain data with places."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.config import document
from dialer.config.document import parse
from dialer.config.faults import Place


def read(text: str | bytes):
    return parse(text.encode() if isinstance(text, str) else text, "f.yaml")


def fault(text: str | bytes) -> str:
    found = read(text)
    assert found.root is None
    assert len(found.faults) == 1
    return str(found.faults[0])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("20:00", "20:00"), ("+441632960000", "+441632960000"), ("0123", "0123"), ("yes", "yes"), ("no", "no"),
        ("on", "on"), ("True", "True"), ("1_000", "1_000"), ("0x1F", "0x1F"), ("1e3", "1e3"), (".5", ".5"),
        ("2026-01-01", "2026-01-01"), ("12", 12), ("-3", -3), ("0", 0), ("0.5", 0.5), ("true", True),
        ("false", False), ("null", None), ("~", None), ("", None), ('"12"', "12"), ("'true'", "true"),
        ("9" * 19, "9" * 19), ("|\n  12", "12"), ("<<", "<<"), ("=", "="),
    ],
)  # fmt: skip
def test_what_a_scalar_means(written, value):
    found = read(f"key: {written}").value["key"]
    assert (type(found), found) == (type(value), value)


def test_keys_are_texts():
    assert read("1: a\ntrue: b\nnull: c\nno: d\n0123: e").value == {
        "1": "a", "true": "b", "null": "c", "no": "d", "0123": "e",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "f.yaml:1:1: the file is empty; write its keys, or remove it"),
        (b"# nothing\n", "f.yaml:1:1: the file is empty; write its keys, or remove it"),
        (b"\xef\xbb\xbfa: b", "f.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one"),
        ("a: b\nü: ".encode() + b"\xff", "f.yaml:2:4: byte 0xff is not UTF-8; save it as UTF-8"),
        ("\u00a0a: b\nü: \x00".encode(), "f.yaml:2:4: character 0x00 is not allowed; remove it"),
        (b"a: b\nc: \x07d", "f.yaml:2:4: character 0x07 is not allowed; remove it"),
        (b"a:\n\tb: c", "f.yaml:2:1: a tab cannot stand here; indent with spaces"),
        (b"a: &x {b: *x}", "f.yaml:1:11: alias `*x` has no anchor before it; write `&x` at the value that is meant"),
        (b"a: b: c", ("f.yaml:1:5: not valid YAML: mapping values are not allowed in this context; a text with"
                     " `: ` in it needs quotes, and a key its own line")),
        (b"? {a: b}\n: c", "f.yaml:1:3: a key must be a plain text; write `key: value`"),
    ],
)  # fmt: skip
def test_what_is_no_document(text, expected):
    assert fault(text) == expected


def test_a_key_given_twice_is_a_fault_and_the_rest_is_still_read():
    found = read("a: 1\nb: {c: 2, c: 3}\na: 4")
    assert [str(one) for one in found.faults] == [
        "f.yaml:2:11: key `c` is given twice; keep one of them (the first is in line 2)",
        "f.yaml:3:1: key `a` is given twice; keep one of them (the first is in line 1)",
    ]
    assert found.value == {"a": 1, "b": {"c": 2}}


def test_aliases_stand_for_their_anchor():
    assert read("a: &x [1, 2]\nb: *x").value == {"a": [1, 2], "b": [1, 2]}


def test_a_few_aliases_cannot_grow_without_bound():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert fault("\n".join(lines)).endswith("grows beyond 200000 values; use fewer aliases, or split the file")


@pytest.mark.parametrize("text", ["[" * 60, "{a: " * 60, "\n".join("  " * n + "a:" for n in range(60)) + " 1"])
def test_depth_is_bounded(text):
    assert "nested deeper than 50 levels" in fault(text)


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: b\n" * 1_000_000)
    assert [one.wrong for one in document.read(path).faults] == ["larger than 4 MB"]


PLACED = """\
flow: x
nodes:
  menu: {say: {de: Hallo}, choices: {"1": a}}
  list:
    - one
    - two: 2
empty:
"""


@pytest.mark.parametrize(
    ("loc", "value", "key"),
    [
        ((), (1, 1), (1, 1)),
        (("flow",), (1, 7), (1, 1)),
        (("nodes",), (3, 3), (2, 1)),
        (("nodes", "menu"), (3, 9), (3, 3)),
        (("nodes", "menu", "say", "de"), (3, 20), (3, 16)),
        (("nodes", "menu", "say", "say", "de"), (3, 20), (3, 16)),  # a union's tag in between
        (("nodes", "menu", "Menu", "choices", "1"), (3, 43), (3, 38)),
        (("nodes", "menu", "choices", "1", "[key]"), (3, 38), (3, 38)),
        (("nodes", "menu", "choices", "1", "[key]", "x"), (3, 38), (3, 38)),
        (("nodes", "list", 1, "two"), (6, 12), (6, 7)),
        (("nodes", "list", 7), (5, 5), (4, 3)),
        (("nodes", "gone", "deeper"), (3, 3), (2, 1)),
        (("empty",), (7, 7), (7, 1)),
    ],
)
def test_places(loc, value, key):
    found = read(PLACED)
    assert found.place(loc) == Place("f.yaml", *value)
    assert found.place(loc, key=True) == Place("f.yaml", *key)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_document_or_faults(data):
    found = read(data)
    assert (found.root is None) == (len(found.faults) == 1 and found.value is None)


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text("ab:0é #'\"", max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc0", min_size=1), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_what_is_written_as_json_comes_back(value):
    assert read(json.dumps({"key": value}, ensure_ascii=False)).value == {"key": value}
