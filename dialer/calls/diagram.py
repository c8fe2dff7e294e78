"""The call machine's diagram and table as Markdown, from the table itself: `python -m dialer.calls.diagram`."""

from dialer.calls.machine import TABLE
from dialer.calls.model import State

_HEAD = """# The states of a call

Generated from `dialer/calls/machine.py` by `python -m dialer.calls.diagram > docs/call-states.md`; a test holds them
together. `HungUp` and `Gone` (the channel is not in the switch's list) settle a call from every state;
`HangupRequested` ends it from every state after the dial. They are left out of the picture, and are in the table.
"""
_EVERYWHERE = {"HungUp", "Gone", "HangupRequested"}


def markdown() -> str:
    return "\n".join([_HEAD, "```mermaid", *_mermaid(), "```", "", *_table(), ""])


def _mermaid() -> list[str]:
    arrows: dict[tuple[State, State], list[str]] = {}
    for row in TABLE:
        if row.event.__name__ in _EVERYWHERE:
            continue
        for source in row.sources:
            for target in row.targets:
                arrows.setdefault((source, target), []).append(row.event.__name__)
    lines = ["stateDiagram-v2", "    [*] --> intended: outbound", "    [*] --> arrived: inbound"]
    lines += [
        f"    {source} --> {target}: {', '.join(events)}"
        for (source, target), events in arrows.items()
        if source is not target
    ]
    return [*lines, "    settled --> [*]"]


def _table() -> list[str]:
    lines = ["| state | event | may lead to | what is done |", "|---|---|---|---|"]
    for row in TABLE:
        sources = ", ".join(row.sources)
        targets = ", ".join(row.targets)
        lines.append(f"| {sources} | {row.event.__name__} | {targets} | `{row.action.__name__}` |")
    return lines


if __name__ == "__main__":
    print(markdown(), end="")
