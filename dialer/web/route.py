"""One route of the API: what may be asked, with what body, and what comes back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dialer.web.door import Who
from dialer.web.port import Control
from dialer.web.requests import Request
from dialer.web.rights import LOCAL_HOLDER

NOBODY: Final = Who(LOCAL_HOLDER)
"""Where no token is needed."""
NAME: Final = "[a-z][a-z0-9_]{0,62}"
CALL: Final = "[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: who is asked, and the checked parts of the path."""

    control: Control
    path: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    """Only what the route knows."""
    who: Who = NOBODY


Answer = Callable[[Ask, Any], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` has {names} whose patterns are in `params`. `gives` is what `answer` returns, None for 204."""

    method: str
    path: str
    summary: str
    answer: Answer
    gives: Any = None
    takes: type[Request] | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    refusals: tuple[int, ...] = ()
    seconds: float = 15.0
    """The engine's longest time to answer."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Patterns of what may follow a question mark; all of it may be left out."""

    @property
    def operation(self) -> str:
        """As `rights.NEEDS` names it."""
        return f"{self.method} {self.path}"

    @property
    def pattern(self) -> str:
        """The path as aiohttp's router wants it."""
        path = self.path
        for name, pattern in self.params.items():
            path = path.replace(f"{{{name}}}", f"{{{name}:{pattern}}}")
        return path
