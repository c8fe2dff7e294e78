"""Nobody in a call is called, also where another node of the same store has the call."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from engine_rig import BEGAN_AT, CAMPAIGN, FILES, SWITCH, Rig, write_site

from dialer.calls.outcome import Outcome
from dialer.compliance.gate import RINGS_AT_MOST_S, TALKS_AT_MOST_S
from dialer.store.records import CallRecord, NewContact

NUMBER, OTHER = "+493055500000", "+493055500077"
OFTEN = {
    "rules": "often", "title": "Often", "version": 1, "dated": "2026-11-22", "notice": "of a test",
    "sources": [{"rule": "none", "where": "here"}], "caps": {"a_day": {"most": 9, "days": 1}},
    "hours": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}],
}
PATH = f"configs/campaigns/{CAMPAIGN}.yaml"
ELSEWHERE = CallRecord(
    "n2-1", "outbound", "n2", SWITCH, "acme", NUMBER, "+4930", BEGAN_AT, campaign="theirs", state="ringing",
    dialled_at=BEGAN_AT)


@pytest.fixture
async def ruled(tmp_path: Path) -> AsyncIterator[Rig]:
    """Goes by a pack that asks for earlier calls."""
    write_site(tmp_path, {**FILES, PATH: FILES[PATH] | {"rules": ["often"]}, "configs/rules/often.yaml": OFTEN})
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


def dialled(rig: Rig) -> list[str]:
    orders = [order.detail for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [order.endpoint.removeprefix("PJSIP/").removesuffix("@trunk") for order in orders]


async def start(rig: Rig, *new: NewContact) -> None:
    await rig.store.add_contacts(CAMPAIGN, new)
    rig.link_up()
    rig.log_in("ada")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()


async def later(rig: Rig, seconds: float) -> None:
    rig.clock.move(seconds)
    for _ in range(3):
        rig.engine.tick()
        await rig.quiet()


@pytest.mark.parametrize("contact", [NewContact(NUMBER), NewContact(OTHER, others=(NUMBER,))], ids=["own", "other"])
async def test_whom_another_node_rings_is_not_called_until_that_call_is_over(ruled: Rig, contact: NewContact) -> None:
    await ruled.store.save_call(ELSEWHERE)
    await start(ruled, contact)
    assert dialled(ruled) == []
    assert ruled.rows("SELECT rule FROM refusals") == [("in_call",)]
    over = replace(ELSEWHERE, outcome=Outcome.BUSY, ended_at=ruled.clock.now(), state="settled")
    await ruled.store.settle(over, None)
    await later(ruled, 61)
    assert dialled(ruled) == [contact.number]


async def test_whoever_talks_in_a_call_that_came_in_elsewhere_is_not_called(ruled: Rig) -> None:
    await ruled.store.save_call(replace(
        ELSEWHERE, direction="inbound", campaign=None, state="talking", dialled_at=None, answered_at=BEGAN_AT))
    await start(ruled, NewContact(NUMBER))
    await later(ruled, RINGS_AT_MOST_S + 1)
    assert dialled(ruled) == []
    assert ruled.row("SELECT rule FROM refusals") == "in_call"


@pytest.mark.parametrize(
    ("record", "seconds"),
    [(ELSEWHERE, RINGS_AT_MOST_S), (replace(ELSEWHERE, state="talking", answered_at=BEGAN_AT), TALKS_AT_MOST_S)],
    ids=["ringing", "talking"],
)
async def test_a_call_of_a_node_that_died_blocks_nobody_for_ever(
    ruled: Rig, record: CallRecord, seconds: float
) -> None:
    await ruled.store.save_call(record)
    await start(ruled, NewContact(NUMBER))
    await later(ruled, seconds - 30)
    assert dialled(ruled) == []
    await later(ruled, 91)
    assert dialled(ruled) == [NUMBER]


async def test_a_call_of_another_client_s_is_no_matter(ruled: Rig) -> None:
    await ruled.store.save_call(replace(ELSEWHERE, client="umbrella"))
    await start(ruled, NewContact(NUMBER))
    assert dialled(ruled) == [NUMBER]


async def test_an_inbound_call_is_no_dial_that_counts(ruled: Rig) -> None:
    """Nor does one that is under way, with whoever asks for another moment."""
    await ruled.store.save_call(replace(ELSEWHERE, direction="inbound", campaign=None))
    await start(ruled, NewContact(OTHER))
    campaign = ruled.engine.configuration.campaigns[CAMPAIGN]
    gate = ruled.engine.law.gate(campaign, ruled.clock.now())
    contact = await ruled.store.find_contact(CAMPAIGN, OTHER)
    assert contact is not None
    known = await ruled.store.known(gate.asked, replace(contact, number=NUMBER))
    assert (known.past, [call.node for call in known.open]) == ((), ["n2"])
    assert await ruled.engine.law.ask(campaign, contact, NUMBER, ruled.clock.now() + 60) is None


async def test_engines_that_share_a_store_ask_for_open_calls_whatever_the_rules(rig: Rig) -> None:
    gate = rig.engine.law.gate(rig.engine.configuration.campaigns[CAMPAIGN], now := rig.clock.now())
    assert gate.since is None
    assert replace(gate, shared=True).since == now - TALKS_AT_MOST_S


async def test_a_call_of_an_earlier_life_counts_before_the_switch_has_told_of_it(rig: Rig) -> None:
    await rig.dial()
    await rig.crash()
    gate = rig.engine.law.gate(rig.engine.configuration.campaigns[CAMPAIGN], rig.clock.now())
    assert gate.engaged == {NUMBER}
