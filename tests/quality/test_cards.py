"""Score cards: what points come to, and whole cards to results."""

import pytest

from dialer.config.score_cards import Criterion
from dialer.quality.cards import Given, Result, results, scored

CARD = {
    "greeting": Criterion(text="Named the company", points=5),
    "advice": Criterion(text="The answer was right", points=10, weight=30),
    "identity": Criterion(text="Checked who is calling", points=1, weight=15, critical=True),
    "fax": Criterion(text="Sent the fax", points=2, optional=True),
}


@pytest.mark.parametrize(("points", "score", "failed"), [
    ({"greeting": 5, "advice": 10, "identity": 1, "fax": 2}, 100, ()),
    ({"greeting": 5, "advice": 5, "identity": 1, "fax": 2}, 100 * (5 + 15 + 15 + 2) / 52, ()),
    ({"greeting": 0, "advice": 10, "identity": 1, "fax": None}, 90, ()),
    ({"greeting": 0, "advice": 10, "identity": 1}, 90, ()),
    ({"greeting": 5, "advice": 10, "identity": 0, "fax": 2}, 0, ("identity",)),
])  # fmt: skip
def test_points(points: dict[str, int | None], score: float, failed: tuple[str, ...]) -> None:
    found = scored(CARD, points)
    assert (found.score, found.failed) == (pytest.approx(score), failed)


@pytest.mark.parametrize(("change", "wrong"), [
    ({"fax": 3}, "3 points for fax; 0 to 2"), ({"greeting": -1}, "-1 points for greeting"),
    ({"advice": None}, "advice cannot be left out"), ({"mood": 1}, "the card has no mood"),
])  # fmt: skip
def test_what_the_card_does_not_have(change: dict[str, int | None], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        scored(CARD, {"greeting": 5, "advice": 10, "identity": 1, "fax": 2} | change)
    with pytest.raises(ValueError, match="no points for identity"):
        scored(CARD, {"greeting": 5, "advice": 10, "fax": 2})
    with pytest.raises(ValueError, match="nothing is scored"):
        scored({"fax": CARD["fax"]}, {"fax": None})


def test_results_count_recordings_and_not_cards() -> None:
    cards = [
        Given("r1", "maria", "anna", 80.0, True, (), {"greeting": (4, 5), "fax": (None, 2)}),
        Given("r1", "paul", "anna", 60.0, False, (), {"greeting": (3, 5)}),
        Given("r2", "maria", "anna", 0.0, False, ("identity",), {"greeting": (5, 5), "fax": (1, 2)}),
        Given("r3", "maria", "bob", 100.0, True, (), {"greeting": (5, 5)}),
    ]
    assert results(cards) == [
        Result("anna", 2, 35.0, 0, 1, {"fax": 50.0, "greeting": pytest.approx(80.0)}),
        Result("bob", 1, 100.0, 1, 0, {"greeting": 100.0}),
    ]
    assert results([]) == []
