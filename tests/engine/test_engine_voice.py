"""Reports of legs cut into calls and talks, written when the call settles."""

import pytest
from engine_rig import HOTLINE, SWITCH, Rig, script, seen

from dialer.calls import events as ev
from dialer.web.port import UnknownError


class Leg:
    """A channel whose far end sends 50 packets a second, of which the switch reports every 5 s."""

    def __init__(self, rig: Rig, channel: str, endpoint: str = "trunk") -> None:
        self._rig, self._channel, self._endpoint = rig, channel, endpoint
        self._packets = 0

    def report(self, lost: int = 0, silent: bool = False) -> None:
        """As of now, on what came since the report before."""
        self._packets += 0 if silent else 250
        fraction = 0 if silent else lost * 256 // 250
        heard = ev.Reception("0xa", min(fraction, 255), self._packets, 16)
        now = self._rig.clock.now()
        self._rig.post(ev.VoiceReported(self._channel, now, self._endpoint, "switch", 250, heard, None))


def play(rig: Rig, seconds: int, *legs: tuple[Leg, int]) -> None:
    """Time passes, with a report of each leg every 5 s on so many packets lost."""
    for _ in range(seconds // 5):
        rig.clock.move(5)
        for leg, lost in legs:
            leg.report(lost)


async def rows(rig: Rig, call: str) -> list[tuple[object, ...]]:
    await rig.quiet()
    return list(rig.rows(
        "SELECT leg, agent, direction, endpoint, seconds, round(loss, 3), client, codec FROM voice WHERE call_id = ? "
        "ORDER BY started_at, leg DESC", call))  # fmt: skip


async def hang_up(rig: Rig, call: str) -> None:
    rig.post(ev.HungUp(call, rig.clock.now(), 16))


async def test_a_call_and_its_talk(rig: Rig) -> None:
    call, leg = await rig.talk()
    customer, agent = Leg(rig, call), Leg(rig, leg, "p-ada")
    play(rig, 30, (customer, 25), (agent, 0))
    await hang_up(rig, call)
    found = await rows(rig, call)
    # the first report tells a fraction in 256ths, the others packets
    assert [row[:5] for row in found] == [
        ("customer", None, "in", "trunk", 30.0), ("agent", "ada", "in", "p-ada", 30.0)
    ]  # fmt: skip
    assert [row[5] for row in found] == [pytest.approx(0.1, abs=0.003), 0.0]
    assert {row[6:] for row in found} == {("acme", "alaw")}


async def test_an_agents_leg_counts_for_the_talk_only(rig: Rig) -> None:
    """Between talks the line is bad, and whose talk was good does not hear of it."""
    call, leg = await rig.dial()
    agent = Leg(rig, leg, "p-ada")
    play(rig, 15, (agent, 200))
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    play(rig, 20, (agent, 0))
    rig.post(ev.Unbridged(leg, rig.clock.now(), "b1"), ev.Unbridged(call, rig.clock.now(), "b1"))
    play(rig, 10, (agent, 200))
    await hang_up(rig, call)
    [found] = await rows(rig, call)
    assert (found[0], found[4], found[5]) == ("agent", 20.0, 0.0)


@pytest.mark.parametrize(("before_s", "belongs"), [(2, True), (3, False)])
async def test_an_interval_belongs_to_the_talk_that_has_its_middle(rig: Rig, before_s: int, belongs: bool) -> None:
    call, leg = await rig.dial()
    agent = Leg(rig, leg, "p-ada")
    play(rig, 10, (agent, 0))
    rig.clock.move(before_s)
    now = rig.clock.now()
    rig.post(ev.Answered(call, now), script(call, now, "outbound"), ev.Bridged(call, now, "b1"))
    rig.clock.move(5 - before_s)
    agent.report(50)
    await hang_up(rig, call)
    assert [row[4:6] for row in await rows(rig, call)] == ([(5.0, 0.2)] if belongs else [])


async def test_a_caller_from_the_answer_to_the_end(rig: Rig) -> None:
    rig.link_up()
    now = rig.clock.now()
    caller = Leg(rig, "in-1")
    rig.post(script("in-1", now, "inbound", dialled=HOTLINE))
    play(rig, 10, (caller, 250))  # early media: not yet a call
    rig.post(ev.Answered("in-1", rig.clock.now()))
    play(rig, 20, (caller, 0))
    await hang_up(rig, "in-1")
    [found] = await rows(rig, "in-1")
    assert found[:6] == ("customer", None, "in", "trunk", 20.0, 0.0)


async def test_a_dead_line_is_heard_of(rig: Rig) -> None:
    call, _ = await rig.talk()
    customer = Leg(rig, call)
    play(rig, 10, (customer, 0))
    for _ in range(2):
        rig.clock.move(5)
        customer.report(silent=True)
    await hang_up(rig, call)
    await rig.quiet()
    assert rig.row("SELECT r_worst, dead_air_s, loss FROM voice WHERE call_id = ?", call) == (0, 10, 0.5)
    heard = await rig.control.quality.of_call(call)
    assert (heard.dead_air_s, heard.outcome, heard.hung_up_by) == (10, "answered", "customer")
    assert heard.post_dial_delay_s == 0.0 and [leg.r_worst for leg in heard.legs] == [0]


async def test_a_codec_is_told_by_the_dialplan(rig: Rig) -> None:
    rig.link_up()
    now = rig.clock.now()
    started = script("in-1", now, "inbound", dialled=HOTLINE)
    rig.post(ev.ScriptStarted(**{name: getattr(started, name) for name in started.__slots__} | {"codec": "(g729)"}))
    rig.post(ev.Answered("in-1", now))
    play(rig, 10, (Leg(rig, "in-1"), 0))
    await hang_up(rig, "in-1")
    [found] = await rows(rig, "in-1")
    assert found[7] == "g729"
    assert rig.row("SELECT r FROM voice") == pytest.approx(81.5, abs=0.5)  # 11 of the codec, 30 ms of delay


async def test_no_report_no_row(rig: Rig) -> None:
    call, _ = await rig.talk()
    await hang_up(rig, call)
    assert await rows(rig, call) == []
    assert (await rig.control.quality.of_call(call)).dead_air_s is None


async def test_a_call_that_nobody_knows_has_no_quality(rig: Rig) -> None:
    with pytest.raises(UnknownError):
        await rig.control.quality.of_call("nobody")


async def test_an_adopted_talk_is_heard_from_then_on(rig: Rig) -> None:
    call, leg = await rig.talk()
    await rig.crash()
    rig.link_up(seen(call, bridge="b1"), seen(leg, bridge="b1"))
    assert rig.call_state(call) == "talking"
    play(rig, 15, (Leg(rig, call), 0), (Leg(rig, leg, "p-ada"), 0))
    await hang_up(rig, call)
    assert {row[0] for row in await rows(rig, call)} == {"customer", "agent"}


async def test_a_leg_that_drops_leaves_what_was_heard_of_it(rig: Rig) -> None:
    call, leg = await rig.talk()
    play(rig, 15, (Leg(rig, leg, "p-ada"), 0))
    now = rig.clock.now()
    rig.post(ev.Unbridged(leg, now, "b1"), ev.Unbridged(call, now, "b1"), script(call, now, "outbound"))
    rig.post(ev.HungUp(leg, now, 16))
    await hang_up(rig, call)
    assert [row[:2] for row in await rows(rig, call)] == [("agent", "ada")]


async def test_reports_of_strangers_and_of_the_dead_are_nobodys(rig: Rig) -> None:
    call, _ = await rig.talk()
    play(rig, 10, (Leg(rig, "forwarded-leg"), 0))
    await hang_up(rig, call)
    play(rig, 10, (Leg(rig, call), 0))
    assert await rows(rig, call) == []


async def test_nothing_is_kept_of_what_is_over(rig: Rig) -> None:
    call, leg = await rig.talk()
    play(rig, 10, (Leg(rig, call), 0), (Leg(rig, leg), 0))
    now = rig.clock.now()
    await hang_up(rig, call)
    rig.post(ev.HungUp(leg, now, 16))
    rig.post(script("late", now, "inbound", dialled="+49111"), ev.HungUp("late", now, 16))
    voice = rig.engine.voice
    assert (voice._channels, voice._stretches, voice._talking) == ({}, {}, {})


async def test_what_prometheus_sees(rig: Rig) -> None:
    call, _ = await rig.talk()
    play(rig, 10, (Leg(rig, call), 25))
    await hang_up(rig, call)

    def value(name: str, **labels: str) -> float | None:
        return rig.engine.metrics.registry.get_sample_value(name, {"switch": SWITCH, "leg": "customer", **labels})

    assert value("dialer_voice_loss_ratio_count", direction="in") == 2
    assert value("dialer_voice_loss_ratio_sum", direction="in") == pytest.approx(0.2, abs=0.01)
    assert value("dialer_voice_r_factor_count", direction="in", client="acme") == 1


async def test_a_codec_that_changes_begins_another_stretch(rig: Rig) -> None:
    """Of the customer's leg and of the agent's talk; what is the same, or comes of nobody, changes nothing."""
    call, leg = await rig.talk()
    customer, agent = Leg(rig, call), Leg(rig, leg, "p-ada")
    play(rig, 10, (customer, 0), (agent, 0))
    assert {order.channel for order in rig.switch.given("ask_codec")} == {call, leg}
    for channel, codec in ((call, "(alaw)"), ("nobody", "(gsm)"), (call, "(g729)"), (leg, "gsm")):
        rig.post(ev.CodecTold(channel, rig.clock.now(), codec))
    play(rig, 30, (customer, 0), (agent, 0))
    asked = [order.channel for order in rig.switch.given("ask_codec")]
    assert (asked.count(call), asked.count(leg)) == (2, 2)  # at the first report and at the seventh
    await hang_up(rig, call)
    found = [(row[0], row[1], row[4], row[7]) for row in await rows(rig, call)]
    assert found == [("customer", None, 10.0, "alaw"), ("agent", "ada", 10.0, "alaw"),
                     ("customer", None, 30.0, "g729"), ("agent", "ada", 30.0, "gsm")]  # fmt: skip
