"""Whom the hours forbid at a glance, they forbid: real packs, numbers of every country, every hour."""

from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from dialer.compliance.area import area_of
from dialer.compliance.check import Rules
from dialer.compliance.gate import Gate, Statute
from dialer.compliance.pack import Pack
from dialer.config.campaign import Campaign
from dialer.config.document import read
from dialer.store.records import Contact, Known

PACKS = Path(__file__).parents[2] / "configs" / "rules"
MONDAY = 1_795_996_800.0
KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE)


def gate_at(now: float, rules: list[str] | None = None) -> Gate:
    """Packs' other rules would refuse for other reasons: only their hours are asked."""
    values = {path.stem: read(path).value for path in PACKS.glob("*.yaml")}
    bare = {name: {key: value for key, value in pack.items() if key not in ("registers", "consent")}
            for name, pack in values.items()}  # fmt: skip
    config = {"campaign": "c", "client": "acme", "purpose": "service", "agents": {"skills": ["s"]}, "rules": rules}
    campaign = Campaign.model_validate({key: value for key, value in config.items() if value is not None})
    packs = {name: Rules.of(Pack.model_validate(pack)) for name, pack in bare.items()}
    return Statute.of(packs, {}, {"c": campaign}).gate(campaign, {}, now)


def contact(number: str, zone: str | None = None) -> Contact:
    return Contact(1, "c", number, {}, "due", 0, {}, 0.0, timezone=zone)


def examples() -> list[str]:
    found = [phonenumbers.example_number_for_type(region, kind)
             for region in sorted(phonenumbers.SUPPORTED_REGIONS) for kind in KINDS]  # fmt: skip
    return [phonenumbers.format_number(one, phonenumbers.PhoneNumberFormat.E164) for one in found if one is not None]


@pytest.mark.parametrize("rules", [None, ["us"], ["de", "fr"]])
def test_who_is_shut_out_is_refused_and_no_longer(rules: list[str] | None) -> None:
    shut = 0
    gates = [gate_at(MONDAY + hour * 3600, rules) for hour in (0, 5, 7, 9, 13, 17, 21)]
    for number in examples():
        for gate in gates:
            for zone in (None, "America/Denver"):
                glance = gate.shut(contact(number, zone))
                if glance is None:
                    continue
                shut += 1
                refusal = gate(contact(number, zone), Known(), held=False)
                assert refusal is not None, f"{number} may be called at {gate.now}"
                assert refusal.until is None or (glance.until or 0.0) <= refusal.until
    assert shut > 500


def test_most_of_those_outside_the_hours_are_seen_at_a_glance() -> None:
    night = gate_at(MONDAY + 22 * 3600)
    for number in ("+493023125010", "+4915112345678", "+33142685300", "+393331234567"):
        glance = night.shut(contact(number))
        assert glance is not None and glance.until is not None
        assert glance == night(contact(number), Known(), held=False)
    assert night.shut(contact("+12125550100")) is None, "five in the afternoon"


def test_nobody_is_shut_out_without_rules_or_a_zone() -> None:
    assert gate_at(MONDAY, []).shut(contact("+493023125010")) is None
    assert gate_at(MONDAY).shut(contact("+493023125010", "Mars/Olympus")) is None
    assert gate_at(MONDAY).shut(contact("+0")) is None


def test_areas_are_the_longest_prefixes_known() -> None:
    assert [area_of(number) for number in ("+493023125010", "+12125550100", "+0", "")] == ["49", "1212", "", ""]
