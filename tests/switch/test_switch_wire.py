"""Bytes to headers and back, over every way TCP may cut them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.switch.wire import (
    MOST_LINE_BYTES,
    MOST_LINES,
    Splitter,
    TooLongError,
    UnsafeValueError,
    check_header,
    compose,
    event_name,
    parse,
)

keys = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True)
values = st.text(st.characters(blacklist_categories=["Cc", "Cs"]), max_size=60)
messages = st.lists(st.dictionaries(keys, values, min_size=1, max_size=8), min_size=1, max_size=6)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    places = sorted({place % (len(data) + 1) for place in places})
    return [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


@given(messages, st.lists(st.integers(0, 100_000), max_size=40))
def test_segments_cut_anywhere_give_the_same_messages(sent: list[dict[str, str]], places: list[int]) -> None:
    stream = b"".join(compose(message.items()) for message in sent)
    splitter = Splitter()
    blocks = [block for segment in cut(stream, places) for block in splitter.feed(segment)]
    whole = Splitter().feed(stream)
    assert blocks == whole
    assert len(blocks) == len(sent)
    assert blocks == Splitter().feed(b"".join(block + b"\r\n\r\n" for block in blocks))


@given(st.dictionaries(keys.map(str.lower), values, min_size=1, max_size=8))
def test_what_is_composed_is_parsed_back(headers: dict[str, str]) -> None:
    [block] = Splitter().feed(compose(headers.items()))
    assert parse(block) == headers


@given(st.binary(max_size=3000), st.lists(st.integers(0, 100_000), max_size=10))
def test_no_bytes_break_the_parser(data: bytes, places: list[int]) -> None:
    splitter = Splitter()
    for segment in cut(data + b"\r\n\r\n", places):
        for block in splitter.feed(segment):
            event_name(block)
            parse(block)


@given(st.text(max_size=20), st.sampled_from("\r\n\0\x1b\x7f\t"), st.text(max_size=20))
def test_control_characters_never_reach_the_wire(before: str, control: str, after: str) -> None:
    with pytest.raises(UnsafeValueError):
        compose([("CallerID", before + control + after)])
    with pytest.raises(UnsafeValueError):
        compose([(f"Caller{control}ID", "x")])


def test_a_character_split_over_segments_stays_whole() -> None:
    stream = "Event: Newstate\r\nCallerIDName: Jürgen Größe\r\n\r\n".encode()
    splitter = Splitter()
    blocks = [block for byte in stream for block in splitter.feed(bytes([byte]))]
    assert parse(blocks[0])["calleridname"] == "Jürgen Größe"


def test_bytes_that_are_no_utf8_cost_only_themselves() -> None:
    assert parse(b"Event: X\r\nName: J\xfcrgen\r\nCause: 16") == {"event": "X", "name": "J\ufffdrgen", "cause": "16"}


@pytest.mark.parametrize("last", [b"AccountCode: ", b"AccountCode:"])
def test_an_empty_last_header_is_kept(last: bytes) -> None:
    [block] = Splitter().feed(b"Event: X\r\n" + last + b"\r\n\r\n")
    assert parse(block) == {"event": "X", "accountcode": ""}


def test_headers_that_differ_in_case_or_repeat_lose_nothing() -> None:
    assert parse(b"UniqueID: 1\r\nUniqueid: 2\r\nuniqueid: 3") == {"uniqueid": "1\n2\n3"}


@given(st.lists(st.tuples(keys, values), min_size=1, max_size=8), st.integers(0, 8))
def test_an_odd_line_changes_nothing_about_the_others(pairs: list[tuple[str, str]], place: int) -> None:
    lines = [f"{key}: {value}".encode() for key, value in pairs]
    assert parse(b"\r\n".join([*lines[:place], b"odd", *lines[place:]])) == parse(b"\r\n".join(lines))


def test_a_value_may_hold_colons() -> None:
    assert parse(b"Channel: PJSIP/sip:a@b:5060") == {"channel": "PJSIP/sip:a@b:5060"}


def test_an_unfinished_message_is_bounded() -> None:
    splitter = Splitter(most=1000)
    splitter.feed(b"Event: X\r\n" * 90)
    with pytest.raises(TooLongError):
        splitter.feed(b"Event: X\r\n" * 11)


def test_whole_messages_are_not_bounded_together() -> None:
    assert len(Splitter(most=1000).feed(b"Event: X\r\n\r\n" * 1000)) == 1000


def test_each_byte_is_searched_once() -> None:
    """A message that arrives in many segments costs its length, not its square."""

    class Counting(bytearray):
        searched = 0

        def rfind(self, sub: bytes, start: int = 0) -> int:  # type: ignore[override]
            Counting.searched += len(self) - start
            return super().rfind(sub, start)

    splitter = Splitter()
    splitter._buffer = Counting()
    for _ in range(1000):
        splitter.feed(b"Name: value\r\n")
    assert Counting.searched < 2 * 1000 * len(b"Name: value\r\n")


def test_the_name_of_an_event_without_its_headers() -> None:
    assert event_name(b"Event: Newstate\r\nChannel: x") == b"Newstate"
    assert event_name(b"Event: Newstate") == b"Newstate"
    assert event_name(b"Response: Success\r\nEvent: x") is None


def test_what_asterisk_would_refuse_is_refused_here() -> None:
    check_header("Variable", "a" * (MOST_LINE_BYTES - 8))
    with pytest.raises(UnsafeValueError):
        check_header("Variable", "a" * MOST_LINE_BYTES)
    with pytest.raises(UnsafeValueError):
        check_header("Variable", "\ud800")
    with pytest.raises(UnsafeValueError):
        compose([("Variable", "a=1")] * (MOST_LINES + 1))
