"""From recordings to samples, cards and results, as the engine does it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from engine_rig import FILES, SWITCH, Rig, write_site

from dialer.calls.outcome import Outcome
from dialer.engine.sampling import draw_samples
from dialer.quality.sampling import period_at
from dialer.store.recordings import RecordingRow
from dialer.store.records import CallRecord
from dialer.web.port import RefusedError, UnknownError

DAY_S = 86_400.0
CARD = {"card": "service", "title": "Service", "passes": 60,
        "criteria": {"greeting": {"text": "Named the company", "points": 10},
                     "identity": {"text": "Checked who is calling", "points": 1, "critical": True},
                     "fax": {"text": "Sent the fax", "points": 2, "optional": True}}}  # fmt: skip
ROW = RecordingRow("r", "c1", "n1", "main", "acme", "winback", "winback", "ada", "acme/d/r.raw", "mixed", 0.0, 2e9)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    sample = {"card": "service", "per_agent": 2, "per": "month", "least_talk": "30s"}
    client = FILES["configs/clients/acme.yaml"]
    plant = FILES["configs/plant.yaml"]
    switches = {SWITCH: {**plant["switches"][SWITCH], "recordings": {"read": "talks"}}}
    write_site(tmp_path, {
        **FILES, "configs/score_cards/service.yaml": CARD, "configs/plant.yaml": {**plant, "switches": switches},
        "configs/clients/acme.yaml": {**client, "timezone": "Europe/Berlin", "sample": sample,
                                      "recording": {"consent": True}},
        "configs/campaigns/winback.yaml": {**FILES["configs/campaigns/winback.yaml"],
                                           "sample": {**sample, "per_agent": 1, "dispositions": ["sale"]}},
    })  # fmt: skip
    made = Rig(tmp_path)
    yield made
    await made.close()


async def talked(rig: Rig, name: str, began: float, seconds: float = 60.0, **other: object) -> None:
    row = replace(ROW, id=name, call_id=f"c-{name}", began_at=began, ended_at=began + seconds, **other)
    await rig.store.recordings.save(row)
    await rig.store.recordings.change(name, seconds=seconds)


def month(rig: Rig) -> tuple[float, float]:
    """This month's beginning and length."""
    zone = rig.configuration.clients["acme"].timezone
    period = period_at(rig.clock.now(), "month", ZoneInfo(zone))
    return period.since, period.until - period.since


async def drawn(rig: Rig, at: float) -> dict[str, set[str]]:
    await draw_samples(rig.engine, at)
    found: dict[str, set[str]] = {}
    for one in await rig.control.recordings.samples(None, None, None, None, None):
        found.setdefault(one.rule, set()).add(one.recording.id)
    return found


async def test_drawn_as_the_month_goes_and_replaced_when_erased(rig: Rig) -> None:
    since, length = month(rig)
    for index in range(10):
        await talked(rig, f"early{index}", since + index, campaign=None)
        await talked(rig, f"late{index}", since + length * 0.6 + index, campaign="surveyed")
    await talked(rig, "short", since + 20, 10.0, campaign=None)
    assert await drawn(rig, since + length * 0.4) == {}
    [[first]] = (await drawn(rig, since + length * 0.5)).values()
    assert first.startswith("early") and (await drawn(rig, since + length * 0.9)) == {"client:acme": {first}}
    both = (await drawn(rig, since + length))["client:acme"]
    assert len(both) == 2 and first in both and {name.rstrip("0123456789") for name in both} == {"early", "late"}
    await rig.store.recordings.delete(first, since + length, "erased")
    replaced = (await drawn(rig, since + length + DAY_S))["client:acme"]
    [new] = replaced - both
    assert new.startswith("early") and first not in replaced and len(replaced) == 2


async def test_a_campaign_with_its_own_rule_is_left_out_of_its_clients(rig: Rig) -> None:
    since, length = month(rig)
    for name, disposition in (("sold", "sale"), ("unsold", None)):
        await talked(rig, name, since + 5)
        await rig.store.settle(CallRecord(
            f"c-{name}", "outbound", "n1", "main", "acme", "+4930555", "+4930", since, campaign="winback",
            outcome=Outcome.ANSWERED, disposition=disposition), None)  # fmt: skip
    assert await drawn(rig, since + length) == {"campaign:winback": {"sold"}}


async def test_scored_corrected_and_summed_up(rig: Rig) -> None:
    since, length = month(rig)
    await talked(rig, "one", since + 5, campaign="surveyed")
    await talked(rig, "two", since + length * 0.7, campaign="surveyed")
    await talked(rig, "three", since + length * 0.7, campaign="surveyed", agent="bob")
    sampled = (await drawn(rig, since + length))["client:acme"]
    assert sampled == {"one", "two", "three"}
    desk = rig.control.recordings
    poor = await desk.score("one", "maria", {"greeting": 5, "identity": 1, "fax": None}, "", None)
    assert (round(poor.score, 2), poor.passed) == (54.55, False)
    right = await desk.score("one", "maria", {"greeting": 9, "identity": 1, "fax": None}, "misheard", None)
    assert right.passed
    failed = await desk.score("two", "paul", {"greeting": 10, "identity": 0, "fax": 2}, "", None)
    assert (failed.score, failed.failed, failed.passed) == (0.0, ("identity",), False)
    assert [(card.score, card.counts) for card in (await desk.one("one")).cards] == [
        (poor.score, False), (right.score, True)]  # fmt: skip
    name = f"{(await desk.samples(None, None, None, None, True))[0].period}"
    [ada] = await desk.scores("agent", name, "acme", None)
    assert (ada.group, ada.recordings, ada.passed, ada.failed) == ("ada", 2, 1, 1)
    assert ada.mean == pytest.approx(right.score / 2) and ada.criteria["greeting"] == 95.0
    assert await desk.scores("client", "2020-01", None, None) == []
    assert [one.recording.id for one in await desk.samples("acme", "surveyed", None, name, False)] == ["three"]


async def test_what_cannot_be_scored(rig: Rig) -> None:
    await talked(rig, "other", 1e9)
    desk, points = rig.control.recordings, {"greeting": 5, "identity": 1, "fax": None}
    with pytest.raises(RefusedError, match="in no sample"):
        await desk.score("other", "maria", points, "", None)
    with pytest.raises(RefusedError, match="no score card servise; there are: service"):
        await desk.score("other", "maria", points, "", "servise")
    with pytest.raises(RefusedError, match="greeting"):
        await desk.score("other", "maria", {**points, "greeting": 11}, "", "service")
    with pytest.raises(UnknownError):
        await desk.score("nothing", "maria", points, "", "service")
    with pytest.raises(UnknownError):
        await desk.scores("agent", None, "globex", None)
    assert (await desk.score("other", "maria", points, "", "service")).counts
    assert await desk.scores("agent", "2001-09", "acme", None) == []  # it is in no sample
