"""The engine dies by SIGKILL after somebody was abandoned: the budgets are what they were."""

from typing import Any

from tests.e2e.fault_lab import FaultLab
from tests.e2e.files import campaign

ABANDON = {
    "connect_within": "1s", "message": {"en": "Sorry."},
    "windows": [{"max": 3, "per": 100}, {"max": "5%", "over": "1h"}],
}  # fmt: skip
FILES = campaign("calls", abandon=ABANDON)
OPTIONS = {"people": {"ring_ms": 1500}}


async def test_a_killed_engine_remembers_who_was_abandoned(lab: FaultLab) -> None:
    number = "+493023120099"
    await lab.log_in("agent01")
    await lab.dial("calls", number)
    await lab.until_rung(number)
    lab.phone("agent01").hang_up()
    assert (await lab.one()).outcome == "abandoned"

    async def budgets() -> dict[tuple[str, str], Any]:
        [view] = [view for view in await lab.get("campaigns") if view["id"] == "calls"]
        return {(one["rule"], one["window"]): (one["abandoned"], one["left"]) for one in view["budgets"]}

    before = await budgets()
    assert before["own", "100 answered"] == (1, 2)
    await lab.crash()

    async def again() -> Any:
        return await budgets() == before

    await lab.until(again)
