"""How often machine detection is wrong, measured by what agents found. Pure."""

from dataclasses import dataclass
from math import sqrt

Z = 1.96
"""95 %."""
PRIOR_WEIGHT = 50.0
"""How many samples the operator's own guess is worth."""


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`, with its interval."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """In which the true rate lies in 95 of 100 cases (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
        if not self.of:
            return 0.0, 1.0
        share, square = self.count / self.of, Z * Z
        middle = (share + square / (2 * self.of)) / (1 + square / self.of)
        spread = Z * sqrt(share * (1 - share) / self.of + square / (4 * self.of * self.of)) / (1 + square / self.of)
        return max(0.0, middle - spread), min(1.0, middle + spread)

    def with_guess(self, guess: float) -> float:
        """The rate to reckon with: the guess at first, then more and more what was measured."""
        return (self.count + guess * PRIOR_WEIGHT) / (self.of + PRIOR_WEIGHT)


@dataclass(slots=True)
class Tally:
    """What agents found, by what detection had said."""

    people_called_machines: int = 0
    machines_called_machines: int = 0
    machines_called_people: int = 0
    people_called_people: int = 0

    def add(self, said_machine: bool, was_machine: bool, times: int = 1) -> None:
        match said_machine, was_machine:
            case True, False:
                self.people_called_machines += times
            case True, True:
                self.machines_called_machines += times
            case False, True:
                self.machines_called_people += times
            case _:
                self.people_called_people += times

    @property
    def false_positives(self) -> Share:
        """Of those said to be machines: people."""
        return Share(self.people_called_machines, self.people_called_machines + self.machines_called_machines)

    @property
    def missed(self) -> Share:
        """Of the calls that agents were given as people: machines."""
        return Share(self.machines_called_people, self.machines_called_people + self.people_called_people)
