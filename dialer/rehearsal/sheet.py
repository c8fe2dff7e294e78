"""What rehearsals came to, as tables for people."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from rich.console import Console
from rich.table import Table

from dialer.rehearsal.outcome import ALL, Rehearsed
from dialer.rehearsal.promises import Kept, Promises

Figure = Callable[[Rehearsed], float | None]
"""None: nobody knows."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    shifts: Sequence[Rehearsed]
    """One for each seed."""
    whole: bool
    """All that the agents did; else one of the campaigns that share them."""


@dataclass(frozen=True, slots=True)
class Block:
    title: str
    columns: Sequence[Column]


def blocks(rows: Sequence[tuple[str, Sequence[Rehearsed]]]) -> Iterator[Block]:
    """Modes side by side; of campaigns that share agents each by itself as well."""
    whole = [Column(name, shifts, True) for name, shifts in rows]
    parts = {name: [Column(part, [done.parts[part] for done in shifts], False) for part in shifts[0].parts]
             for name, shifts in rows}  # fmt: skip
    if len(rows) == 1:
        yield Block("", [*whole, *parts[rows[0][0]]])
        return
    yield Block("", whole)
    for name, columns in parts.items():
        if columns:
            yield Block(name, columns)


def summary(block: Block, cost: Figure, money: str, money_of: Callable[[str], str]) -> None:
    """Of several shifts the mean, and from the lowest to the highest. What nobody knows of any column is left out."""
    table = Table(box=None, pad_edge=False, title=block.title or None, title_justify="left")
    table.add_column("", no_wrap=True)
    for column in block.columns:
        table.add_column(column.name, justify="right")
    for name, figure, of_calls in _figures(block, cost, money, money_of):
        cells = [_spread([known for done in column.shifts if (known := figure(done)) is not None])
                 if column.whole or of_calls else "" for column in block.columns]  # fmt: skip
        if any(cells):
            lack = ["unknown" if column.whole else "" for column in block.columns]
            table.add_row(name, *(cell or blank for cell, blank in zip(cells, lack, strict=True)))
    Console().print(table)


def hourly(name: str, done: Rehearsed, zone: tzinfo) -> None:
    """Of the first seed."""
    heads = ["from", "busy\n%", "talk\nmin/h", "wait s\np50", "wait s\np90", "people", "lost\n%", "talks", "dials",
             "list\n%"]  # fmt: skip
    heads += ["callers", "level\n%"] if done.service else []
    table = Table(box=None, pad_edge=False, title=f"{name}, by the hour", title_justify="left")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for hour in done.hours:
        cells: list[str] = [
            f"{datetime.fromtimestamp(hour.begins_at, zone):%H:%M}", f"{100 * hour.occupancy:.1f}",
            f"{hour.talk_minutes_per_hour:.1f}", f"{hour.wait_p50_s:.1f}", f"{hour.wait_p90_s:.1f}",
            f"{hour.answered}", f"{100 * hour.abandoned:.2f}", f"{hour.connected}", f"{hour.attempts}",
            f"{100 * hour.penetration:.1f}",
        ]  # fmt: skip
        if done.service:
            cells += [f"{hour.callers}", "" if hour.service_level is None else f"{100 * hour.service_level:.1f}"]
        table.add_row(*cells)
    Console().print(table)


def _figures(
    block: Block, cost: Figure, money: str, money_of: Callable[[str], str]
) -> Iterator[tuple[str, Figure, bool]]:
    """With whether it is told of a campaign that shares its agents as well."""
    yield from _of_agents()
    yield from _of_calls()
    yield from _of_promises()
    yield from _of_callers(sorted({queue for column in block.columns for done in column.shifts
                                   for queue in done.service if queue != ALL}))  # fmt: skip
    yield "agents' hours logged in", lambda done: done.account.logged_in_hours, False
    yield "line minutes", lambda done: done.account.line_minutes, True
    yield f"cost, {money}", cost, False
    for client in sorted({client for column in block.columns for done in column.shifts for client in done.fees}):
        yield f"fee by the contract of {client}, {money_of(client)}", _fee_of(client), True
    yield f"cost a talk, {money}", lambda done: _a_talk(cost(done), done), False


def _of_agents() -> Iterator[tuple[str, Figure, bool]]:
    yield "busy (talk, wrap-up), %", lambda done: 100 * done.account.occupancy, False
    yield "talk, minutes an hour", lambda done: done.account.talk_minutes_per_hour, False
    yield "wait between talks, s, p50", lambda done: done.account.wait_p50_s, False
    yield "wait between talks, s, p90", lambda done: done.account.wait_p90_s, False


def _of_calls() -> Iterator[tuple[str, Figure, bool]]:
    yield "abandoned, %", lambda done: 100 * done.account.abandoned, True
    yield "worst half hour, %", lambda done: 100 * done.account.worst_half_hour, True
    yield "people who answered", lambda done: done.account.answered, True
    yield "talks", lambda done: done.account.connected, True
    yield "dials", lambda done: done.account.attempts, True
    yield "contacts tried", lambda done: done.account.contacts_tried, True
    yield "contacts done", lambda done: done.account.contacts_done, True
    yield "contacts in the list", lambda done: done.account.contacts, True
    yield "list tried, %", lambda done: 100 * done.account.penetration, True


def _of_promises() -> Iterator[tuple[str, Figure, bool]]:
    def of(figure: Callable[[Promises], float]) -> Figure:
        return lambda done: figure(done.promises) if done.promises is not None else None

    def late(figure: Callable[[Promises], Kept], p90: bool) -> Figure:
        def shown(done: Rehearsed) -> float | None:
            kept = figure(done.promises) if done.promises is not None else None
            return None if kept is None or not kept.kept else kept.late_p90_s if p90 else kept.late_p50_s

        return shown

    yield "calls promised", of(lambda them: them.made), True
    yield "of them due in the shift", of(lambda them: them.due), True
    yield "promises kept", of(lambda them: them.kept), True
    yield "for anyone: late by, s, p50", late(lambda them: them.anyone, p90=False), True
    yield "for anyone: late by, s, p90", late(lambda them: them.anyone, p90=True), True
    yield "personal: late by, s, p50", late(lambda them: them.personal, p90=False), True
    yield "personal: late by, s, p90", late(lambda them: them.personal, p90=True), True
    yield "personal: talks", of(lambda them: them.talks), True
    yield "personal: with who promised", of(lambda them: them.by_same_agent), True


def _of_callers(queues: Sequence[str]) -> Iterator[tuple[str, Figure, bool]]:
    yield "callers for an agent", lambda done: done.service[ALL].callers if done.service else None, False
    yield "callers served", lambda done: done.service[ALL].connected if done.service else None, False
    yield "callers who gave up", lambda done: done.service[ALL].gave_up if done.service else None, False
    yield "callers sent elsewhere", lambda done: done.service[ALL].refused if done.service else None, False
    yield "callers' wait, s, mean", lambda done: done.service[ALL].speed_of_answer_s if done.service else None, False
    yield "callers' wait, s, p90", lambda done: done.service[ALL].wait_p90_s if done.service else None, False
    yield "service level, %", _level_of(ALL), False
    for queue in queues if len(queues) > 1 else ():
        yield f"service level, %: {queue}", _level_of(queue), False


def _level_of(queue: str) -> Figure:
    def level(done: Rehearsed) -> float | None:
        one = done.service.get(queue)
        return 100 * one.level if one is not None and one.counted else None

    return level


def _fee_of(client: str) -> Figure:
    return lambda done: float(done.fees[client]) if client in done.fees else None


def _a_talk(whole: float | None, done: Rehearsed) -> float | None:
    return None if whole is None else whole / max(1, done.account.connected)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return ""
    mean = sum(values) / len(values)
    text = f"{mean:,.2f}" if mean % 1 else f"{mean:,.0f}"
    return text if len(values) == 1 else f"{text} ({min(values):,.2f} to {max(values):,.2f})"
