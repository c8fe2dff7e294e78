"""What Prometheus sees of what pacers reckon with; `metrics.py` registers it. Campaigns bound the labels."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from typing import Final

_LABELS = ("client", "campaign")
ROWS: Final = (
    ("dialer_pacing_answer_ratio", _LABELS, "Share of dials that a person answers, as the pacer has learnt it."),
    ("dialer_pacing_talk_seconds", _LABELS, "Mean talk, as the pacer has learnt it."),
    ("dialer_pacing_wrap_up_seconds", _LABELS, "Mean after-call work, as the pacer has learnt it."),
    ("dialer_pacing_risk_ratio", _LABELS, "Chance of a loss at which the pacer dials once more; 0: budget spent."),
    ("dialer_pacing_idle_agents", _LABELS, "Agents free for the campaign."),
)  # fmt: skip
"""Gauges: name, labels, meaning."""


@dataclass(frozen=True, slots=True)
class PacingLive:
    """In the order of ROWS."""

    answer_ratio: float
    talk_s: float
    wrap_up_s: float
    risk: float
    idle: int


def samples(
    found: Mapping[tuple[str, str], PacingLive],
) -> Iterator[tuple[str, Iterable[tuple[tuple[str, ...], float]]]]:
    """Of every gauge, also of those without samples."""
    told = {labels: astuple(live) for labels, live in found.items()}
    for place, (name, _, _) in enumerate(ROWS):
        yield name, [(labels, float(values[place])) for labels, values in told.items()]
