"""Days of an engine at work, round the changes of the clock, in any zones and under any pack: every dial is lawful on
the clock of the person called at the instant it leaves, and nobody is dialled more often a day than the pack allows."""

import random
import shutil
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from engine_rig import BEGAN_AT, CAMPAIGN, FILES, Rig, write_site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.calls import events as ev
from dialer.compliance.pack import Pack
from dialer.config.document import read
from dialer.registers import FOLDER, import_register, path_of
from dialer.store.records import NewContact

PACKS = Path(__file__).parents[2] / "configs" / "rules"
NAMES = sorted(path.stem for path in PACKS.glob("*.yaml"))
ZONES = sorted(available_timezones() - {"Factory", "localtime", "posixrules"})
DAY_S = 86_400.0
LASTS_S = 1.5 * DAY_S


@cache
def changes(zone: str) -> list[int]:
    """Moments of 2024 to 2026 within six hours of a change of this zone's clock."""
    clock, begin = ZoneInfo(zone), int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
    hours = range(begin, begin + 3 * 365 * 86_400, 6 * 3600)
    offsets = [datetime.fromtimestamp(hour, clock).utcoffset() for hour in hours]
    return [hour for hour, one, other in zip(hours, offsets, offsets[1:], strict=False) if one != other]


CHANGING = [zone for zone in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Chatham",
                              "America/St_Johns", "Africa/Casablanca", "Pacific/Auckland", "America/Santiago")
            if changes(zone)]  # fmt: skip


EASTER = {2023: date(2023, 4, 9), 2024: date(2024, 3, 31), 2025: date(2025, 4, 20), 2026: date(2026, 4, 5),
          2027: date(2027, 3, 28)}  # fmt: skip
"""From a calendar, not from our formula."""


def lawful(pack: Pack, zone: str, moment: float) -> bool:
    local = datetime.fromtimestamp(moment, ZoneInfo(zone))
    day, clock = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[local.weekday()], local.strftime("%H:%M")
    feasts = {EASTER[local.year] + timedelta(days=days) for days in pack.holidays.easter}
    holiday = local.strftime("%m-%d") in pack.holidays.fixed or local.date() in feasts
    return not holiday and any(day in span.days and span.from_ <= clock < span.to for span in pack.hours)


def rig_of(root: Path, pack: Pack) -> Rig:
    path = f"configs/campaigns/{CAMPAIGN}.yaml"
    document = FILES[path] | {
        "rules": [pack.rules], "purpose": "service", "retry": {"no_answer": {"after": "10m", "times": 99}}}
    write_site(root, {**FILES, path: document})
    shutil.copytree(PACKS, root / "configs" / "rules")
    return Rig(root)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(NAMES), st.sampled_from(CHANGING), st.lists(st.sampled_from(ZONES), min_size=2, max_size=4),
       st.integers(0, 2**32), st.data())  # fmt: skip
async def test_every_dial_of_a_day_is_lawful(
    tmp_path_factory: pytest.TempPathFactory, name: str, changing: str, zones: list[str], seed: int, data: st.DataObject
) -> None:
    chance, root = random.Random(seed), tmp_path_factory.mktemp("day")
    pack = Pack.model_validate(read(PACKS / f"{name}.yaml").value)
    rig = rig_of(root, pack)
    began = data.draw(st.sampled_from(changes(changing))) - LASTS_S / 2
    rig.clock.move(began - BEGAN_AT)
    (root / "nobody").write_text("+12125550199\n")
    for register in pack.registers:
        import_register(root / "nobody", path_of(root / FOLDER, register), lambda _: None, rig.clock.now())
    where = {f"+4930231250{index:02}": zone for index, zone in enumerate([changing, *zones])}
    seen: list[tuple[str, float]] = []
    rig.switch.told = lambda order: seen.append((order.detail.endpoint, rig.clock.now())) if (
        order.verb == "originate" and order.detail.exten == "outbound") else None  # fmt: skip
    await rig.store.add_contacts(CAMPAIGN, [NewContact(n, {"timezone": zone}) for n, zone in where.items()])
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    could = False
    while rig.clock.now() < began + LASTS_S:
        await rig.quiet()
        could = could or any(lawful(pack, zone, rig.clock.now()) for zone in where.values())
        # The claim that this move starts is decided then, and dialled after the move: the rules are asked again.
        rig.clock.move(chance.choice((1.0, 59.0, 600.0, 1800.0, 3600.0, 5400.0)))
        await rig.quiet()
        if (calls := rig.switch.given("originate")) and rig.call_state(calls[-1].channel):
            rig.post(ev.HungUp(calls[-1].channel, rig.clock.now(), 19))
    await rig.close()
    dialled = [(endpoint.removeprefix("PJSIP/").removesuffix("@trunk"), at) for endpoint, at in seen]
    for number, at in dialled:
        assert lawful(pack, where[number], at), (name, where[number], datetime.fromtimestamp(at, UTC))
    a_day = Counter((number, datetime.fromtimestamp(at, ZoneInfo(where[number])).date()) for number, at in dialled)
    for cap in pack.caps.values():
        if cap.days == 1 and cap.per == "number":
            assert max(a_day.values(), default=0) <= cap.most
    assert dialled or not could, "somebody could be called, and nobody was"
