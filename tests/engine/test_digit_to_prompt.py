"""How long a caller's key waits for the prompt that answers it: prompts that answer no key are not counted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from engine_rig import FILES, HOTLINE, Rig, script, write_site

from dialer.calls import events as ev
from dialer.flows.commands import Reply

CALL = "1700000000.1"


@pytest_asyncio.fixture
async def keyed(tmp_path: Path) -> AsyncIterator[Rig]:
    hotline = dict(FILES["ivr_flows/hotline.yaml"])
    hotline["nodes"] = {
        "choose": {"menu": {"en": "Press one."}, "choices": {"1": "bye"}, "otherwise": "end"},
        "bye": {"say": {"en": "Bye."}, "next": "again"},
        "again": {"say": {"en": "Bye."}, "next": "end"},
        "end": {"hangup": {}},
    }
    hotline["start"] = "choose"
    write_site(tmp_path, {**FILES, "ivr_flows/hotline.yaml": hotline})
    rig = Rig(tmp_path)
    yield rig
    await rig.close()


async def test_a_prompt_that_answers_a_key_is_counted(keyed: Rig) -> None:
    keyed.link_up()
    began = keyed.clock.now()
    keyed.post(script(CALL, began, "inbound", "+49301", HOTLINE))
    await keyed.quiet()

    def reply(digits: str = "") -> None:
        keyed.post(ev.ScriptReplied(CALL, keyed.clock.now() - 0.25, Reply(digits=digits)))

    def counted(what: str) -> float:
        return keyed.engine.metrics.registry.get_sample_value(f"dialer_digit_to_prompt_seconds_{what}") or 0.0

    while keyed.switch.given("run")[-1].detail.__class__.__name__ != "Collect":
        reply()
    assert counted("count") == 0
    reply("1")
    assert (counted("count"), counted("sum")) == (1, 0.25)
    reply()  # the second prompt answers no key
    assert counted("count") == 1
