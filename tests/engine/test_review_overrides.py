"""Two who change a campaign at once: each change is checked against what the other has made of it."""

import asyncio
import sqlite3
from collections.abc import Sequence

import pytest
from engine_rig import CAMPAIGN, Rig

from dialer.store.records import Override
from dialer.store.store import StoreError


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


class Lock:
    """The database held by somebody else, for the length of the block."""

    def __init__(self, rig: Rig) -> None:
        self._link = sqlite3.connect(rig.database, isolation_level=None)

    def __enter__(self) -> None:
        self._link.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._link.execute("ROLLBACK")
        self._link.close()


async def stored(rig: Rig) -> dict[str, str]:
    return {row.key: row.value for row in await rig.store.overrides()}


async def test_a_change_nobody_waits_for_any_more_is_in_force_once_it_is_on_disk(rig: Rig) -> None:
    overrides = rig.engine.overrides
    with Lock(rig):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await overrides.change(CAMPAIGN, {"share": 3.0})
        assert rig.engine.campaigns.runs[CAMPAIGN].config.share == 1.0
    await rig.quiet()
    assert await stored(rig) == {"share": "3.0"}
    assert rig.engine.campaigns.runs[CAMPAIGN].config.share == 3.0
    with Lock(rig), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await overrides.reset(CAMPAIGN)
    await rig.quiet()
    assert await stored(rig) == {} and rig.engine.campaigns.runs[CAMPAIGN].config.share == 1.0


async def test_a_change_whose_save_failed_is_on_no_disk_even_if_it_got_there(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    overrides, save = rig.engine.overrides, rig.store.save_overrides
    await overrides.change(CAMPAIGN, {"share": 3.0})

    def doubtful(rows: Sequence[Override]) -> "asyncio.Future[None]":
        save(rows)
        failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        failed.set_exception(StoreError("the link was cut in the commit"))
        return failed

    monkeypatch.setattr(rig.store, "save_overrides", doubtful)
    with pytest.raises(StoreError):
        await overrides.change(CAMPAIGN, {"share": 5.0, "priority": 2})
    await rig.quiet()
    assert await stored(rig) == {"share": "3.0"}
    assert overrides.of(CAMPAIGN) == {"share": 3.0}
