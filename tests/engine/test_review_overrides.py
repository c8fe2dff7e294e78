"""Two who change a campaign at once: each change is checked against what the other has made of it."""

import asyncio

from engine_rig import CAMPAIGN, Rig


async def test_changes_that_do_not_go_together_are_not_both_taken(rig: Rig) -> None:
    overrides = rig.engine.overrides
    both = ({"mode": "power", "ratio": 2.0}, {"mode": "progressive"})
    said = await asyncio.gather(*(overrides.change(CAMPAIGN, values) for values in both))
    assert [len(faults) for faults in said] == [0, 1]
    config = rig.engine.campaigns.runs[CAMPAIGN].config
    assert (config.mode, config.ratio) == ("power", 2.0)


async def test_a_reset_is_not_undone_by_a_change_under_way(rig: Rig) -> None:
    overrides = rig.engine.overrides
    await overrides.change(CAMPAIGN, {"share": 3.0})
    await asyncio.gather(overrides.change(CAMPAIGN, {"priority": 5}), overrides.reset(CAMPAIGN))
    stored = {row.key for row in await rig.store.overrides()}
    assert stored == set(overrides.of(CAMPAIGN)) == set()
