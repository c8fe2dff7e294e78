"""The node that puts a number on a do-not-call list."""

from typing import Any

import pytest
from flow_samples import TEXT, after, begin

from dialer.flows.commands import End, Play, Reply

THANKS = {"say": {"de": "b", "en": "b"}}


@pytest.mark.parametrize(("written", "mark"), [
    (None, "do_not_call_client"), (True, "do_not_call_client"), ("client", "do_not_call_client"),
    ("campaign", "do_not_call_campaign"), ({"scope": "global"}, "do_not_call_global"),
])  # fmt: skip
def test_it_marks_the_call_and_goes_on(written: Any, mark: str) -> None:
    session, directive = begin({"a": {"do_not_call": written, "next": "b"}, "b": THANKS})
    assert session.marks == {mark}
    assert directive == Play(("de:b",))


def test_without_an_exit_the_call_ends() -> None:
    session, _ = begin({"a": {"menu": TEXT, "choices": {"9": "c"}}, "c": {"do_not_call": "client"}})
    session, directive = after(session, Reply(digits="9"))
    assert session.marks == {"do_not_call_client"}
    assert isinstance(directive, End)
