"""What is wrong with a configuration, where, and what would be right."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a file; line and column count characters from 1, as editors do."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    place: Place
    wrong: str
    right: str

    def __str__(self) -> str:
        """One line, whatever the file holds."""
        text = f"{self.place}: {self.wrong}" + (f"; {self.right}" if self.right else "")
        return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


_MOST_NAMES = 16


class ConfigError(Exception):
    """Every fault of every file, in the order of the files."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


def near(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    if len(word) > 80:
        return None
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def suggest(word: str, known: Iterable[str], what: str) -> str:
    """`did you mean X?`, else what is known, else that nothing is."""
    names: Sequence[str] = sorted(set(known))
    if close := near(word, names):
        return f"did you mean `{close}`?"
    if not names:
        return f"there are no {what}"
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMES])
    return f"{what}: {shown}" + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")
