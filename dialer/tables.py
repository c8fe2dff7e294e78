"""What the client commands show people: plain tables, and how far an import is."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from dialer.billing.forecast import Fees
    from dialer.billing.invoice import Invoice
    from dialer.quality.service import Figure
    from dialer.store.list_records import Import
    from dialer.store.test_calls import TestCallRow
    from dialer.store.voice import VoiceTotal
    from dialer.web.quality_port import ServiceView

Row = Mapping[str, Any]
WORDS = 24
"""The last column may be as narrow as this: it is of words, and wraps."""


def status(seen: Mapping[str, Any]) -> None:
    console = Console()
    _health(console, seen["health"])
    totals = seen["totals"]
    console.print(
        f"since start: {totals['offered']} offered, {totals['answered']} answered, "
        f"{totals['connected']} connected, {totals['abandoned']} abandoned"
    )
    columns = ("campaign", "client", "status", "why", "dialling", "talking", "waiting", "due", "done")
    _table(console, "campaigns", columns, map(_campaign, seen["campaigns"]))
    _table(console, "queues", ("queue", "waiting", "longest wait"), map(_queue, seen["queues"]))
    _table(console, "agents", ("agent", "name", "state", "for", "client", "skills"), map(_agent, seen["agents"]))


def calls(seen: Iterable[Row]) -> None:
    rows = ((it["id"], it["direction"], it["state"], it["client"], it["campaign"] or "", it["number"],
             it["agent"] or "", _ago(it["since"])) for it in seen)
    _table(Console(), "calls", ("call", "direction", "state", "client", "campaign", "number", "agent", "for"), rows)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while it is a terminal; fed with bytes done and bytes in all."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def steps(lines: Iterable[Row], step: Callable[[int, int], None]) -> dict[str, int]:
    """Feeds the bar from an import's lines; gives the last, the counts."""
    line: Row = {}
    for line in lines:
        if "total" in line:
            step(line["done"], line["total"])
    return dict(line)


def _health(console: Console, health: Row) -> None:
    parts = {"store": health["store"], **{f"switch {name}": state for name, state in health["switches"].items()}}
    line = Text(f"engine {health['status']}", "green" if health["status"] == "up" else "red")
    for name, state in parts.items():
        line.append("  ").append(f"{name}: {state}", "green" if state == "up" else "red")
    console.print(line)
    for warning in health.get("warnings", ()):  # an engine that was not yet restarted tells of none
        console.print(Text(f"warning: {warning}", "yellow"), soft_wrap=True)


def _campaign(it: Row) -> Sequence[str]:
    contacts = it["totals"]["contacts"]
    return (it["id"], it["client"], it["status"], it["reason"], str(it["dialling"]), str(it["talking"]),
            str(contacts.get("waiting", 0)), str(contacts.get("due", 0)), str(contacts.get("done", 0)))


def _queue(it: Row) -> Sequence[str]:
    return it["id"], str(it["waiting"]), _span(it["longest_wait_s"])


def _agent(it: Row) -> Sequence[str]:
    state = f"{it['state']} ({it['reason']})" if it["reason"] else it["state"]
    return it["id"], it["name"], state, _ago(it["since"]), it["client"] or "", " ".join(it["skills"])


def _table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    cells = [columns, *rows]
    if len(cells) == 1:
        console.print(f"no {title}")
        return
    *widths, last = (max(cell_len(row[index]) for row in cells) for index in range(len(columns)))
    if sum(widths) + len(widths) + min(last, WORDS) > console.width:
        _stacked(console, title, columns, cells[1:])
        return
    table = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold",
                  min_width=len(title))  # fmt: skip
    for column in table.columns[:-1]:
        column.no_wrap = True
    table.columns[-1].overflow = "fold"
    for row in cells[1:]:
        # Text, not str: what comes from callers and lists must not be read as rich's markup.
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _stacked(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A row below the other, where they are wider than the terminal: each value with its column's name, nothing cut."""
    console.print(Text(title, "italic"))
    for row in rows:
        console.print(Text(row[0], "bold"), soft_wrap=True)
        line = Text("  ")
        for name, cell in zip(columns[1:], row[1:], strict=True):
            said = Text.assemble((f"{name} ", "dim"), cell)
            if cell and len(line) > 2 and line.cell_len + 2 + said.cell_len > console.width:
                console.print(line, soft_wrap=True)
                line = Text("  ")
            if cell:
                line.append("  " if len(line) > 2 else "").append_text(said)
        console.print(line, soft_wrap=True)


def voice(by: str, found: "Iterable[VoiceTotal]") -> None:
    def cells(it: "VoiceTotal") -> Sequence[str]:
        trip = "" if it.round_trip_s is None else f"{it.round_trip_s * 1000:.0f} ms"
        return (it.name, it.leg, it.direction, str(it.legs), _span(it.seconds), f"{it.r:.1f}", f"{it.r_worst:.1f}",
                f"{it.mos:.2f}", f"{it.loss:.2%}", f"{it.jitter_s * 1000:.1f} ms", trip, _span(it.dead_air_s))

    _table(Console(), f"voice by {by}", (by, "leg", "direction", "legs", "time", "R", "worst", "MOS", "lost", "jitter",
                                         "round trip", "dead air"), map(cells, found))  # fmt: skip


def service(found: "ServiceView") -> None:
    def cells(it: "Figure") -> Sequence[str]:
        shown = "–" if it.value is None else f"{it.value:.2f} s" if it.unit == "seconds" else f"{it.value:.2%}"
        return it.name, shown, f"{it.numerator:.6g}", f"{it.denominator:.6g}", it.definition

    days = found.first if found.first == found.last else f"{found.first} to {found.last}"
    left_out = f", {found.test_calls} test calls left out" if found.test_calls else ""
    _table(Console(), f"{found.whose} {found.name}, {days} ({found.timezone}): {found.calls} calls{left_out}",
           ("figure", "value", "count", "of", "definition"), map(cells, found.figures))


def mystery(found: "Iterable[TestCallRow]") -> None:
    def cells(it: "TestCallRow") -> Sequence[str]:
        missed = " ".join(rule["rule"] for rule in it.rules or () if rule["met"] is False)
        score = "" if it.by_rules is None else f"{it.by_rules:.0f}"
        placed = time.strftime("%H:%M:%S UTC", time.gmtime(it.placed_at))
        return it.test, placed, it.call_id or "", it.fault or "", missed, score

    _table(Console(), "test calls", ("test", "placed", "call", "fault", "missed", "by rules"), map(cells, found))


def recordings(found: "Iterable[Row]") -> None:
    def cells(it: Row) -> Sequence[str]:
        state = it["deleted_why"] or it["fault"] or ("held" if it["hold"] else "goes on" if not it["ended_at"] else "")
        length = "" if it["seconds"] is None else _span(it["seconds"])
        return (it["id"], _moment(it["began_at"]), length, it["client"], it["campaign"] or it["queue"] or "",
                it["agent"] or "", _moment(it["until"]), state)  # fmt: skip

    _table(Console(), "recordings", ("id", "began", "length", "client", "campaign or queue", "agent", "until", "state"),
           map(cells, found))  # fmt: skip


def audit(found: "Iterable[Row]") -> None:
    def cells(it: Row) -> Sequence[str]:
        method, _, path = it["operation"].partition(" ")
        for name, text in it["named"].items():
            path = path.replace(f"{{{name}}}", text)
        who = it["by"] if it["on_behalf_of"] is None else f"{it['by']} for {it['on_behalf_of']}"
        told = ", ".join(f"{name}={value}" for name, value in it["told"].items())
        return _moment(it["at"]), who, f"{method} {path.removeprefix('/v1/')}", it["origin"], told

    _table(Console(), "orders", ("at", "who", "order", "from", "with"), map(cells, found))


def samples(found: "Iterable[Row]") -> None:
    def cells(it: Row) -> Sequence[str]:
        of = it["recording"]
        return (of["id"], it["period"], it["rule"], it["card"], of["agent"] or "", _moment(of["began_at"]),
                "" if of["seconds"] is None else _span(of["seconds"]))  # fmt: skip

    _table(Console(), "recordings to be scored", ("recording", "period", "rule", "card", "agent", "began", "length"),
           map(cells, found))  # fmt: skip


def scores(by: str, found: "Iterable[Row]") -> None:
    def cells(it: Row) -> Sequence[str]:
        shares = ", ".join(f"{name} {share:.0f}" for name, share in it["criteria"].items())
        return (it["group"] or "–", str(it["recordings"]), f"{it['mean']:.1f}", str(it["passed"]), str(it["failed"]),
                shares)  # fmt: skip

    _table(Console(), f"scores by {by}", (by, "scored", "mean", "passed", "critical", "by criterion"),
           map(cells, found))  # fmt: skip


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def _ago(since: float) -> str:
    return _span(time.time() - since) if since else ""


def _span(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def invoices(columns: "Sequence[tuple[str, Invoice]]") -> None:
    """What each term comes to; of two, and how the second differs."""
    from dialer.billing.invoice import TITLES

    sums = [_by_term(invoice) for _, invoice in columns]
    rows = [(TITLES[term], [found.get(term, Decimal(0)) for found in sums]) for term in TITLES
            if any(term in found for found in sums)]
    rows.append(("Total", [invoice.gross for _, invoice in columns]))
    show = columns[0][1].money
    cells = [(title, *map(show, amounts), *([show(amounts[1] - amounts[0])] if len(amounts) > 1 else []))
             for title, amounts in rows]
    head = columns[0][1]
    _table(Console(), f"{head.client}, {head.month}, {head.currency}",
           ("term", *(name for name, _ in columns), *(["difference"] if len(columns) > 1 else [])), cells)


def lists(names: Sequence[str], counts: "Sequence[tuple[str, str, int]]", imports: "Sequence[Import]") -> None:
    """Contacts by list and state, and the files that were read."""
    states = sorted({state for _, state, _ in counts})
    found = {(name, state): count for name, state, count in counts}
    listed = dict.fromkeys([*names, *(name for name, _, _ in counts)])
    _table(Console(), "lists", ("list", *states),
           ([name or "(by itself)", *(str(found.get((name, state), 0)) for state in states)] for name in listed))
    rows = ((it.list, it.path, _ago(it.started_at), f"to line {it.progress.line}" if it.ended_at is None else "all",
             *map(str, it.progress.counts().values())) for it in imports)
    _table(Console(), "files", ("list", "file", "ago", "read", "imported", "known", "duplicates", "rejected"), rows)


def _by_term(invoice: "Invoice") -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for heading, line in invoice.lines.items():
        found[heading.term] = found.get(heading.term, Decimal(0)) + line.amount
    return found


def fees(found: "Iterable[Fees]") -> None:
    """A line a client: the month so far, and the forecast with its spread."""
    def cells(one: "Fees") -> Sequence[str]:
        def shown(amount: Decimal) -> str:
            return plain(amount, exponent(one.currency))

        ahead = (one.forecast.expected, one.forecast.low, one.forecast.high) if one.forecast else ()
        return (one.client, one.month, one.currency, shown(one.net), *(map(shown, ahead) if ahead else ("", "", "")))

    from dialer.billing.money import exponent, plain

    _table(Console(), "fees of the month, before taxes", ("client", "month", "", "so far", "expected", "low", "high"),
           map(cells, found))
