"""What Prometheus sees of recordings and of score cards: `metrics.py` puts it on its page."""

from collections.abc import Callable
from typing import Final

from dialer.exposition import Children

RESULTS: Final = ("recorded", "not_started", "no_file", "no_record")
_SCORES: Final = (0.0, 20.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)


class RecordingMetrics:
    """`counter` and `histogram` define a family: its name, its meaning (buckets), its labels."""

    def __init__(self, counter: Callable[..., Children], histogram: Callable[..., Children]) -> None:
        self._ended = counter(
            "dialer_recordings", "Recordings of talks: recorded, not_started (the switch refused), no_file (it wrote "
            "none), no_record (a file that nobody knew).", "client", "campaign", "result")
        self._removed = counter("dialer_recordings_removed", "Recordings whose files were deleted: expired, erased, "
                                "by_hand.", "client", "why")
        self._unremoved = counter("dialer_recording_removal_failures", "Files of recordings that could not be deleted.",
                                  "switch")
        self._cards = counter("dialer_score_cards", "Score cards of recordings: passed, below (the card's `passes`), "
                              "failed (a critical criterion).", "client", "campaign", "result")
        self._scores = histogram("dialer_score_card_score", "Scores of recordings, 0 to 100.", _SCORES, "client")

    def began(self, client: str, campaign: str | None) -> None:
        """The series are there before the first fault: of one that begins at 1 Prometheus sees no increase."""
        for result in RESULTS:
            self._ended.inc(client, campaign or "", result, by=0)

    def ended(self, client: str, campaign: str | None, result: str) -> None:
        self._ended.inc(client, campaign or "", result)

    def removed(self, client: str, why: str) -> None:
        self._removed.inc(client, why)

    def not_removed(self, switch: str) -> None:
        self._unremoved.inc(switch)

    def card(self, client: str, campaign: str | None, result: str, score: float) -> None:
        self._cards.inc(client, campaign or "", result)
        self._scores.observe(score, client)
