"""Events as Asterisk 22 sends them (headers taken from a real one), and as it should not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.calls.events import (
    Answered,
    Bridged,
    ChannelSeen,
    Digit,
    HungUp,
    OriginateFailed,
    Ringing,
    Unbridged,
)
from dialer.switch.asterisk import exact_boot_time
from dialer.switch.events import TRANSLATE, channel_seen

NOW = 1000.0
STAMP = "1795296088.602303"
CHANNEL = {"channel": "PJSIP/trunk-00000000", "uniqueid": "c-1", "timestamp": STAMP}


def translated(name: str, **headers: str) -> Any:
    return TRANSLATE[name](CHANNEL | headers, NOW)


AT = float(STAMP)


def test_channel_states() -> None:
    assert translated("Newstate", channelstatedesc="Ringing") == Ringing("c-1", AT)
    assert translated("Newstate", channelstatedesc="Up") == Answered("c-1", AT)
    assert translated("Newstate", channelstatedesc="Ring") is None
    assert translated("Newstate") is None


def test_a_hangup_carries_cause_and_sip_status() -> None:
    assert translated("Hangup", cause="17", **{"cause-txt": "User busy"}, techcause="486") == HungUp(
        "c-1", AT, 17, "User busy", 486
    )
    assert translated("Hangup", cause="34", techcause="SIP 503 Service Unavailable").sip == 503
    assert translated("Hangup", cause="16", **{"cause-txt": "Normal Clearing"}) == HungUp(
        "c-1", AT, 16, "Normal Clearing"
    )
    assert translated("Hangup") == HungUp("c-1", AT, 0)


def test_a_failed_originate_is_known_by_its_action_even_without_a_channel() -> None:
    headers = {"actionid": "originate:c-1", "response": "Failure", "uniqueid": "<null>"}
    assert translated("OriginateResponse", **headers, reason="3") == OriginateFailed("c-1", AT, "no_answer")
    assert translated("OriginateResponse", **headers, reason="5") == OriginateFailed("c-1", AT, "busy")
    assert translated("OriginateResponse", **headers, reason="77") == OriginateFailed("c-1", AT, "reason 77")
    assert translated("OriginateResponse", **headers | {"response": "Success"}, reason="4") is None
    assert translated("OriginateResponse", **headers | {"actionid": "somebody's"}, reason="0") is None


def test_bridges_and_keys() -> None:
    assert translated("BridgeEnter", bridgeuniqueid="b") == Bridged("c-1", AT, "b")
    assert translated("BridgeLeave", bridgeuniqueid="b") == Unbridged("c-1", AT, "b")
    assert translated("DTMFEnd", digit="*", direction="Received") == Digit("c-1", AT, "*")
    assert translated("DTMFEnd", digit="*", direction="Sent") is None
    assert translated("DTMFEnd", digit="", direction="Received") is None


def test_our_own_clock_where_the_switch_gives_no_time() -> None:
    assert TRANSLATE["Newstate"]({"uniqueid": "c-1", "channelstatedesc": "Up"}, NOW) == Answered("c-1", NOW)
    assert translated("Newstate", channelstatedesc="Up", timestamp="soon") == Answered("c-1", NOW)


@pytest.mark.parametrize("name", ["Local/1@dialer-00000001;2", "Surrogate/PJSIP/t-1", "PJSIP/t-1<ZOMBIE>"])
@pytest.mark.parametrize("event", sorted(set(TRANSLATE) - {"OriginateResponse"}))
def test_channels_that_are_nobodys_call(event: str, name: str) -> None:
    headers = {"channelstatedesc": "Up", "cause": "16", "digit": "1", "direction": "Received"}
    assert translated(event, **headers) is not None
    assert translated(event, **headers, channel=name) is None
    assert translated(event, **headers, uniqueid="") is None


def test_one_channel_of_a_listing() -> None:
    headers = CHANNEL | {
        "channelstatedesc": "Up", "bridgeid": "b", "context": "dialer", "exten": "script",
        "calleridnum": "+49301234567", "duration": "01:02:03",
    }  # fmt: skip
    assert channel_seen(headers) == ChannelSeen(
        "c-1", "PJSIP/trunk-00000000", "up", "b", "dialer", "+49301234567", "script", 3723.0
    )
    seen = channel_seen(CHANNEL | {"duration": "?"})
    assert seen is not None
    assert seen.seconds == 0.0
    assert channel_seen(CHANNEL | {"channel": "Local/1@x-1;2"}) is None


@given(
    st.sampled_from(sorted(TRANSLATE)),
    st.dictionaries(
        st.sampled_from(["channel", "uniqueid", "timestamp", "cause", "techcause", "digit", "direction", "reason",
                         "response", "actionid", "channelstatedesc", "bridgeuniqueid", "duration"]),
        st.one_of(st.text(max_size=20), st.sampled_from(["Up", "Failure", "originate:x", "Received", "-1", "²"])),
    ),
)  # fmt: skip
def test_no_event_breaks_its_translation(name: str, headers: dict[str, str]) -> None:
    TRANSLATE[name](headers, NOW)
    channel_seen(headers)


@given(st.integers(1_700_000_000, 2_000_000_000), st.integers(-4 * 12, 4 * 14), st.floats(-300, 300))
def test_the_boot_time_is_exact_in_every_zone(booted_at: int, quarters: int, error_s: float) -> None:
    import time

    local = time.gmtime(booted_at + quarters * 900)
    status = {"corestartupdate": time.strftime("%Y-%m-%d", local), "corestartuptime": time.strftime("%H:%M:%S", local)}
    assert exact_boot_time(booted_at + error_s, status) == booted_at


def test_without_a_startup_time_the_estimate_stands() -> None:
    assert exact_boot_time(1000.4, {}) == 1000.0
