"""What else will take agents, as a pacer reckons it beside its own dials: promised callbacks, and callers."""

from collections.abc import Sequence
from math import ceil

from dialer.campaigns.pacing.excess import Rows
from dialer.campaigns.pacing.model import Snapshot

PARTS = 4
"""So many yes-or-no's at least, and twice as many as are expected, stand for a Poisson number of callers."""


def claims(state: Snapshot, points: Sequence[float]) -> Rows:
    """The chances of each to have taken an agent by each point, in seconds from now."""
    rows: list[tuple[int, Sequence[float]]] = [
        (1, [float(at <= point) for point in points]) for at in state.callbacks if at <= points[-1]
    ]
    if state.inbound_per_s > 0:
        parts = max(PARTS, ceil(2 * state.inbound_per_s * points[-1]))
        rows.append((parts, [state.inbound_per_s * point / parts for point in points]))
    return rows


def promised(state: Snapshot, points: Sequence[float]) -> int:
    """Callbacks that need an agent before a dial placed now is likely to."""
    return sum(at <= points[len(points) // 2] for at in state.callbacks)


def left_to_dial(state: Snapshot, points: Sequence[float]) -> int | None:
    """How many dials may still come to something: none if it is likely answered after the close; None: no limit."""
    if state.closes_in_s is not None and state.closes_in_s < points[len(points) // 2]:
        return 0
    return state.contacts_left
