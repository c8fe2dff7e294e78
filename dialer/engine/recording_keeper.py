"""What is done about recordings beside the calls: measured, deleted in time, rows without files and files without rows
found; and the samples drawn."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from dialer.engine import recording_files as files
from dialer.engine.sampling import draw_samples
from dialer.store.errors import StoreError
from dialer.store.recordings import RecordingRow

if TYPE_CHECKING:
    from dialer.engine.core import Engine

log = logging.getLogger(__name__)

ROUND_S = 15.0
WRITTEN_S = 5.0
"""After its end: how long a file may take to be whole."""
STRANGE_S = 3600.0
"""A file that nobody has written to for so long, and that there is no row of, is a stranger."""
LOOK_S = 6 * 3600.0
"""How often strangers are looked for."""
DRAW_S = 300.0
DAY_S = 86_400.0
STRANGER_KEPT_S = 90 * DAY_S
CHUNK = 500


class RecordingKeeper:
    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._looked: float | None = None
        self._drawn = 0.0
        self._told: set[str] = set()
        """Files that could not be deleted, said once."""

    async def run(self) -> None:
        while True:
            try:
                await self.round()
            except (StoreError, OSError) as error:
                log.error("recordings could not be looked after: %s", error)
            await asyncio.sleep(ROUND_S)

    async def round(self) -> None:
        now = self._engine.clock.now()
        await self._measure(now)
        if expired := await self._engine.store.recordings.expire(now):
            log.info("%d recordings were kept long enough", expired)
        await self.remove()
        if self._looked is None or now - self._looked >= LOOK_S:
            self._looked = now
            await self._find_strangers(now)
        if now - self._drawn >= DRAW_S:
            self._drawn = now
            await draw_samples(self._engine, now)

    # -- what became of the talks' -------------------------------------------------------------------

    async def _measure(self, now: float) -> None:
        engine = self._engine
        for row in await engine.store.recordings.unfinished(engine.configuration.plant.node):
            if row.ended_at is None or row.ended_at > now - WRITTEN_S:
                continue
            path = files.path_of(engine.configuration, row)
            if path is None and row.ended_at > now - DAY_S:  # its switch may yet come back into the configuration
                continue
            seconds = None if path is None else await asyncio.to_thread(files.seconds_of, path, row.channels)
            missing = seconds is None and row.deleted_at is None
            if missing:
                log.error("a recording has no file: %s", row.file, extra={"call": row.call_id})
            await engine.store.recordings.change(row.id, seconds=seconds or 0.0, fault="no_file" if missing else None)
            engine.metrics.recordings.ended(row.client, row.campaign, "no_file" if missing else "recorded")

    # -- deletion -----------------------------------------------------------------------------------

    async def remove(self, why: str | None = None) -> list[str]:
        """Deletes the files of all that are marked (for this reason), as far as their switches are this node's.
        Says what could not be."""
        engine, said = self._engine, []
        for row in await engine.store.recordings.to_remove(tuple(engine.configuration.plant.switches)):
            if why not in (None, row.deleted_why):
                continue
            path = files.path_of(engine.configuration, row)
            if path is None:
                said.append(f"{row.file}: switch {row.switch} has no place for recordings any more")
                continue
            try:
                await asyncio.to_thread(files.remove, path)
            except OSError as error:
                said.append(f"{row.file} could not be deleted: {error.strerror or error}")
                self._refused(row, said[-1])
                continue
            self._told.discard(row.id)
            await engine.store.recordings.change(row.id, removed_at=engine.clock.now())
            engine.metrics.recordings.removed(row.client, row.deleted_why or "")
            log.info("a recording was deleted: %s", row.deleted_why, extra={"call": row.call_id})
        return said

    def _refused(self, row: RecordingRow, why: str) -> None:
        self._engine.metrics.recordings.not_removed(row.switch)
        if row.id not in self._told:
            self._told.add(row.id)
            log.error("a recording: %s; it is tried again", why, extra={"call": row.call_id})

    # -- files that nobody knows ---------------------------------------------------------------------

    async def _find_strangers(self, now: float) -> None:
        for switch in self._engine.configuration.plant.switches:
            directory = files.directory_of(self._engine.configuration, switch)
            if directory is None:
                continue
            if not await asyncio.to_thread(directory.is_dir):
                log.error("the directory of recordings is not there: %s", directory, extra={"switch": switch})
                continue
            there = await asyncio.to_thread(files.files_in, directory, now - STRANGE_S)
            by_id = {Path(name).stem: (name, at, size) for name, at, size in there}
            names = sorted(by_id)
            for start in range(0, len(names), CHUNK):
                for stranger in await self._engine.store.recordings.strangers(names[start:start + CHUNK]):
                    await self._take_in(switch, directory, stranger, *by_id[stranger])
            await asyncio.to_thread(files.clear_days, directory, now - 2 * DAY_S)

    async def _take_in(self, switch: str, directory: Path, name: str, file: str, at: float, size: int) -> None:
        """One that should be gone goes; of one that nobody knew there is a row from now on, and so an end of it."""
        engine = self._engine
        known = await engine.store.recordings.one(name)
        if known is not None:
            await asyncio.to_thread(files.remove, directory / file)
            log.warning("a recording that was deleted was there again, and is deleted again", extra={"file": file})
            return
        client = engine.configuration.clients.get(file.partition("/")[0])
        terms = client.recording if client is not None else None
        keep, sound = (terms.keep, terms.sound) if terms is not None else (STRANGER_KEPT_S, "mixed")
        seconds = size / (files.RATE_HZ * files.WIDTH * (2 if sound == "stereo" else 1))
        await engine.store.recordings.save(RecordingRow(
            name, name.rpartition("-")[0] or name, engine.configuration.plant.node, switch, file.partition("/")[0],
            None, None, None, file, sound, at - seconds, at + keep, at, seconds, (), "no_record",
        ))  # fmt: skip
        engine.metrics.recordings.ended(file.partition("/")[0], None, "no_record")
        log.error("a file of a recording that nobody knew was found: %s", file)
