"""Numbers as they are stored, and as they are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.numbers import is_e164, mask


@pytest.mark.parametrize("number", ["+4930555010", "+12025550123", "+1234567"])
def test_e164(number: str) -> None:
    assert is_e164(number)


@pytest.mark.parametrize(
    "text", ["", "+", "4930555010", "+0930555010", "+49 30555010", "+49305\n", "+4930555010\n", "+123456",
             "+1234567890123456", "+４９30555010", "+4930555010$"]
)  # fmt: skip
def test_what_is_not_e164(text: str) -> None:
    assert not is_e164(text)


def test_masked() -> None:
    assert mask("+4930231250123") == "+49…23"
    assert [mask(short) for short in ("", "*11", "100", "anonymous")] == ["", "*11", "100", "anonymous"]


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_masked_number_hides_its_person(number: str) -> None:
    assert sum(char.isdigit() for char in mask(number)) == 4


@given(st.text())
def test_anything_can_be_masked(text: str) -> None:
    assert sum(char.isdigit() for char in mask(text)) < 7
