"""Callers on the agents who dial: they run through their flow, wait in its queues, and take the agents' time."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from test_rehearsal import BEGAN_AT, root  # noqa: F401
from test_rehearsed_ways import simulate, write

from dialer.calls.outcome import Outcome
from dialer.config.loader import load
from dialer.config.simulate import Callers, Simulate
from dialer.flows.model import Flow
from dialer.quality.service import Rule
from dialer.rehearsal import callers
from dialer.rehearsal.outcome import ALL, Rehearsed
from dialer.rehearsal.planner import OWN, Asked, Inbound, Planner
from dialer.rehearsal.population import Stated
from dialer.rehearsal.run import rehearse
from dialer.rehearsal.service import by_queue, service
from dialer.store.records import CallRecord
from dialer.store.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
DESK: dict[str, Any] = {
    "flow": "desk", "client": "acme", "numbers": ["+493023125010"], "languages": ["en"], "start": "menu",
    "nodes": {
        "menu": {"menu": {"en": "One or two."}, "choices": {"1": "orders", "2": "help"}, "retries": 0,
                 "otherwise": "help"},
        "orders": {"queue": {"skills": ["orders"], "max_wait": "90s", "priority": 5}, "overflow": "bye"},
        "help": {"queue": {"skills": ["help", "${language}"], "max_wait": "90s", "wrap_up": "15s"}, "overflow": "bye"},
        "bye": {"hangup": {}},
    },
    "simulate": {"per_hour": 90, "keys": {"1": 0.4}, "talk": "60s", "wrap_up": "5s", "patience": "60s"},
}  # fmt: skip
AGENTS = {"agents": {"ada": {"name": "Ada", "phone": "ada", "skills": ["sales", "orders", "help", "en"]}}}


@pytest.fixture
def desk(root: Path) -> Path:  # noqa: F811
    (root / "configs/agents.yaml").write_text(json.dumps(AGENTS))
    (root / "ivr_flows/desk.yaml").write_text(json.dumps(DESK))
    return root


def shared(root: Path, *, agents: int = 5, seconds: float = 1200.0, mode: str = OWN, per_hour: float | None = None,  # noqa: F811
           blended: int | None = None) -> Rehearsed:  # fmt: skip
    configuration = load(root, {})
    flows = [Inbound(configuration.flows["desk"], per_hour)] if per_hour != 0 else []
    asked = Asked([configuration.campaigns["calls"]], agents, seconds, flows, blended)
    planner = Planner(configuration, asked, lambda: Store.open("sqlite://"))
    planner.plan("2026-11-16T09:00", None)
    return rehearse(planner.shift(mode, 1))


def test_callers_and_called_share_the_agents(desk: Path) -> None:
    alone, both = shared(desk, per_hour=0.0), shared(desk)
    served = both.service[ALL]
    assert not alone.service and not alone.callers
    assert served.callers > 15
    assert served.connected + served.gave_up + served.refused >= served.callers - 2, "but for who waits at the end"
    assert {name for name in both.service if name != ALL} == {"desk_orders", "desk_help"}
    assert both.account.attempts < 0.9 * alone.account.attempts, "callers take time from the campaign"
    assert both.account.occupancy > alone.account.occupancy
    talk_s = {span.call_id: span.ended_at - span.started_at for span in both.spans if span.state == "talking"}
    inbound = {call.id for call in both.callers if call.joined_at is not None}
    assert len(inbound) == served.connected and inbound <= talk_s.keys()


def test_the_figures_of_callers_are_those_of_their_calls(desk: Path) -> None:
    both = shared(desk, agents=3, per_hour=150.0, seconds=900.0)
    served, waits = both.service[ALL], sorted(
        call.joined_at - call.queued_at for call in both.callers
        if call.joined_at is not None and call.queued_at is not None)  # fmt: skip
    assert served.gave_up == sum(call.outcome is Outcome.ABANDONED for call in both.callers) > 0
    assert served.in_time == sum(wait <= 20.0 for wait in waits)
    assert served.counted == served.connected + served.gave_up
    assert served.speed_of_answer_s == pytest.approx(sum(waits) / len(waits))
    assert served.level == pytest.approx(served.in_time / served.counted)
    client = desk / "configs/clients/acme.yaml"
    client.write_text(json.dumps(json.loads(client.read_text()) | {"service": {"within": "1s"}}))
    strict = shared(desk, agents=3, per_hour=150.0, seconds=900.0).service[ALL]
    assert strict.level < served.level, "the target is the client's"
    assert strict.speed_of_answer_s == served.speed_of_answer_s


def test_more_who_serve_callers_serve_them_better(desk: Path) -> None:
    few, all_of_them = shared(desk, blended=1, seconds=600.0), shared(desk, seconds=600.0)
    assert few.service[ALL].level < all_of_them.service[ALL].level
    took = {span.agent for span in few.spans if span.call_id in {call.id for call in few.callers}}
    assert took == {"sim0000"}


def test_every_mode_has_the_same_callers(desk: Path) -> None:
    shifts = (shared(desk, mode=mode, agents=2, seconds=400.0) for mode in ("progressive", "power:2"))
    one, other = (sorted((call.created_at, call.number) for call in done.callers) for done in shifts)
    assert one == other and len(one) > 5


def test_callers_are_told_and_drawn(desk: Path, tmp_path: Path) -> None:
    words = ("calls", "--inbound", "desk:200", "--agents", "2", "--hours", "0.1", "--by-hour")
    table = simulate(desk, *words, "--plot", str(tmp_path / "a.svg"))
    assert all(word in table for word in ("callers served", "service level, %", "desk_help", "by the hour"))
    drawn = (tmp_path / "a.svg").read_text()
    assert "talk with callers" in drawn and "callers for an agent" in drawn
    (row,) = json.loads(simulate(desk, *words, "--json"))
    assert row["inbound"]["all"]["callers"] == sum(hour["callers"] for hour in row["by_hour"]) > 5


@pytest.mark.parametrize(("words", "said"), [
    (("--inbound", "none"), "there is no flow none"), (("--inbound", "desk:many"), "write --inbound desk:40"),
    (("--blended", "3"), "write --inbound FLOW as well"), (("--inbound", "tape"), "has no number"),
    (("--inbound", "mute"), "asks for no agent"), (("--inbound", "quiet"), "write `simulate: {per_hour: 40}` into it"),
    (("--inbound", "desk:4", "--replay", "2026-11-16"), "write --inbound desk"),
])
def test_what_is_asked_wrongly_of_callers_is_said(desk: Path, words: tuple[str, ...], said: str) -> None:
    bye = {"client": "acme", "languages": ["en"], "start": "bye", "nodes": {"bye": {"hangup": {}}}}
    for name, number in (("tape", None), ("mute", "+493023125011")):
        flow = bye | {"flow": name} | ({"numbers": [number]} if number else {})
        (desk / f"ivr_flows/{name}.yaml").write_text(json.dumps(flow))
    quiet = {key: value for key, value in DESK.items() if key != "simulate"}
    (desk / "ivr_flows/quiet.yaml").write_text(json.dumps(quiet | {"flow": "quiet", "numbers": ["+493023125012"]}))
    assert said in simulate(desk, "calls", "--hours", "0.1", *words, code=2)


# -- who calls


def flow(**said: Any) -> Flow:
    return Flow.model_validate(DESK | {"simulate": DESK["simulate"] | said})


def test_as_many_call_as_are_stated_and_when() -> None:
    peaks = [{"from": "10:00", "to": "12:00", "per_hour": 300}]
    found = callers.stated(flow(peaks=peaks), 1, BEGAN_AT, 4 * 3600.0, BERLIN)
    by_hour = [sum(3600 * hour <= one.at < 3600 * (hour + 1) for one in found) for hour in range(4)]
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert by_hour[0] == pytest.approx(90, abs=35) and by_hour[3] == pytest.approx(90, abs=35)
    assert by_hour[1] + by_hour[2] == pytest.approx(600, abs=90)
    pressed = [one.keys for one in found]
    assert pressed.count(("1",)) == pytest.approx(0.4 * len(found), rel=0.2) and set(pressed) == {("1",), ()}
    assert sum(one.talk_s for one in found) / len(found) == pytest.approx(60, rel=0.15)
    assert sum(one.patience_s or 0 for one in found) / len(found) == pytest.approx(60, rel=0.2)
    assert {one.patience_s for one in callers.stated(flow(patience="0s"), 1, BEGAN_AT, 3600.0, BERLIN)} == {None}
    assert {one.wrap_up_s for one in callers.stated(flow(wrap_up="0s"), 1, BEGAN_AT, 3600.0, BERLIN)} == {0.0}
    assert callers.stated(flow(), 1, BEGAN_AT, 3600.0, BERLIN, per_hour=0.0) == []


def test_campaigns_whose_agents_write_nothing_up_and_do_not_think() -> None:
    people = Stated(Simulate.model_validate({"wrap_up": "0s", "think": "0s"}), 1)
    assert (people.wrap_up_s("ada", 1), people.think_s("ada", "+49301")) == (0.0, 0.0)


def past_call(place: int, at: float, **more: Any) -> CallRecord:
    return CallRecord(
        f"p{place}", "inbound", "n", "main", "acme", f"+49301{place:04}", "+493023125010", at, flow="desk",
        outcome=Outcome.ANSWERED, **more)  # fmt: skip


def test_callers_as_they_were() -> None:
    """Two days with 120 callers between nine and ten, of whom each fourth gave up after 20 s; the others had waited
    10 s, and talked for 33 s."""
    calls = []
    for day in range(2):
        for place in range(120):
            at = BEGAN_AT + 86_400 * day + 30 * place
            gone = place % 4 == 0
            times = {"queued_at": at, "ended_at": at + (20 if gone else 43)} | ({} if gone else {"joined_at": at + 10})
            call = past_call(1000 * day + place, at, talk_s=0 if gone else 33.0, **times)
            calls.append(replace(call, outcome=Outcome.ABANDONED) if gone else call)
    past = callers.Past(calls, [7.0])
    assert past.patience_s == pytest.approx((60 * 20 + 180 * 10) / 60)
    found = callers.as_before(flow(), past, 1, BEGAN_AT, 2 * 3600.0, BERLIN)
    assert len(found) == pytest.approx(120, abs=40) and max(one.at for one in found) < 3600.0
    assert {(one.talk_s, one.wrap_up_s) for one in found} == {(33.0, 7.0)}
    again = callers.again(flow(), callers.Past(calls[:4], []), 1, BEGAN_AT - 60)
    assert [(one.at, one.number) for one in again] == [(60.0 + 30 * i, f"+49301{i:04}") for i in range(4)]
    assert again[0].patience_s == 20.0 and again[1].talk_s == 33.0
    with pytest.raises(ValueError, match="no calls to desk"):
        callers.as_before(flow(), callers.Past([], []), 1, BEGAN_AT, 60.0, BERLIN)


def test_callers_of_a_past_day_call_again(desk: Path) -> None:
    really = shared(desk, agents=3, per_hour=100.0, seconds=900.0)

    async def keep() -> None:
        (desk / "var").mkdir()
        store = Store.open(f"sqlite:///{desk}/var/past.db")
        over = {call.id for call in (*really.calls, *really.callers) if call.state == "settled"}
        for call in (*really.calls, *really.callers):
            if call.id in over:
                store.save_call(replace(call, contact_id=None))
                await store.settle(replace(call, contact_id=None), None)
        for span in really.spans:
            await store.save_span(span if span.call_id in over else replace(span, call_id=None))
        await store.close()

    asyncio.run(keep())
    again, that_day = json.loads(simulate(desk, "calls", "--inbound", "desk", "--replay", "2026-11-16", "--json"))
    waited = [call for call in really.callers if call.state == "settled" and call.queued_at is not None]
    assert that_day["inbound"]["all"]["callers"] == len(waited) > 10
    assert again["inbound"]["all"]["callers"] == pytest.approx(that_day["inbound"]["all"]["callers"], abs=3)
    assert again["inbound"]["all"]["service_level"] == pytest.approx(
        that_day["inbound"]["all"]["service_level"], abs=0.2)  # fmt: skip
    days = int((datetime.now(BERLIN).timestamp() - BEGAN_AT) / 86_400) + 2
    (learnt,) = json.loads(simulate(desk, "calls", "--inbound", "desk", "--learn", str(days), "--hours", "0.1",
                                    "--start", "2026-11-16T09:00", "--json"))  # fmt: skip
    assert learnt["inbound"]["all"]["callers"] > 0


def test_service_by_hand() -> None:
    calls = [
        past_call(1, 0.0, queued_at=0.0, joined_at=4.0, queue="a"),
        past_call(2, 0.0, queued_at=0.0, joined_at=30.0, queue="a"),
        replace(past_call(3, 0.0, queued_at=0.0, ended_at=9.0, queue="b"), outcome=Outcome.ABANDONED),
        replace(past_call(4, 0.0), outcome=Outcome.OVERLOADED), replace(past_call(5, 0.0), outcome=Outcome.LEFT),
    ]  # fmt: skip
    one = service(calls, {"acme": Rule(within_s=10.0, formula="forgiving")})
    assert (one.callers, one.connected, one.gave_up, one.refused) == (4, 2, 1, 1)
    assert (one.in_time, one.counted, one.speed_of_answer_s, one.wait_p90_s) == (2, 3, 17.0, 30.0)
    assert set(by_queue(calls, {"acme": Rule()})) == {"a", "b"}


@pytest.mark.parametrize("said", [{"keys": {"1": 0.6, "2": 0.6}}, {"keys": {"one": 0.1}},
                                  {"peaks": [{"from": "10:00", "to": "09:00", "per_hour": 1}]}])  # fmt: skip
def test_callers_that_cannot_be_are_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"more than 100|pattern|no time of one day"):
        Callers.model_validate(said)


def test_campaigns_and_callers_of_several_clients(desk: Path) -> None:
    write(desk, "hot")
    (row,) = json.loads(simulate(desk, "calls", "hot", "--inbound", "desk:60", "--agents", "4", "--hours", "0.1",
                                 "--json"))  # fmt: skip
    assert row["inbound"]["all"]["callers"] > 0 and set(row["campaigns"]) == {"calls", "hot"}
