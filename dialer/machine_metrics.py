"""What Prometheus sees of answering machines; `metrics.py` registers it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

ROWS: Final = (
    ("dialer_machine_false_positive_rate", ("client", "campaign", "bound"),
     "Of those taken for machines, people: the rate, and the bounds low and high of its 95 % interval."),
    ("dialer_machine_samples", ("client", "campaign"), "Machines that agents had a look at, of the last 90 days."),
)
"""Gauges: name, labels, meaning."""
Samples = Iterator[tuple[str, Iterable[tuple[tuple[str, ...], float]]]]


@dataclass(frozen=True, slots=True)
class DetectionLive:
    """How often a campaign's machine detection was wrong."""

    rate: float
    low: float
    high: float
    samples: int


class Family(Protocol):
    def inc(self, *labels: str, by: float = 1) -> None: ...


class MachineMetrics:
    def __init__(self, counter: Callable[..., Family]) -> None:
        self._messages = counter(
            "dialer_machine_messages", "Messages to answering machines: left, failed.", "campaign", "result"
        )

    def message(self, campaign: str, left: bool) -> None:
        self._messages.inc(campaign, "left" if left else "failed")


def samples(detections: Mapping[tuple[str, str], DetectionLive]) -> Samples:
    """By client and campaign; of every gauge, also of those without samples."""
    yield "dialer_machine_false_positive_rate", [
        ((*labels, bound), value)
        for labels, one in detections.items()
        for bound, value in (("rate", one.rate), ("low", one.low), ("high", one.high))
    ]
    yield "dialer_machine_samples", [(labels, one.samples) for labels, one in detections.items()]
