"""What is true at the switch of a random test, and what of its news reaches the engine: late, twice, or not at all.

No second Asterisk: it knows which channels live, which are bridged and which have a script, and nothing else.
"""

import random
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine_rig import AGENTS, CAMPAIGN, DESK, HOTLINE, SURVEYED, SWITCH, Order, Rig, script

from dialer.calls import events as ev
from dialer.flows.commands import Collect, Command, Hangup, Hold, Reply
from dialer.web.port import RefusedError

VERBS = (*["login"] * 4, *["ready"] * 6, "pause", "logout", *["end_wrap_up"] * 3, *["hangup"] * 2)


@dataclass
class Channel:
    id: str
    kind: Any
    state: str
    number: str = ""
    bridge: str = ""
    scripted: bool = False
    command: Command | None = None


class Street:
    def __init__(self, rig: Rig, chance: random.Random) -> None:
        self.rig, self.chance = rig, chance
        self.channels: dict[str, Channel] = {}
        self.pending: list[Any] = []
        self.faulty = True
        """News may be lost, doubled and come in any order."""
        self.count = 0
        rig.switch.told = self.told

    # -- what the engine orders ---------------------------------------------------------------------

    def told(self, order: Order) -> None:
        rig, channel, now = self.rig, self.channels.get(order.channel), self.rig.clock.now()
        match order.verb:
            case "run" if channel is not None and channel.scripted:
                channel.command = order.detail
                if isinstance(order.detail, Hangup):
                    self.end(channel, order.detail.cause)
            case "originate" if not rig.switch.up:
                self.pending.append(ev.OriginateFailed(order.channel, now, "no link", sent=False))
            case "originate":
                self.take(order)
            case "bridge" if not rig.switch.up:
                self.pending.append(ev.JoinFailed(order.channel, now, "no link", order.detail))
            case "bridge":
                self.bridge(order)
            case "hangup" if channel is not None and rig.switch.up:
                self.end(channel, order.detail)
            case "park_agent" if channel is not None and rig.switch.up:
                self.part(channel)
            case "leave_script" if channel is not None:
                channel.scripted = False
            case "list_channels" if rig.switch.up:
                self.pending.append("listing")

    def take(self, order: Order) -> None:
        number = order.detail.endpoint
        assert order.channel not in self.channels, "an Originate twice"
        if order.detail.exten == "agent":
            self.channels[order.channel] = Channel(order.channel, "agent", "down", number)
            return
        row = self.rig.row("SELECT outcome, contact_id FROM calls WHERE id = ?", order.channel)
        assert row is not None and row[0] is None, "not on disk before it is dialled"
        claim = self.rig.row("SELECT state, call_id FROM contacts WHERE id = ?", row[1])
        assert claim == ("claimed", order.channel)
        assert number not in [other.number for other in self.channels.values()], "called while called"
        self.channels[order.channel] = Channel(order.channel, "outbound", "down", number)

    def bridge(self, order: Order) -> None:
        customer, leg = self.channels.get(order.channel), self.channels.get(order.detail)
        now = self.rig.clock.now()
        if customer is None or leg is None or customer.state != "up" or leg.state != "up":
            blame: Any = "customer" if customer is None else "agent" if leg is None else None
            self.news(ev.JoinFailed(order.channel, now, "no such channel", order.detail, blame))
            return
        self.part(customer, back=False)
        self.part(leg)
        self.count += 1
        for one in (customer, leg):
            one.bridge, one.command = f"b{self.count}", None
            if one.scripted:
                one.scripted = False
                self.pending.append(ev.ScriptEnded(one.id, now))
            self.news(ev.Bridged(one.id, now, one.bridge))

    # -- what happens -------------------------------------------------------------------------------

    def news(self, event: Any) -> None:
        """Over AMI."""
        if self.rig.switch.up and not (self.faulty and self.chance.random() < 0.07):
            self.pending.append(event)

    def part(self, channel: Channel, back: bool = True) -> None:
        """Its bridge is over: customers come back to their scripts."""
        name, now = channel.bridge, self.rig.clock.now()
        if not name:
            return
        for one in [other for other in self.channels.values() if other.bridge == name]:
            one.bridge = ""
            self.news(ev.Unbridged(one.id, now, name))
            if one.kind != "agent" and (back or one is not channel):
                self.start_script(one)

    def end(self, channel: Channel, cause: int = 16) -> None:
        self.part(channel, back=False)
        del self.channels[channel.id]
        now = self.rig.clock.now()
        if channel.scripted:
            self.pending.append(ev.ScriptEnded(channel.id, now))
        if channel.state != "up" and channel.kind != "inbound":
            self.news(ev.OriginateFailed(channel.id, now, "failure"))
        self.news(ev.HungUp(channel.id, now, cause))

    def start_script(self, channel: Channel) -> None:
        channel.scripted = True
        caller = channel.number.removeprefix("PJSIP/") if channel.kind == "agent" else "+49301"
        by = self.chance.choice(("unknown", "person", "machine")) if channel.kind == "outbound" else "unknown"
        self.pending.append(script(channel.id, self.rig.clock.now(), channel.kind, caller, channel.number, by))

    def deliver(self) -> None:
        if not self.pending:
            return
        event = self.pending.pop(self.chance.randrange(min(4, len(self.pending))) if self.faulty else 0)
        if self.faulty and self.chance.random() < 0.1 and event != "listing":
            self.pending.append(event)
        if event == "listing":
            if self.rig.switch.up:
                self.rig.listing(*self.seen())
        else:
            self.rig.post(event)

    def seen(self) -> list[ev.ChannelSeen]:
        return [
            ev.ChannelSeen(one.id, f"PJSIP/{one.id}", one.state, one.bridge, "dialer", "", "", 1.0)
            for one in self.channels.values()
        ]

    # -- at random ----------------------------------------------------------------------------------

    async def act(self) -> None:
        acts = {
            self.deliver: 40, self.far_end: 12, self.reply: 6, self.agent: 10, self.arrive: 1, self.pass_time: 8,
            self.hang_up: 2, self.drop_leg: 0.2, self.campaign: 0.5, self.cut_or_restore: 0.5,
            self.rig.engine.reconciler.list_all: 0.5,
        }  # fmt: skip
        self.chance.choices(list(acts), list(acts.values()))[0]()
        if self.chance.random() < 0.3:
            await self.rig.quiet()
        if self.chance.random() < 0.006:
            await self.crash()

    def far_end(self) -> None:
        waiting = [one for one in self.channels.values() if one.state != "up" and one.kind != "inbound"]
        if not waiting:
            return
        one, what = self.chance.choice(waiting), self.chance.choice(("ring", "answer", "answer", "answer", "refuse"))
        now = self.rig.clock.now()
        if what == "ring":
            one.state = "ringing"
            self.news(ev.Ringing(one.id, now))
        elif what == "answer":
            one.state = "up"
            self.news(ev.Answered(one.id, now))
            self.start_script(one)
        elif one.kind == "outbound":
            self.end(one, self.chance.choice((1, 17, 19, 34)))

    def reply(self) -> None:
        busy = [one for one in self.channels.values() if one.command is not None]
        if not busy:
            return
        one = self.chance.choice(busy)
        command, one.command, one.state = one.command, None, "up"
        reply = Reply(digits="1") if isinstance(command, Collect) else Reply()
        if isinstance(command, Hold):
            reply = Reply(self.chance.choice(("done", "expired")))
        self.pending.append(ev.ScriptReplied(one.id, self.rig.clock.now(), reply))

    def agent(self) -> None:
        with suppress(RefusedError):
            self.rig.engine.floor.command(self.chance.choice(AGENTS), self.chance.choice(VERBS))

    def arrive(self) -> None:
        self.count += 1
        one = Channel(f"{1_700_000_000 + self.count}.1", "inbound", "ring", self.chance.choice((HOTLINE, DESK)))
        self.channels[one.id] = one
        self.start_script(one)

    def pass_time(self) -> None:
        self.rig.clock.move(self.chance.choice((0.01, 0.1, 0.5, 2.0)))
        self.rig.engine.campaigns.kick_all()

    def hang_up(self) -> None:
        customers = [one for one in self.channels.values() if one.kind != "agent" and one.state == "up"]
        if customers:
            self.end(self.chance.choice(customers))

    def drop_leg(self) -> None:
        legs = [one for one in self.channels.values() if one.kind == "agent"]
        if legs:
            self.end(self.chance.choice(legs))

    def campaign(self) -> None:
        status: Any = self.chance.choice(("running", "running", "running", "paused", "stopped"))
        self.rig.engine.campaigns.set_status(self.chance.choice((CAMPAIGN, SURVEYED)), status)

    def cut_or_restore(self) -> None:
        if not self.rig.switch.up:
            self.restore()
            return
        for one in list(self.channels.values()):
            if one.state == "down" and self.chance.random() < 0.3:
                del self.channels[one.id]  # its Originate was still on its way
        ami = (ev.ScriptStarted, ev.ScriptReplied, ev.ScriptEnded)
        self.pending = [event for event in self.pending if isinstance(event, ami)]
        self.rig.link_down()

    def begin(self) -> None:
        """The engine has started: the link is up, and its campaigns run."""
        self.restore()
        for name in (CAMPAIGN, SURVEYED):
            self.rig.engine.campaigns.set_status(name, "running")

    def restore(self) -> None:
        self.rig.switch.up = True
        self.rig.post(ev.LinkUp(SWITCH, self.rig.clock.now(), 0.0))

    async def crash(self) -> None:
        """The engine dies. Scripts that ran begin again."""
        await self.rig.crash()
        self.pending.clear()
        for one in self.channels.values():
            one.command = None
            if one.scripted and one.kind == "agent":
                one.scripted = False
            elif one.scripted or (one.kind != "agent" and one.state == "up" and not one.bridge):
                self.start_script(one)
        self.begin()

    # -- the end ------------------------------------------------------------------------------------

    async def calm_down(self) -> None:
        """Nothing new; everybody hangs up, half of them unseen; then the truth is told until nothing is left to do."""
        self.faulty = False
        for name in (CAMPAIGN, SURVEYED):
            self.rig.engine.campaigns.set_status(name, "stopped")
        if not self.rig.switch.up:
            self.restore()
        for _ in range(12):
            for one in [one for one in self.channels.values() if one.kind != "agent"]:
                if self.chance.random() < 0.5:
                    self.end(one)
                else:
                    self.part(one, back=False)
                    self.channels.pop(one.id, None)
            self.rig.engine.reconciler.list_all()
            while self.pending:
                self.deliver()
            await self.rig.quiet()
            self.rig.clock.move(5.0)
        await self.rig.quiet()
