"""From which list the next contact comes."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dialer.campaigns.mix import LIVE, Mix, order
from dialer.config.campaign import Campaign


def campaign(**lists: dict[str, Any]) -> Campaign:
    return Campaign.model_validate({
        "campaign": "winback", "client": "acme", "mode": "agentless", "flow": "survey",
        "lists": [{"name": name, "file": f"lists/{name}.csv", **values} for name, values in lists.items()],
    })  # fmt: skip


def taken(mix: Mix, lists: tuple[str, ...], places: int) -> list[str]:
    return [mix(lists, place) for place in range(places)]


def test_weights_are_kept_smoothly() -> None:
    mix = Mix.of(campaign(cold={"weight": 3}, warm={"weight": 1}), 0)
    assert taken(mix, ("cold", "warm"), 8) == ["cold", "cold", "warm", "cold"] * 2
    assert taken(mix, ("warm",), 3) == ["warm"] * 3, "who has nobody due gives its turn away"


def test_it_goes_on_where_the_last_claim_ended() -> None:
    lists, config = ("cold", "warm"), campaign(cold={"weight": 3}, warm={})
    one = taken(Mix.of(config, 0), lists, 12)
    assert [Mix.of(config, before)(lists, 0) for before in range(12)] == one


def test_the_highest_priority_goes_first_and_who_was_put_in_live_before_all() -> None:
    mix = Mix.of(campaign(cold={"weight": 100}, hot={"priority": 5}), 0)
    assert taken(mix, ("cold", "hot"), 3) == ["hot"] * 3
    assert taken(mix, ("cold", "hot", LIVE), 3) == [LIVE] * 3
    assert set(taken(mix, ("cold", "taken_out_of_the_file"), 101)) == {"cold", "taken_out_of_the_file"}


@given(st.lists(st.integers(1, 100), min_size=1, max_size=6), st.integers(0, 1000))
def test_each_has_its_share_in_a_round_and_is_never_far_from_it(weights: list[int], start: int) -> None:
    turns = order(tuple(weights))
    divisor = sum(weights) // len(turns)
    assert Counter(turns) == {place: weight // divisor for place, weight in enumerate(weights)}
    run = [turns[(start + place) % len(turns)] for place in range(len(turns))]
    for place, weight in enumerate(weights):
        for length in range(1, len(run) + 1, max(1, len(run) // 20)):
            due = length * weight / sum(weights)
            assert abs(run[:length].count(place) - due) <= len(weights)
