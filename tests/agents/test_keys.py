"""Feature codes from the phone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.agents.keys import BETWEEN_KEYS_S, CODES, Keys


def typed(keys: Keys, text: str, at: float = 0.0, gap: float = 0.2, leg: str = "leg") -> list[str]:
    pressed = (keys.press(leg, digit, at + gap * place) for place, digit in enumerate(text))
    return [verb for verb in pressed if verb]


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("*1", ["ready"]), ("*2", ["pause"]), ("*3", ["hangup"]), ("*4", ["end_wrap_up"]), ("*0", ["logout"]),
        ("1", []), ("*", []), ("*9", []), ("*#", []), ("*91", []), ("**2", ["pause"]), ("*1*2", ["ready", "pause"]),
        ("*11", ["ready"]), ("4*4", ["end_wrap_up"]),
    ],
)  # fmt: skip
def test_codes(text: str, verbs: list[str]) -> None:
    assert typed(Keys(), text) == verbs


def test_a_star_is_forgotten_after_its_time() -> None:
    assert typed(Keys(), "*2", gap=BETWEEN_KEYS_S) == ["pause"]
    assert typed(Keys(), "*2", gap=BETWEEN_KEYS_S + 0.1) == []


def test_legs_do_not_mix() -> None:
    keys = Keys()
    keys.press("leg-1", "*", 0.0)
    assert keys.press("leg-2", "1", 0.1) is None
    assert keys.press("leg-1", "1", 0.2) == "ready"


def test_a_leg_that_is_gone_leaves_nothing() -> None:
    keys = Keys()
    keys.press("leg-1", "*", 0.0)
    keys.forget("leg-1")
    keys.forget("leg-1")
    assert keys.press("leg-1", "1", 0.1) is None


@given(st.text("0123456789*#ABCD", max_size=30))
def test_a_verb_comes_exactly_from_a_star_and_its_digit(text: str) -> None:
    expected = [CODES[b] for a, b in pairwise(text) if a == "*" and b in CODES]
    assert typed(Keys(), text) == expected
