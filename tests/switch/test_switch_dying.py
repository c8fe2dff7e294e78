"""A far end that hung up is gone for good, whatever Asterisk makes of it."""

import pytest
from test_switch_orders import ORDER, rig

from dialer.calls.events import HungUp, JoinFailed, OriginateFailed
from dialer.switch import asterisk


def requested(channel: str) -> bytes:
    return f"Event: HangupRequest\r\nChannel: PJSIP/trunk-1\r\nUniqueid: {channel}\r\nCause: 16\r\n\r\n".encode()


def hung_up(channel: str) -> bytes:
    return f"Event: Hangup\r\nChannel: PJSIP/trunk-1\r\nUniqueid: {channel}\r\nCause: 16\r\n\r\n".encode()


async def test_a_channel_that_outlives_its_far_end_is_hung_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk, "DYING_S", 0.01)
    async with rig() as it:
        peer = await it.up()
        peer.send(requested("c-1"))
        order = await peer.expect("Hangup")
        assert order["channel"] == "c-1"


async def test_one_that_goes_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk, "DYING_S", 0.05)
    async with rig() as it:
        peer = await it.up()
        peer.send(requested("c-1") + hung_up("c-1") + requested("c-2"))
        assert isinstance(await it.event(), HungUp)
        order = await peer.expect("Hangup")
        assert order["channel"] == "c-2"


@pytest.mark.parametrize(
    ("message", "blame"),
    [("Channel1 does not exist: c", "customer"), ("Unable to add Channel2 to bridge: l", "agent"), ("no", None)],
)
async def test_a_refused_bridge_names_the_leg_and_whose_channel_is_dead(message: str, blame: str | None) -> None:
    async with rig() as it:
        peer = await it.up()
        it.switch.bridge("c", "l")
        peer.answer(await peer.expect("Setvar"))
        peer.answer(await peer.expect("Bridge"), "Error", message)
        event = await it.event()
        assert isinstance(event, JoinFailed)
        assert (event.channel, event.leg, event.blame) == ("c", "l", blame)


async def test_an_originate_that_the_switch_refuses_was_never_sent() -> None:
    """Without its permission in manager.conf a whole list would be called failed."""
    async with rig() as it:
        peer = await it.up()
        it.switch.originate(ORDER)
        peer.answer(await peer.expect("Originate"), "Error", "Permission denied")
        event = await it.event()
        assert isinstance(event, OriginateFailed)
        assert (event.channel, event.sent) == ("c-1", False)
