"""Nothing that Asterisk would evaluate gets into an order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.switch import checks
from dialer.switch.actions import bridge_action, hangup_action, originate_action, redirect_action
from dialer.switch.ami import Request
from dialer.switch.port import OriginateOrder
from dialer.switch.wire import Splitter, UnsafeValueError, parse

EVALUATED = "\r\n\0\x1b\"\\$&,{}()[]|^"
PLAIN = {
    checks.endpoint: "PJSIP/+4930555@trunk",
    checks.channel: "node1-1795296088.12",
    checks.number: "+4930555",
    checks.sound: "/srv/sounds/de/welcome",
    checks.caller_id: "+4930555",
    checks.word: "agent-loop",
    checks.keys: "123",
}


@pytest.mark.parametrize("check", PLAIN)
def test_plain_values_pass(check: object) -> None:
    assert check(PLAIN[check]) == PLAIN[check]  # type: ignore[operator,index]


@pytest.mark.parametrize("check", PLAIN)
@given(evil=st.sampled_from(EVALUATED), place=st.integers(0, 30))
def test_no_character_that_asterisk_evaluates_passes(check: object, evil: str, place: int) -> None:
    plain = PLAIN[check]  # type: ignore[index]
    place %= len(plain) + 1
    with pytest.raises(UnsafeValueError):
        check(plain[:place] + evil + plain[place:])  # type: ignore[operator]


@pytest.mark.parametrize("channel", ["", "/.*/", "/", "all the channels", "a" * 200])
def test_a_channel_is_never_a_pattern(channel: str) -> None:
    with pytest.raises(UnsafeValueError):
        hangup_action(channel, 16)
    with pytest.raises(UnsafeValueError):
        bridge_action("c-1", channel)
    with pytest.raises(UnsafeValueError):
        bridge_action(channel, "c-1")
    with pytest.raises(UnsafeValueError):
        redirect_action(channel, "agent-loop")


@pytest.mark.parametrize(
    "name", ["SHELL(rm)", "__x y", "1X", "X=1,Y", "", "CHANNEL(hangup_handler_push)", "A\r\nX"]
)
def test_a_variable_is_never_a_function(name: str) -> None:
    with pytest.raises(UnsafeValueError):
        checks.variable(name, "1")


def test_a_variable_is_never_two() -> None:
    with pytest.raises(UnsafeValueError):
        checks.variable("A", "1,DIALER_DETECT=1")


def test_a_sound_stays_in_its_directory() -> None:
    with pytest.raises(UnsafeValueError):
        checks.sound("/srv/sounds/../../etc/passwd")


@pytest.mark.parametrize("caller_id", ["", "+49301", '"Müller & Söhne" <+49301>', '"A" <+49301', "anonymous"])
def test_caller_ids(caller_id: str) -> None:
    if "&" in caller_id:
        with pytest.raises(UnsafeValueError):
            checks.caller_id(caller_id)
    else:
        assert checks.caller_id(caller_id) == caller_id


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
async def test_an_order_is_one_action_or_none(number: str, caller_id: str, value: str) -> None:
    order = OriginateOrder("c-1", f"PJSIP/{number}@trunk", caller_id, 20.0, "outbound", {"LEAD": value})
    try:
        data = bytes(Request(originate_action(order)))
    except UnsafeValueError:
        return
    [block] = Splitter().feed(data)
    headers = parse(block)
    assert headers["action"] == "Originate"
    assert len(headers) == 12
    assert headers["channel"] == f"PJSIP/{number}@trunk"
    assert headers["variable"] == f"LEAD={value}"


@pytest.mark.parametrize("ring_s", [0.0, -1.0, 601.0, float("nan"), float("inf")])
def test_a_ring_time_is_a_time(ring_s: float) -> None:
    with pytest.raises(UnsafeValueError):
        originate_action(OriginateOrder("c-1", "PJSIP/1@trunk", "", ring_s, "outbound"))


@pytest.mark.parametrize("cause", [0, 128, -1])
def test_a_cause_is_a_cause(cause: int) -> None:
    with pytest.raises(UnsafeValueError):
        hangup_action("c-1", cause)
