"""One Asterisk server behind `port.Switch`: a link kept open, orders as AMI actions, scripts over FastAGI."""

import asyncio
import calendar
import contextlib
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from dialer.calls.events import (
    Bridged,
    ChannelSeen,
    ChannelsListed,
    CodecTold,
    HungUp,
    JoinFailed,
    LinkDown,
    LinkUp,
    Notes,
    OriginateFailed,
    RecordingTold,
)
from dialer.config.models import SwitchConfig
from dialer.flows.commands import Command
from dialer.switch import notes
from dialer.switch.actions import (
    Action,
    bridge_action,
    codec_action,
    ended_action,
    forget_action,
    hangup_action,
    joined_action,
    living_action,
    originate_action,
    record_action,
    redirect_action,
)
from dialer.switch.ami import NO_LINK, AmiLink, LinkError, OnEvent, Pace, Response
from dialer.switch.events import TRANSLATE, Translate, at, channel_seen
from dialer.switch.fastagi import ScriptServer
from dialer.switch.port import NOTHING, OriginateOrder, RecordOrder, Sink
from dialer.switch.rtcp import TRANSLATE_RTCP
from dialer.switch.wire import Headers, UnsafeValueError

log = logging.getLogger(__name__)

AGENT_LOOP = "agent-loop"
JOINED: Mapping[str, Literal["customer", "agent"]] = {"Channel1": "customer", "Channel2": "agent"}
"""Whom AMI Bridge's refusal means."""
DYING_S = 1.0
"""How long a channel whose far end hung up may take to be gone."""
MOST_HUNG_UP = 10_000


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between attempts to connect, in seconds."""

    first_s: float = 0.5
    most_s: float = 10.0
    boot_s: float = 60.0
    """How long a switch that has taken the login may take to finish booting."""

    def delay_s(self, failures: int, chance: float) -> float:
        """Doubling from `first_s` to `most_s`, shortened by up to half by `chance` (0..1): many engines that lost
        one switch do not come back as one."""
        return min(self.first_s * 2.0 ** min(failures, 20), self.most_s) * (1.0 - chance / 2)


@dataclass(slots=True)
class _Listing:
    asked_at: float
    channels: list[ChannelSeen] = field(default_factory=list)
    living: dict[str, asyncio.Future[Response]] = field(default_factory=dict)
    """By channel that was asked about: what it says itself."""
    kept: dict[str, str] = field(default_factory=dict)
    """What is in the switch's database."""

    def notes(self, channel: str) -> Notes | None:
        """Asterisk answers in the order it is asked: all answers are there before the list is."""
        answer = self.living[channel]
        said = answer.result().headers.get("value", "") if answer.done() else ""
        return notes.read(channel, self.kept.get(channel) or said)


class AsteriskSwitch:
    """Run `serve()` as a task for as long as the switch is wanted; cancel it, or call `close()`, to end.

    `backlog` tells how many events the sink has not yet worked off; reading pauses beyond `pace.backlog_high`.
    """

    def __init__(
        self, name: str, config: SwitchConfig, secret: str, sink: Sink, scripts: ScriptServer,
        *, backlog: Callable[[], int] = lambda: 0, pace: Pace = Pace(), backoff: Backoff = Backoff(),  # noqa: B008
    ) -> None:
        self._name = name
        self._config = config
        self._secret = secret
        self._sink = sink
        self._scripts = scripts
        self._backlog = backlog
        self._pace = pace
        self._backoff = backoff
        self._link: AmiLink | None = None
        self._up = False
        self._closing = asyncio.Event()
        self._booted: asyncio.Future[float] | None = None
        self._listings: dict[str, _Listing] = {}
        self._ahead_s = 0.0
        """How far the switch's clock is ahead of ours."""
        self._dying: dict[str, asyncio.TimerHandle] = {}
        self._hung_up: set[str] = set()
        """Channels that we ordered to be hung up, and that have not said that they were."""
        self._handlers: dict[str, OnEvent] = {
            **{event: partial(self._translate, it) for event, it in {**TRANSLATE, **TRANSLATE_RTCP}.items()},
            "FullyBooted": self._fully_booted,
            "HangupRequest": self._far_end_hung_up,
            "CoreShowChannel": self._listed_one,
            "CoreShowChannelsComplete": self._listed_all,
            "DBGetResponse": self._kept,
        }

    @property
    def name(self) -> str:
        return self._name

    @property
    def up(self) -> bool:
        """A link that broke is down at once, before its LinkDown is told."""
        return self._up and self._link is not None and not self._link.lost.done()

    # -- the link

    async def serve(self) -> None:
        """Keep the link until closed. Its coming and going are LinkUp and LinkDown, the latter also for each
        new reason why it cannot come up."""
        failures, told = 0, ""
        while not self._closing.is_set():
            reason = await self._hold_link()
            if self._up or reason != told:
                log.warning("switch %s: %s", self._name, reason)
                self._sink(LinkDown(self._name, time.time(), reason))
            failures = 0 if self._up else failures + 1
            self._up, told = False, reason
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.delay_s(failures, random.random())):
                    await self._closing.wait()

    async def _hold_link(self) -> str:
        """Open a link and stay while it lasts; why it ended or did not open."""
        ami = self._config.ami
        link = AmiLink(ami.host, ami.port, self._handlers, self._backlog, self._pace)
        self._link, self._booted = link, asyncio.get_running_loop().create_future()
        self._listings.clear()
        try:
            await link.open(ami.user, self._secret)
            booted_at = await self._boot_time(link, self._booted)
            self._scripts.admit(self._name, link.peer)
            self._up = True
            self._hung_up.clear()
            self._sink(LinkUp(self._name, time.time(), booted_at))
            return await link.until_lost()
        except (LinkError, UnsafeValueError) as error:  # the latter for a secret with a line's end in it
            return str(error)
        finally:
            self._link = None
            link.close()

    async def _boot_time(self, link: AmiLink, booted: asyncio.Future[float]) -> float:
        """Wait until the switch has booted; when it did, exact to the second, on its own clock.

        FullyBooted tells the uptime in whole seconds, which would come out a second different on each link;
        CoreStatus tells the exact local time, but not in which zone. Zones differ by quarters of an hour.
        """
        either: set[asyncio.Future[Any]] = {booted, link.lost}
        await asyncio.wait(either, timeout=self._backoff.boot_s, return_when=asyncio.FIRST_COMPLETED)
        if not booted.done():
            link.drop(f"no FullyBooted in {self._backoff.boot_s:g} s: is `read = system` missing in manager.conf?")
        await self._compare_clocks(link)
        for family in notes.swept(time.time()):
            link.send_action({"Action": "DBDelTree", "Family": family})
        status = await link.send_action({"Action": "CoreStatus"})
        if not status.ok:
            link.drop(f"CoreStatus refused: {status.message}")
        if link.lost.done():
            raise LinkError(link.lost.result())
        return exact_boot_time(booted.result(), status.headers)

    async def _compare_clocks(self, link: AmiLink) -> None:
        asked_at = time.time()
        told = (await link.send_action({"Action": "Ping"})).headers
        middle = (asked_at + time.time()) / 2
        self._ahead_s = at(told, middle) - middle

    def _fully_booted(self, headers: Headers) -> None:
        if self._booted is not None and not self._booted.done():
            self._booted.set_result(time.time() - float(headers.get("uptime") or 0))

    async def close(self) -> None:
        """Log off and end `serve()`. Orders given before are done: Asterisk answers in their order."""
        self._closing.set()
        if (link := self._link) is not None:
            if self._up:
                await asyncio.wait({link.send_action({"Action": "Logoff"})}, timeout=self._pace.answer_s)
            link.close()

    # -- orders

    def originate(self, order: OriginateOrder) -> None:
        def failed(response: Response) -> None:
            # Lost in flight, it may have gone out: only the listing after the next LinkUp knows.
            if not response.lost:
                # Refused by the switch itself (no permission, no such context) nothing was dialled either.
                sent = response is not NO_LINK and not response.headers
                self._sink(OriginateFailed(order.channel, time.time(), response.message, sent=sent))

        self._order(partial(originate_action, order), failed)

    def bridge(self, customer: str, agent: str) -> None:
        def failed(response: Response) -> None:
            blame = next((who for word, who in JOINED.items() if word in response.message), None)
            self._sink(JoinFailed(customer, time.time(), response.message, agent, blame))

        if self._link is not None and self._up:
            with contextlib.suppress(UnsafeValueError):
                self._link.send_action(joined_action(customer, time.time() + self._ahead_s))
        self._order(partial(bridge_action, customer, agent), failed)

    def hangup(self, channel: str, cause: int = 16) -> None:
        def again(response: Response) -> None:
            # An Originate just accepted has no channel for a moment yet. One that is gone stays gone.
            if not response.lost and self._up:
                asyncio.get_running_loop().call_later(1.0, self._order, action, None)

        action = partial(hangup_action, channel, cause)
        self._order(action, again)
        if not self._up:
            return
        if channel in self._hung_up:
            # Asterisk 22: a channel that both sides leave while it is moved may come back into its script deaf to every
            # hang-up (seen). The script's end wakes it.
            self._scripts.leave(self._name, channel)
        elif len(self._hung_up) < MOST_HUNG_UP:
            self._hung_up.add(channel)

    def park_agent(self, channel: str) -> None:
        self._order(partial(redirect_action, channel, AGENT_LOOP), None)

    def record(self, order: RecordOrder) -> None:
        def told(response: Response) -> None:
            fault = "" if response.ok else response.message or "refused"
            self._sink(RecordingTold(order.channel, time.time(), order.verb, order.file, fault, response.lost))

        self._order(partial(record_action, order), told, done=told)

    def ask_codec(self, channel: str) -> None:
        def answered(answer: "asyncio.Future[Response]") -> None:
            if (response := answer.result()).ok and (codec := response.headers.get("value", "")):
                self._sink(CodecTold(channel, time.time(), codec[:64]))

        if self._link is not None and self._up:
            self._link.send_action(codec_action(channel)).add_done_callback(answered)

    def list_channels(self, about: Mapping[str, float] = NOTHING) -> None:
        if (link := self._link) is None or not self._up:
            return
        action_id, now = f"list:{time.monotonic_ns()}", time.time()
        self._listings[action_id] = listing = _Listing(now)
        for channel, since in about.items():
            with contextlib.suppress(UnsafeValueError):
                listing.living[channel] = link.send_action(living_action(channel))
                for family in notes.families(since, now):
                    link.send_action(ended_action(channel, family, f"{action_id}:{family}:{channel}"))
        self._order(lambda: {"Action": "CoreShowChannels", "ActionID": action_id}, None)

    def forget(self, channel: str, ended_at: float) -> None:
        if self._link is not None and self._up:
            with contextlib.suppress(UnsafeValueError):
                self._link.send_action(forget_action(channel, ended_at))

    def run(self, channel: str, command: Command) -> None:
        self._scripts.run(self._name, channel, command, self._config.dial)

    def leave_script(self, channel: str) -> None:
        self._scripts.leave(self._name, channel)

    def _order(
        self, action: Callable[[], Action], failed: Callable[[Response], None] | None,
        done: Callable[[Response], None] | None = None,
    ) -> None:
        """Send, or fail at once; `done` hears of success, `failed` of all else, never before this returns."""
        link = self._link if self._up else None
        try:
            answer = link.send_action(action()) if link is not None else None
        except UnsafeValueError as error:
            log.error("switch %s: refused to send: %s", self._name, error)
            refusal = Response(ok=False, message=f"refused: {error}")
        else:
            if answer is not None:
                answer.add_done_callback(partial(self._answered, failed, done))
                return
            refusal = NO_LINK
        if failed is not None:
            asyncio.get_running_loop().call_soon(failed, refusal)

    def _answered(
        self, failed: Callable[[Response], None] | None, done: Callable[[Response], None] | None,
        answer: asyncio.Future[Response],
    ) -> None:
        response = answer.result()
        if not response.ok:
            log.info("switch %s: %s", self._name, response.message)
        if (tell := done if response.ok else failed) is not None:
            tell(response)

    # -- events

    def _translate(self, translate: Translate, headers: Headers) -> None:
        event = translate(headers, time.time())
        if isinstance(event, Bridged):
            self._scripts.joined(self._name, event.channel)
        elif isinstance(event, HungUp):
            self._hung_up.discard(event.channel)
            if (timer := self._dying.pop(event.channel, None)) is not None:
                timer.cancel()
        if event is not None:
            self._sink(event)

    def _far_end_hung_up(self, headers: Headers) -> None:
        """Asterisk 22 forgets a BYE that comes while it moves the channel into a bridge: nobody is there any more,
        and the other side would talk into silence (seen). Whoever is not gone after a moment is hung up."""
        channel = headers.get("uniqueid", "")
        if channel and channel not in self._dying:
            self._dying[channel] = asyncio.get_running_loop().call_later(DYING_S, self._see_off, channel)

    def _see_off(self, channel: str) -> None:
        del self._dying[channel]
        log.info("switch %s: %s was hung up on and lives", self._name, channel)
        self.hangup(channel)

    def _listed_one(self, headers: Headers) -> None:
        listing = self._listings.get(headers.get("actionid", ""))
        seen = channel_seen(headers)
        if listing is not None and seen is not None:
            listing.channels.append(seen)

    def _kept(self, headers: Headers) -> None:
        of, _, rest = headers.get("actionid", "").partition(":dialer/")
        if (listing := self._listings.get(of)) is not None:
            listing.kept[rest.partition(":")[2]] = headers.get("val", "")

    def _listed_all(self, headers: Headers) -> None:
        listing = self._listings.pop(headers.get("actionid", ""), None)
        if listing is not None:
            kept = {channel: listing.notes(channel) for channel in listing.living}
            self._sink(ChannelsListed(self._name, time.time(), listing.asked_at, tuple(listing.channels), kept))


def exact_boot_time(estimate: float, status: Headers) -> float:
    """`estimate` (epoch seconds, minutes wrong at most) made exact by CoreStatus's local date and time."""
    text = f"{status.get('corestartupdate', '')} {status.get('corestartuptime', '')}"
    try:
        local = calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))
    except ValueError:
        return round(estimate)
    return float(local - round((local - estimate) / 900) * 900)
