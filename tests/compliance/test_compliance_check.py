"""The rules by hand: each pack's own examples, and no dial outside lawful hours whatever the zone and the moment."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.calls.outcome import Outcome
from dialer.compliance.calendar import easter_sunday, holidays_of
from dialer.compliance.check import Allowed, Facts, Listing, Refused, Rules, check
from dialer.compliance.pack import Pack
from dialer.compliance.place import Place
from dialer.config.document import read
from dialer.store.records import PastCall, Stop

PACKS = Path(__file__).parents[2] / "configs" / "rules"
NAMES = sorted(path.stem for path in PACKS.glob("*.yaml"))
BERLIN = Place("DE", ("Europe/Berlin",))
NEW_YORK = Place("US", ("America/New_York",))
PARIS = Place("FR", ("Europe/Paris",))
ROME = Place("IT", ("Europe/Rome",))
LONDON = Place("GB", ("Europe/London",))
FRESH = {"national_dnc": 0.0, "tps": 0.0, "opposizioni": 0.0}


@cache
def rules(name: str) -> Rules:
    return Rules.of(Pack.model_validate(read(PACKS / f"{name}.yaml").value))


def at(text: str, zone: str, fold: int = 0) -> float:
    """Epoch seconds of a clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def facts(place: Place, now: float, *past: PastCall, **more: Any) -> Facts:
    registers = {name: Listing(listed=False, imported_at=now) for name in FRESH}
    return Facts(place, 1, past=past, **({"registers": registers, "purpose": "service"} | more))


def call(when: float, **more: Any) -> PastCall:
    fields: dict[str, Any] = {
        "campaign": "winback", "contact_id": 1, "at": when, "over_at": when + 60, "answered": False, "talked": False,
        "outcome": Outcome.NO_ANSWER, "disposition": None, "debt": None,
    }  # fmt: skip
    return PastCall(**(fields | more))


def said(name: str, place: Place, moment: str, *past: PastCall, **more: Any) -> tuple[str, str] | None:
    """(rule, until as the place's clock shows it); None when allowed."""
    now = at(moment, place.zones[0])
    verdict = check([rules(name)], facts(place, now, *past, **more), now)
    if isinstance(verdict, Allowed):
        return None
    until = "never" if verdict.until is None else _shown(verdict.until, place)
    return verdict.rule, until


def _shown(until: float, place: Place) -> str:
    return datetime.fromtimestamp(until, ZoneInfo(place.zones[0])).strftime("%a %Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("name", "place", "moment", "verdict"),
    [
        ("de", BERLIN, "2026-11-20T07:59:59", ("de.hours", "Fri 2026-11-20 08:00")),
        ("de", BERLIN, "2026-11-20T08:00", None),
        ("de", BERLIN, "2026-11-20T19:59:59", None),
        ("de", BERLIN, "2026-11-20T20:00", ("de.hours", "Sat 2026-11-21 08:00")),
        ("de", BERLIN, "2026-11-21T20:00", ("de.hours", "Mon 2026-11-23 08:00")),  # no Sundays
        ("de", BERLIN, "2026-10-03T12:00", ("de.holiday", "Mon 2026-10-05 08:00")),
        ("de", BERLIN, "2026-04-03T12:00", ("de.holiday", "Sat 2026-04-04 08:00")),  # Good Friday
        ("de", BERLIN, "2026-04-04T21:00", ("de.hours", "Tue 2026-04-07 08:00")),  # over Easter Monday
        ("us", NEW_YORK, "2026-11-22T07:59", ("us.hours", "Sun 2026-11-22 08:00")),
        ("us", NEW_YORK, "2026-11-22T20:59", None),
        ("us", NEW_YORK, "2026-11-22T21:00", ("us.hours", "Mon 2026-11-23 08:00")),
        ("fr", PARIS, "2026-11-20T13:00", ("fr.hours", "Fri 2026-11-20 14:00")),
        ("fr", PARIS, "2026-11-20T12:59", None),
        ("fr", PARIS, "2026-11-21T11:00", ("fr.hours", "Mon 2026-11-23 10:00")),
        ("fr", PARIS, "2026-07-14T11:00", ("fr.holiday", "Wed 2026-07-15 10:00")),
        ("it", ROME, "2026-08-15T11:00", ("it.holiday", "Mon 2026-08-17 09:00")),
        ("uk", LONDON, "2026-11-22T08:30", ("uk.hours", "Sun 2026-11-22 09:00")),
        ("strict", LONDON, "2026-11-20T13:30", ("strict.hours", "Fri 2026-11-20 14:00")),
    ],
)
def test_hours(name: str, place: Place, moment: str, verdict: tuple[str, str] | None) -> None:
    assert said(name, place, moment) == verdict


def test_nobody_is_dialled_who_might_answer_when_the_hours_are_over() -> None:
    for name, zone, last, rings_s, opens in (
        ("de", BERLIN, "2026-11-20T19:59:34", 25.0, "Sat 2026-11-21 08:00"),
        ("fr", PARIS, "2026-11-20T12:59:34", 25.0, "Fri 2026-11-20 14:00"),
    ):  # fmt: skip
        assert said(name, zone, last, rings_s=rings_s) is None
        assert said(name, zone, last, rings_s=rings_s + 1) == (f"{name}.hours", opens)


def test_every_pack_names_its_sources_and_its_notice() -> None:
    for name in NAMES:
        pack = rules(name).pack
        assert "lawyer" in pack.notice
        assert pack.sources
        assert pack.dated <= datetime.now(UTC).date() or pack.dated.year == 2026
    assert {name: rules(name).pack.countries for name in NAMES} == {
        "de": ["DE"], "fr": ["FR"], "it": ["IT"], "strict": [], "uk": ["GB"],
        "us": ["US", "PR", "VI", "GU", "AS", "MP"]}  # fmt: skip


def test_german_calls_a_day() -> None:
    morning = [call(at(f"2026-11-20T{hour:02}:00", "Europe/Berlin")) for hour in (8, 9, 10)]
    assert said("de", BERLIN, "2026-11-20T11:00", *morning[:2]) is None
    assert said("de", BERLIN, "2026-11-20T11:00", *morning) == ("de.calls_a_day", "Sat 2026-11-21 08:00")
    assert said("de", BERLIN, "2026-11-21T11:00", *morning) is None


def test_seven_calls_in_seven_days_about_one_debt() -> None:
    zone = "America/New_York"
    calls = [call(at(f"2026-11-{day}T10:00", zone), debt="d1") for day in (10, 11, 12, 13, 14, 15, 16)]
    assert said("us", NEW_YORK, "2026-11-16T12:00", *calls, debt="d1") == ("us.reg_f_calls", "Tue 2026-11-17 08:00")
    assert said("us", NEW_YORK, "2026-11-16T12:00", *calls, debt="d2") is None
    assert said("us", NEW_YORK, "2026-11-16T12:00", *calls) is None
    assert said("us", NEW_YORK, "2026-11-17T12:00", *calls, debt="d1") is None


def test_seven_days_after_a_talk_whose_day_is_the_first() -> None:
    talk = call(at("2026-11-02T20:30", "America/New_York"), talked=True, answered=True, debt="d1")
    assert said("us", NEW_YORK, "2026-11-08T12:00", talk, debt="d1") == ("us.reg_f_talk", "Mon 2026-11-09 08:00")
    assert said("us", NEW_YORK, "2026-11-09T08:00", talk, debt="d1") is None


def test_four_solicitations_in_thirty_days_and_sixty_days_after_a_refusal() -> None:
    calls = [call(at(f"2026-11-{day:02}T11:00", "Europe/Paris")) for day in (2, 3, 4, 5)]
    assert said("fr", PARIS, "2026-11-20T11:00", *calls) == ("fr.solicitations", "Wed 2026-12-02 10:00")
    refusal = call(at("2026-09-01T11:00", "Europe/Paris"), disposition="no")
    refused = {"refusals": frozenset({("winback", "no")})}
    assert said("fr", PARIS, "2026-10-30T11:00", refusal, **refused) == ("fr.after_refusal", "Mon 2026-11-02 10:00")
    assert said("fr", PARIS, "2026-11-02T10:00", refusal, **refused) is None
    assert said("fr", PARIS, "2026-10-30T11:00", refusal) is None


@pytest.mark.parametrize(("name", "place", "days", "until"), [
    ("uk", LONDON, 3, "Fri 2026-11-06 08:00"), ("it", ROME, 5, "Mon 2026-11-09 09:00"),
])  # fmt: skip
def test_the_pause_after_an_abandoned_call(name: str, place: Place, days: int, until: str) -> None:
    silent = call(at("2026-11-02T23:00", place.zones[0]) - 4 * 3600, answered=True, outcome=Outcome.ABANDONED)
    verdict = said(name, place, f"2026-11-{2 + days:02}T12:00", silent, held=name == "it")
    assert verdict is not None
    assert verdict[1] == until
    hung_up = call(silent.at, outcome=Outcome.ABANDONED)
    assert said(name, place, f"2026-11-{2 + days:02}T12:00", hung_up) is None  # nobody had answered


@pytest.mark.parametrize(("name", "place", "days", "lock_out"), [
    ("uk", LONDON, 1, None), ("it", ROME, 1, "it.after_silent"), ("it", ROME, 7, None), ("it", ROME, 360, None),
    ("strict", LONDON, 1, "strict.after_abandoned"), ("strict", LONDON, 14, None),
])  # fmt: skip
def test_after_an_abandoned_call_the_next_is_with_an_agent_held(
    name: str, place: Place, days: int, lock_out: str | None
) -> None:
    noon = at("2026-11-02T12:00", place.zones[0])
    abandoned = call(noon, answered=True, outcome=Outcome.ABANDONED)
    moment = datetime.fromtimestamp(noon + days * 86400, ZoneInfo(place.zones[0])).strftime("%Y-%m-%dT%H:%M")
    without, held = (said(name, place, moment, abandoned, held=held) for held in (False, True))
    if days < 366:
        assert without is not None and without[0].startswith(name)
    assert (None if held is None else held[0]) == lock_out
    talked = call(noon + 7200, answered=True, talked=True, outcome=Outcome.ANSWERED)
    after = said(name, place, moment, abandoned, talked)
    assert after is None or after[0] in ("it.after_silent", "strict.after_abandoned", "strict.after_talk")


@pytest.mark.parametrize("name", ["us", "uk", "fr", "de"])
def test_no_second_silent_call(name: str) -> None:
    place = {"us": NEW_YORK, "uk": LONDON, "fr": PARIS, "de": BERLIN}[name]
    silent = call(at("2026-11-03T12:00", place.zones[0]), answered=True, outcome=Outcome.ABANDONED, silent=True)
    verdict = said(name, place, "2026-12-03T12:00", silent)
    assert verdict is not None and verdict[0] == f"{name}.no_second_silent"
    assert said(name, place, "2026-12-03T12:00", silent, held=True) is None
    heard = call(silent.at, answered=True, outcome=Outcome.ABANDONED)
    assert said(name, place, "2026-12-03T12:00", heard) is None


@pytest.mark.parametrize(("name", "place", "moment", "needed"), [
    ("de", BERLIN, "2026-11-20T12:00", True), ("fr", PARIS, "2026-08-10T11:00", False),
    ("fr", PARIS, "2026-08-11T11:00", True), ("us", NEW_YORK, "2026-11-20T12:00", False),
])  # fmt: skip
def test_consent_to_advertising(name: str, place: Place, moment: str, needed: bool) -> None:
    now = at(moment, place.zones[0])
    refused = said(name, place, moment, purpose="advertising")
    assert (refused is not None and refused[0] == f"{name}.consent") is needed
    for consents, allowed in [
        ([(now - 1, None)], True), ([(now + 1, None)], False), ([(now - 9, now - 1)], False), ([(0.0, now + 1)], True),
    ]:
        assert (said(name, place, moment, purpose="advertising", consents=consents) is None) is (allowed or not needed)
    for other in ({"purpose": "service"}, {"purpose": "advertising", "audience": "business"}):
        assert said(name, place, moment, **other) is None


def test_a_consent_goes_before_a_register() -> None:
    now, sales = at("2026-11-20T12:00", "Europe/London"), {"purpose": "advertising"}
    listed = {"tps": Listing(True, now)}
    assert said("uk", LONDON, "2026-11-20T12:00", registers=listed, **sales) == ("uk.tps", "never")
    assert said("uk", LONDON, "2026-11-20T12:00", registers=listed, consents=[(now - 1, None)], **sales) is None
    assert said("uk", LONDON, "2026-11-20T12:00", registers={}, consents=[(now - 1, None)], **sales) is not None


def test_calls_count_by_the_person_or_the_debt_and_by_the_number_where_the_pack_says_so() -> None:
    zone = "America/New_York"
    calls = [call(at(f"2026-11-{day}T10:00", zone), debt="d1", number="+1") for day in (10, 11, 12, 13, 14, 15, 16)]
    verdict = said("us", NEW_YORK, "2026-11-16T12:00", *calls, debt="d1", number="+2")
    assert verdict == ("us.reg_f_calls", "Tue 2026-11-17 08:00")
    zone, hours = "Europe/Berlin", (8, 9, 10)
    berlin = [call(at(f"2026-11-20T{hour:02}:00", zone), number="+1", contact_id=2) for hour in hours]
    assert said("de", BERLIN, "2026-11-20T11:00", *berlin, number="+2") is None
    full = ("de.calls_a_day", "Sat 2026-11-21 08:00")
    assert said("de", BERLIN, "2026-11-20T11:00", *berlin, number="+1") == full
    assert said("de", BERLIN, "2026-11-20T11:00", *berlin, number="+2", numbers=("+1", "+2")) == full
    now, caps = at("2026-11-20T11:00", zone), {"a_day": {"most": 3, "days": 1, "per": "number"}}
    by_number = Rules.of(Pack.model_validate(read(PACKS / "de.yaml").value | {"caps": caps}))
    for number, verdict in (("+1", Refused), ("+2", Allowed)):
        known = facts(BERLIN, now, *berlin, number=number, numbers=("+1", "+2"))
        assert isinstance(check([by_number], known, now), verdict)


def test_a_debt_that_is_not_named_counts_for_the_person() -> None:
    zone = "America/New_York"
    calls = [call(at(f"2026-11-{day}T10:00", zone), debt=None, number="+1") for day in (10, 11, 12, 13, 14, 15, 16)]
    of_debts = {"purpose": "debt", "number": "+1"}
    assert said("us", NEW_YORK, "2026-11-16T12:00", *calls, **of_debts) == ("us.reg_f_calls", "Tue 2026-11-17 08:00")
    assert said("us", NEW_YORK, "2026-11-16T12:00", *calls, number="+1") is None


def test_registers() -> None:
    now, sales = at("2026-11-20T12:00", "Europe/Rome"), {"purpose": "advertising"}
    missing = said("it", ROME, "2026-11-20T12:00", registers={}, **sales)
    assert missing == ("it.opposizioni_missing", "Fri 2026-11-20 13:00")
    old = {"opposizioni": Listing(False, now - 32 * 86400)}
    assert said("it", ROME, "2026-11-20T12:00", registers=old, **sales) == missing
    listed = {"opposizioni": Listing(True, now)}
    assert said("it", ROME, "2026-11-20T12:00", registers=listed, **sales) == ("it.opposizioni", "never")


@pytest.mark.parametrize(
    ("name", "place", "bound"),
    [("us", NEW_YORK, {"advertising"}), ("uk", LONDON, {"advertising"}), ("it", ROME, {"advertising", "research"})],
)
def test_a_register_binds_those_who_call_for_its_purposes(name: str, place: Place, bound: set[str]) -> None:
    """A debt may be asked for though the number is registered against advertising."""
    for purpose in ("advertising", "service", "debt", "research"):
        refused = said(name, place, "2026-11-20T12:00", registers={}, purpose=purpose)
        assert (refused is not None and refused[0].endswith("_missing")) is (purpose in bound), purpose


def test_do_not_call_holds_without_any_pack_and_goes_before_all_else() -> None:
    stop = Stop("client:acme", "+4930", "agent anna", 0.0)
    assert check([], Facts(BERLIN, 1, stops=[stop]), 5.0) == Refused(
        "do_not_call.client", None, "on the do-not-call list client:acme (agent anna)")
    for_a_time = Stop("global", "+4930", "api", 0.0, until=at("2026-11-21T12:00", "Europe/Berlin"))
    assert said("de", BERLIN, "2026-11-20T22:00", stops=[for_a_time]) == ("do_not_call.global", "Sat 2026-11-21 12:00")
    assert said("de", BERLIN, "2026-11-21T12:00", stops=[for_a_time]) is None


def test_no_pack_allows_anything_and_a_pack_nothing_without_a_clock() -> None:
    nowhere = Place(None, ())
    assert check([], Facts(nowhere, 1), 0.0) == Allowed()
    verdict = check([rules("strict")], Facts(nowhere, 1, purpose="service"), 0.0)
    assert isinstance(verdict, Refused)
    assert (verdict.rule, verdict.until) == ("zone_unknown", None)


def test_all_the_zones_a_number_may_lie_in_must_be_in_hours() -> None:
    both = Place("US", ("America/New_York", "America/Los_Angeles"))
    assert said("us", both, "2026-11-20T10:59") == ("us.hours", "Fri 2026-11-20 11:00")
    assert said("us", both, "2026-11-20T11:00") is None
    assert said("us", both, "2026-11-20T21:00") == ("us.hours", "Sat 2026-11-21 11:00")


def test_several_packs_hold_at_once() -> None:
    now = at("2026-11-20T13:30", "Europe/Berlin")
    verdict = check([rules("de"), rules("fr")], facts(BERLIN, now), now)
    assert isinstance(verdict, Refused)
    assert verdict.rule == "fr.hours"


def test_easter_and_what_hangs_on_it() -> None:
    assert [easter_sunday(year) for year in (1961, 2000, 2024, 2026, 2038)] == [
        date(1961, 4, 2), date(2000, 4, 23), date(2024, 3, 31), date(2026, 4, 5), date(2038, 4, 25)]
    assert date(2026, 5, 14) in set(holidays_of(rules("de").pack, 2026))  # Ascension
    assert all(easter_sunday(year).weekday() == 6 for year in range(1900, 2200))


# -- whatever the zone and the moment -----------------------------------------------------------------------------

ZONES = sorted(available_timezones() - {"Factory", "localtime", "posixrules"})
MOMENTS = st.integers(*(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2025, 2028)))


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[str, float]:
    """A zone, and a moment within a day of a change of its clock, if it has any."""
    zone = draw(st.sampled_from(ZONES))
    moment = draw(MOMENTS)
    changes = _changes(zone)
    if changes and draw(st.booleans()):
        moment = draw(st.sampled_from(changes)) + draw(st.integers(-86400, 86400))
    return zone, float(moment)


@cache
def _changes(zone: str) -> list[int]:
    clock, found = ZoneInfo(zone), []
    begin = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
    for hour in range(begin, begin + 3 * 366 * 86400, 6 * 3600):
        offsets = [datetime.fromtimestamp(moment, clock).utcoffset() for moment in (hour, hour + 6 * 3600)]
        if offsets[0] != offsets[1]:
            found.append(hour)
    return found


def lawful(pack: Pack, zone: str, moment: float) -> bool:
    """Said once more, from the clock on the wall."""
    local = datetime.fromtimestamp(moment, ZoneInfo(zone))
    day, clock = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()], local.strftime("%H:%M")
    holiday = local.strftime("%m-%d") in pack.holidays.fixed or any(
        local.date() == easter_sunday(local.year) + timedelta(days=days) for days in pack.holidays.easter)
    return not holiday and any(day in span.days and span.from_ <= clock < span.to for span in pack.hours)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.lists(near_a_change(), min_size=1, max_size=3))
def test_nobody_is_called_outside_lawful_hours_in_any_zone(name: str, places: list[tuple[str, float]]) -> None:
    zones, now = tuple(zone for zone, _ in places), places[0][1]
    verdict = check([rules(name)], facts(Place(None, zones), now), now)
    pack = rules(name).pack
    assert isinstance(verdict, Allowed) == all(lawful(pack, zone, now) for zone in zones)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), near_a_change())
def test_a_refusal_ends_at_the_first_lawful_moment(name: str, place: tuple[str, float]) -> None:
    zone, now = place
    pack = rules(name).pack
    verdict = check([rules(name)], facts(Place(None, (zone,)), now), now)
    if isinstance(verdict, Refused):
        assert verdict.until is not None
        assert verdict.until > now
        assert lawful(pack, zone, verdict.until)
        assert not lawful(pack, zone, verdict.until - 1)
        for step in range(60):
            assert not lawful(pack, zone, now + (verdict.until - now) * step / 60)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ZONES), MOMENTS, st.lists(st.integers(0, 40 * 86400), max_size=12))
def test_caps_hold_on_the_persons_own_clock(zone: str, now: int, ago: list[int]) -> None:
    """Whatever was dialled before: three a local day, seven in seven, four in thirty."""
    place = Place(None, (zone,))
    past = [call(float(now - seconds)) for seconds in ago]
    verdict = check([rules("strict")], facts(place, now, *past), float(now))
    moment = float(now) if isinstance(verdict, Allowed) else verdict.until
    assert moment is not None
    today = datetime.fromtimestamp(moment, ZoneInfo(zone)).date()
    dates = [datetime.fromtimestamp(one.at, ZoneInfo(zone)).date() for one in past]
    for most, days in ((3, 1), (7, 7), (4, 30)):
        assert sum(today - timedelta(days=days) < day <= today for day in dates) < most
