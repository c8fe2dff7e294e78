"""Figures of service by hand-made calls."""

import pytest

from dialer.quality.level import FORMULAS, Level
from dialer.quality.resolution import Resolution
from dialer.quality.service import Beside, Figure, Row, Rule, figures, tally_of

DAY = 86_400.0


def inbound(wait_s: float, joined: bool = True, outcome: str = "", by: str = "customer", talk_s: float = 60.0) -> Row:
    ended = 100 + wait_s + (talk_s if joined else 0.0)
    return Row("inbound", outcome or ("answered" if joined else "abandoned"), None, None, 90.0, 100.0,
               100 + wait_s if joined else None, ended, by, None)  # fmt: skip


def outbound(
    outcome: str, rung: float | None = 2.0, answered: float | None = None, message: str | None = None, lasts: float = 60
) -> Row:
    ring, answer = (None if it is None else 100 + it for it in (rung, answered))
    return Row("outbound", outcome, 100.0, ring, answer, None, None, (answer or 130.0) + lasts, "system", message)


def told(rows: list[Row], rule: Rule = Rule(), beside: Beside = Beside()) -> dict[str, Figure]:  # noqa: B008
    return {it.name: it for it in figures(tally_of(rows, rule), beside)}


def parts(figure: Figure) -> tuple[float, float]:
    return figure.numerator, figure.denominator


def test_the_four_formulas_of_service_level() -> None:
    """Of ten: five in time, two late, one gave up in time, two gave up late."""
    rows = [inbound(5)] * 4 + [inbound(20)] + [inbound(21)] * 2 + [inbound(20, False)] + [inbound(60, False)] * 2
    found = told(rows)
    assert parts(found["service_level_offered"]) == (5, 10)
    assert parts(found["service_level_answered"]) == (5, 7)
    assert parts(found["service_level_patient"]) == (5, 9)
    assert parts(found["service_level_forgiving"]) == (6, 10)
    assert parts(found["speed_of_answer"]) == (4 * 5 + 20 + 42, 7)
    assert parts(found["patience"]) == (140, 3)
    assert parts(found["abandoned_queued"]) == (3, 10) and parts(found["abandoned_late"]) == (2, 9)


def test_who_never_queued_or_went_elsewhere_is_in_no_service_level() -> None:
    left = Row("inbound", "left", None, None, 90.0, None, None, 95.0, "customer", None)
    elsewhere = inbound(90, False, outcome="forwarded")
    assert told([left, elsewhere])["service_level_offered"].value is None


def test_the_formula_of_the_contract_is_marked() -> None:
    found = told([], Rule(within_s=30, formula="patient"))
    marked = [name for name, it in found.items() if it.definition.endswith("this client's")]
    assert marked == ["service_level_patient"] and "30 s" in found["service_level_patient"].definition


def test_abandoned_by_every_law_side_by_side() -> None:
    """90 had an agent, 10 had none, 3 of those heard nothing; 50 machines. Of 100 that agents judged 4 were some."""
    rows = [outbound("answered", answered=3)] * 90 + [outbound("abandoned", answered=3, message="heard")] * 7
    rows += [outbound("abandoned", answered=3, message="silent")] * 2 + [outbound("abandoned", answered=3)]
    rows += [outbound("machine", answered=3)] * 50 + [outbound("busy")] * 50
    found = told(rows, beside=Beside(detected=100, machines=4))
    assert parts(found["abandoned_tsr"]) == (10, 100)
    assert found["abandoned_ofcom"].value == pytest.approx(9.6 / 99.6)
    assert parts(found["silent_garante"]) == (3, 150)
    assert parts(found["abandoned_dialled"]) == (10, 200)
    assert found["abandoned_queued"].value is None


def test_what_the_network_did() -> None:
    rows = [outbound("answered", rung=4, answered=10), outbound("answered", rung=None, answered=8),
            outbound("busy", rung=None), outbound("no_answer"), outbound("rejected", rung=None),
            outbound("cancelled", rung=2), outbound("cancelled", rung=None), outbound("congestion", rung=None),
            outbound("invalid_number", rung=None), outbound("failed", rung=None)]  # fmt: skip
    found = told([*rows, outbound("cancelled", rung=None)._replace(dialled_at=None)])
    assert parts(found["answer_seizure_ratio"]) == (2, 10)
    assert parts(found["network_effectiveness"]) == (6, 10)
    assert parts(found["post_dial_delay"]) == (4 + 8 + 2 + 2, 4)


def test_short_calls_and_who_hung_up() -> None:
    rows = [outbound("answered", answered=3, lasts=9.9), outbound("answered", answered=3, lasts=10.0),
            inbound(5, by="agent"), inbound(5, by="network"), outbound("busy")]  # fmt: skip
    found = told(rows)
    assert parts(found["short_calls"]) == (1, 4)
    sides = {name: it.numerator for name, it in found.items() if name.startswith("hung_up_by_")}
    assert sides == {"hung_up_by_customer": 0, "hung_up_by_agent": 1, "hung_up_by_system": 2, "hung_up_by_unknown": 1}


def test_handle_time_and_occupancy() -> None:
    beside = Beside(talks=4, talk_s=400, states={"wrap_up": 60, "talking": 400, "reserved": 8},
                    shift={"talking": 500, "wrap_up": 100, "idle": 300, "reserved": 100, "paused": 900})  # fmt: skip
    found = told([], beside=beside)
    assert [found[name].value for name in ("handle_time", "talk_time", "wrap_up_time", "reserved_time")] == [
        115, 100, 15, 2]  # fmt: skip
    assert parts(found["occupancy"]) == (600, 1000)


def test_every_figure_says_what_it_is_and_has_a_name_of_its_own() -> None:
    every = figures(tally_of([], Rule()), Beside())
    assert len({it.name for it in every}) == len(every) and all(it.definition and it.value is None for it in every)


def test_a_caller_who_calls_again_was_not_helped() -> None:
    found = Resolution(7 * DAY, now=30 * DAY)
    for caller, day, handled in [("a", 0, True), ("b", 1, True), ("a", 6.9, True), ("b", 8.1, False), ("c", 9, False)]:
        found.count(caller, day * DAY, handled)
    assert found.end() == (2, 3)  # a's first is not; b's and a's second are; c had nobody


def test_who_may_still_call_again_and_who_withholds_the_number_are_left_out() -> None:
    found = Resolution(7 * DAY, now=7 * DAY)
    for caller, day in [("a", 0), ("b", 0.1), ("", 0), ("", 0.2)]:
        found.count(caller, day * DAY, True)
    assert found.end() == (1, 1)


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_service_level_is_a_share(formula: str) -> None:
    level = Level(0.0)
    for waited in (0.0, 1.0):
        level.count("answered", 5.0, 5.0 + waited, 99.0)
        level.count("abandoned", 5.0, None, 5.0 + waited)
    count, of = level.share(formula)  # type: ignore[arg-type]
    assert 0 < count <= of
