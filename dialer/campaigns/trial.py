"""An import that leaves nothing behind in the store."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from dialer.campaigns.lists import ImportStore
from dialer.store.imports import Chunk
from dialer.store.list_records import Import, Progress, Standing


class Known(Protocol):
    def standing(self, campaigns: Sequence[str], numbers: Sequence[str]) -> Awaitable[Mapping[str, Standing]]: ...


class Trial:
    """Writes to a store that will be thrown away; of the real one it asks only who is there already."""

    def __init__(self, scratch: ImportStore, real: Known) -> None:
        self._scratch = scratch
        self._real = real

    async def begin(self, campaign: str, name: str, path: str, digest: str, at: float, holder: str) -> Import:
        return await self._scratch.begin(campaign, name, path, digest, at, holder)

    async def add(self, chunk: Chunk) -> Mapping[int, Standing]:
        numbers = [new.number for new in chunk.contacts]
        there = await self._real.standing((chunk.campaign, *chunk.rivals), numbers)
        found = {
            place: replace(there[number], import_id=None) for place, number in enumerate(numbers) if number in there
        }
        places = [place for place in range(len(numbers)) if place not in found]
        rest = replace(
            chunk, contacts=[chunk.contacts[place] for place in places], lines=[chunk.lines[place] for place in places]
        )
        return found | {places[at]: one for at, one in (await self._scratch.add(rest)).items()}

    async def finish(self, import_id: int, holder: str, progress: Progress, at: float) -> None:
        await self._scratch.finish(import_id, holder, progress, at)
