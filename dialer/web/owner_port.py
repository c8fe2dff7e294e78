"""What the API may ask of the engine about whose things are: by what is configured, what lives, what is stored."""

from collections.abc import Collection, Mapping
from typing import Protocol


class Owners(Protocol):
    """The client that a thing is of; None where there is no such thing, or where it is not of one client alone."""

    def campaign(self, name: str) -> str | None: ...
    def talked_for(self, agent: str) -> str | None:
        """The client of the agent's present call, or of its last one."""
        ...

    def names_list(self, campaign: str, path: str) -> bool:
        """Whether this is a file that the campaign's own file names as one of its lists."""
        ...

    def queue(self, name: str) -> str | None: ...
    def test(self, name: str) -> str | None: ...
    async def call(self, call_id: str) -> str | None:
        """Raises RefusedError."""
        ...

    async def recording(self, recording: str) -> str | None:
        """Raises RefusedError."""
        ...

    async def test_call(self, test_id: str) -> str | None:
        """Raises RefusedError."""
        ...

    def staff(self, clients: Collection[str]) -> Mapping[str, frozenset[str]]:
        """The agents who can work for these clients, each with those skills that one of these asks for."""
        ...
