"""Logs: one line a record, numbers masked, secrets gone, and the loop never held."""

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import logs

NUMBER = "+4930231250123"
log = logging.getLogger("dialer.engine")


@pytest.fixture
def written() -> Iterator[Callable[..., str]]:
    """Logs one line and gives it back as written."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level

    def write(form: logs.Form, message: str, *args: object, **options: Any) -> str:
        stream = io.StringIO()
        end = logs.setup(form, "DEBUG", stream)
        log.info(message, *args, **options)
        end()
        return stream.getvalue()

    yield write
    root.handlers[:] = before
    root.setLevel(level)


Written = Callable[..., str]


def test_json_has_the_fields(written: Written) -> None:
    line = json.loads(
        written("json", "attempt answered", extra={"call": "node1-abc-1", "campaign": "winback", "ms": 12})
    )
    assert line["message"] == "attempt answered"
    assert (line["level"], line["logger"]) == ("info", "dialer.engine")
    assert (line["call"], line["campaign"], line["ms"]) == ("node1-abc-1", "winback", 12)
    assert line["time"].endswith("+00:00")


def test_text_is_one_line_whatever_a_caller_is_called(written: Written) -> None:
    line = written(
        "text", "call from %s", "Eve\r\n09:00:00.000 INFO forged", extra={"call": "a", "name_given": "x\x1b[2J\n"}
    )
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "call=a" in line
    assert r"Eve\r\n09" in line


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    ("message", "args", "options"),
    [
        (f"dialling {NUMBER}", (), {}),
        ("dialling %s", (NUMBER,), {}),
        ("dialling %(number)s", ({"number": NUMBER},), {}),
        ("dialling %r", (["x", NUMBER],), {}),
        ("dialling", (), {"extra": {"number": NUMBER}}),
        ("dialling", (), {"extra": {"contact": {"phone": NUMBER}}}),
        ("PJSIP/4930231250123-0000001f rang", (), {}),
        ("sip:030231250123@trunk", (), {}),
        ("+49 30 231250123 and +49-30-231250123 and +49 (30) 231250123", (), {}),
        ("4930231250123", (), {"extra": {"call": "node1-abc-1"}}),
        ("wrong format %d", (NUMBER,), {}),
    ],
)
def test_numbers_are_masked(written: Written, form: logs.Form, message: str, args: Any, options: Any) -> None:
    line = written(form, message, *args, **options)
    assert "231250" not in line
    assert "2312501" not in line.replace(" ", "").replace("-", "")


def test_ids_are_not(written: Written) -> None:
    call = "node1-1763760000-17"
    line = json.loads(written("json", "call %s of 1763760000.42 in PJSIP/trunk-0000001f", call, extra={"call": call}))
    assert line["message"] == f"call {call} of 1763760000.42 in PJSIP/trunk-0000001f"
    assert line["call"] == call


def test_counts_are_not_numbers(written: Written) -> None:
    assert "12345678 rows" in written("text", "imported %d rows", 12345678)


@pytest.mark.parametrize(
    ("message", "extra"),
    [
        ("Authorization: Bearer hunter2", {}),
        ("login with secret=hunter2 done", {}),
        ("postgresql://dialer:hunter2@db/dialer", {}),
        ('{"password": "hunter2"}', {}),
        ("connected", {"ami_secret": "hunter2"}),
        ("x", {"Authorization": "Bearer hunter2"}),
        ("DIALER_API_TOKEN=hunter2", {}),
    ],
)
def test_secrets_are_never_written(written: Written, message: str, extra: dict[str, str]) -> None:
    for form in ("json", "text"):
        assert "hunter2" not in written(form, message, extra=extra)


def test_a_traceback_is_masked_too(written: Written) -> None:
    try:
        int(NUMBER + "x")
    except ValueError:
        for form in ("json", "text"):
            line = written(form, "bad", exc_info=True)
            assert "ValueError" in line
            assert "231250" not in line


@given(st.text(alphabet="0123456789+", min_size=7, max_size=20).filter(lambda it: sum(map(str.isdigit, it)) >= 7))
def test_no_run_of_seven_digits_is_left(text: str) -> None:
    for line in (text, f"to {text}.", f"sip:{text}@x", f"/{text}-x", f"PJSIP/{text}-0000001f"):
        assert not any(
            run
            for run in "".join(char if char.isdigit() else " " for char in logs.mask(line)).split()
            if len(run) >= 7 and run != "0000001"
        )


def test_masking_twice_changes_nothing() -> None:
    once = logs.mask(f"{NUMBER} secret=x Bearer abc")
    assert logs.mask(once) == once


def test_a_stuck_output_never_holds_the_caller(monkeypatch: pytest.MonkeyPatch, written: Written) -> None:
    monkeypatch.setattr(logs, "MOST_WAITING", 10)
    stuck, taking = threading.Event(), threading.Event()

    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            taking.set()
            stuck.wait()
            return super().write(text)

    stream = Slow()
    end = logs.setup("text", "INFO", stream)
    log.info("first")
    taking.wait()
    for count in range(100):
        log.info("line %d", count)
    stuck.set()
    log_queue(logging.getLogger()).join()
    log.info("last")
    end()
    lines = stream.getvalue().splitlines()
    assert "90 log lines dropped" in stream.getvalue()
    assert len(lines) == 13  # the first, ten that waited, the notice, the last


def log_queue(root: logging.Logger) -> Any:
    [handler] = [it for it in root.handlers if isinstance(it, logs.QueueHandler)]
    return handler.queue


def test_an_unknown_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_LOG", "xml")
    with pytest.raises(ValueError, match="json or text"):
        logs.setup()
