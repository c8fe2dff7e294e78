"""A channel that a hang-up does not end has its script closed at the second one, and only then."""

from typing import Any, cast

from dialer.config.models import SwitchConfig
from dialer.switch.asterisk import AsteriskSwitch
from dialer.switch.fastagi import ScriptServer


class Scripts:
    def __init__(self) -> None:
        self.left: list[str] = []

    def leave(self, switch: str, channel: str) -> None:
        self.left.append(channel)


def switch_with(scripts: Scripts, up: bool) -> AsteriskSwitch:
    heard: list[Any] = []
    switch = AsteriskSwitch("main", SwitchConfig(), "secret", heard.append, cast(ScriptServer, scripts))
    switch._up = up
    return switch


async def test_the_second_hang_up_closes_the_script() -> None:
    scripts = Scripts()
    switch = switch_with(scripts, up=True)
    switch.hangup("node1-x-1")
    switch.hangup("node1-x-2")
    assert scripts.left == []
    switch.hangup("node1-x-1")
    assert scripts.left == ["node1-x-1"]


async def test_orders_that_never_left_do_not_count() -> None:
    scripts = Scripts()
    switch = switch_with(scripts, up=False)
    switch.hangup("node1-x-1")
    switch.hangup("node1-x-1")
    assert scripts.left == []
