"""Several numbers of ours in rotation: fixed on disk before the dial, counted, bounded a day."""

from pathlib import Path
from typing import Any

from engine_rig import CAMPAIGN, FILES, Rig, script, write_site

from dialer.calls import events as ev
from dialer.store.records import NewContact

BERLIN, MUNICH, SPARE = "+493023125001", "+498923125002", "+49800231250"
NUMBERS = [{"number": BERLIN, "areas": ["+4930"]}, {"number": MUNICH, "areas": ["+4989"]}, {"number": SPARE}]


async def rig_of(root: Path, numbers: Any = NUMBERS, **more: Any) -> Rig:
    path = f"configs/campaigns/{CAMPAIGN}.yaml"
    retry = {"busy": {"after": "1m", "times": 9}}
    document = FILES[path] | {"caller_ids": {"numbers": numbers, **more}, "retry": retry}
    write_site(root, {**FILES, path: document})
    rig = Rig(root)
    rig.link_up()
    rig.log_in("ada")
    return rig


async def run(rig: Rig, *numbers: str) -> None:
    await rig.store.add_contacts(CAMPAIGN, [NewContact(number) for number in numbers])
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()


async def end(rig: Rig, cause: int = 17, answered: bool = False) -> None:
    call, now = rig.switch.given("originate")[-1].channel, rig.clock.now()
    if answered:
        rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    rig.post(ev.HungUp(call, now, cause))
    rig.clock.move(6)
    await rig.quiet()


def shown(rig: Rig) -> list[tuple[str, str]]:
    """(called, shown) as the switch was told."""
    orders = [order.detail for order in rig.switch.given("originate") if order.detail.exten == "outbound"]
    return [(order.endpoint.removeprefix("PJSIP/").removesuffix("@trunk"), order.caller_id) for order in orders]


async def test_the_area_s_number_is_shown_and_stands_in_the_row_before_the_dial(tmp_path: Path) -> None:
    rig = await rig_of(tmp_path)
    seen: list[Any] = []
    rig.switch.told = lambda order: seen.append(
        (order.detail.caller_id, rig.row("SELECT our_number FROM calls WHERE id = ?", order.channel))
    ) if order.verb == "originate" and order.detail.exten == "outbound" else None  # fmt: skip
    await run(rig, "+4930555001", "+4989555001", "+4940555001")
    for _ in range(3):
        await end(rig, answered=True)
        rig.engine.floor.command("ada", "end_wrap_up") if rig.agent_state("ada") == "wrap_up" else None
        await rig.quiet()
    assert seen == [(BERLIN, BERLIN), (MUNICH, MUNICH), (SPARE, SPARE)]
    counted = rig.rows("SELECT number, sum(dials), sum(answered) FROM caller_id_days GROUP BY number")
    assert sorted(counted) == sorted([(BERLIN, 1, 1), (MUNICH, 1, 1), (SPARE, 1, 1)])
    await rig.close()


async def test_a_number_is_not_shown_more_often_a_day_also_after_a_restart(tmp_path: Path) -> None:
    rig = await rig_of(tmp_path, [{"number": BERLIN}, {"number": SPARE}], max_per_day=2)
    await run(rig, *(f"+49305550{index:02}" for index in range(9)))
    for _ in range(3):
        await end(rig)
    await rig.crash()
    await rig.engine.shown_numbers.refresh()
    rig.link_up()
    rig.log_in("bob")
    rig.engine.campaigns.set_status(CAMPAIGN, "running")
    await rig.quiet()
    for _ in range(3):
        if rig.engine.campaigns.runs[CAMPAIGN].calls:
            await end(rig)
        rig.clock.move(6)
        await rig.quiet()
    assert sorted(number for _, number in shown(rig)) == sorted([BERLIN, SPARE] * 2)
    assert rig.row("SELECT rule FROM refusals LIMIT 1") == "caller_ids.max_per_day"
    assert rig.agent_state("bob") == "idle"
    rig.clock.move(86_400)
    await rig.quiet()
    assert len(shown(rig)) == 5, "the next day has room again"
    await rig.close()


async def test_a_retry_shows_the_same_number(tmp_path: Path) -> None:
    numbers = [{"number": f"+4930231250{index:02}"} for index in range(20)]
    rig = await rig_of(tmp_path, numbers, sticky=True)
    await run(rig, "+4930555001")
    for _ in range(4):
        await end(rig)
        rig.clock.move(61)
        await rig.quiet()
    found = [number for _, number in shown(rig)]
    assert len(found) == 5
    assert len(set(found)) == 1
    await rig.close()
