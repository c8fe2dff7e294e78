"""What is done about recordings beside the calls: measured, deleted in time, rows without files and files without rows
found; and the samples drawn."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from dialer.config.recording_places import lacking_places
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
        self._looked = self._drawn = float("-inf")
        self._told: set[str] = set()
        """Files that could not be measured or deleted, said once."""
        self.lacking: tuple[str, ...] = ()
        """Directories that are not there, or not ours."""

    async def run(self) -> None:
        while True:
            try:
                await self.round()
            except (StoreError, OSError) as error:
                log.error("recordings could not be looked after: %s", error)
            except Exception:  # the calls go on whatever lies on that disk
                self._engine.metrics.impossible("recordings")
                log.exception("recordings could not be looked after")
            await asyncio.sleep(ROUND_S)

    async def round(self) -> None:
        now = self._engine.clock.now()
        await self._look_for_places()
        await self._measure(now)
        if expired := await self._engine.store.recordings.expire(now):
            log.info("%d recordings were kept long enough", expired)
        await self.remove()
        if not 0 <= now - self._drawn < DRAW_S:  # a clock may go back
            self._drawn = now
            await draw_samples(self._engine, now)
        if not 0 <= now - self._looked < LOOK_S:
            self._looked = now
            await self._find_strangers(now)

    async def _look_for_places(self) -> None:
        lacking = tuple(await asyncio.to_thread(lambda: list(lacking_places(self._engine.configuration))))
        for lack in set(lacking) - set(self.lacking):
            log.warning("%s", lack)
        self.lacking = lacking

    # -- what became of the talks' -------------------------------------------------------------------

    async def _measure(self, now: float) -> None:
        book, node, after = self._engine.store.recordings, self._engine.configuration.plant.node, ""
        while rows := await book.unmeasured(node, now - WRITTEN_S, after):
            after = rows[-1].id
            for row in rows:
                await self._measure_one(row, now)

    async def _measure_one(self, row: RecordingRow, now: float) -> None:
        engine, seconds = self._engine, None
        try:
            path = files.path_of(engine.configuration, row)
            if path is None:
                raise FileNotFoundError(f"switch {row.switch} has no place for recordings")
            seconds = await asyncio.to_thread(files.seconds_of, path, row.channels)
        except OSError as error:  # its switch, or its disk, may yet come back
            self._tell_once(row, f"{row.file} cannot be measured: {error.strerror or error}")
            if row.ended_at is None or row.ended_at > now - DAY_S:
                return
        missing = not seconds and row.deleted_at is None
        if missing:
            log.error("a recording has no file, or an empty one: %s", row.file, extra={"call": row.call_id})
        self._told.discard(row.id)
        await engine.store.recordings.change(row.id, seconds=seconds or 0.0, fault="no_file" if missing else None)
        engine.metrics.recordings.ended(row.client, row.campaign, "no_file" if missing else "recorded")

    # -- deletion -----------------------------------------------------------------------------------

    async def remove(self, marked_at: float | None = None) -> list[str]:
        """Deletes the files of all that are marked (at that instant), as far as their switches are this node's. Says
        which files are still there."""
        engine, after = self._engine, ""
        said: list[str] = []
        switches = None if marked_at is not None else tuple(engine.configuration.plant.switches)
        while rows := await engine.store.recordings.to_remove(switches, marked_at, after):
            after = rows[-1].id
            for row in rows:
                if (fault := await self._remove_one(row)) is not None:
                    said.append(fault)
        return said

    async def _remove_one(self, row: RecordingRow) -> str | None:
        """Why its file is still there."""
        engine, path = self._engine, files.path_of(self._engine.configuration, row)
        if path is None:
            return f"{row.file}: switch {row.switch} has no place for recordings here; where it has, it is deleted"
        try:
            await asyncio.to_thread(files.remove, path)
        except OSError as error:
            engine.metrics.recordings.not_removed(row.switch)
            fault = f"{row.file} could not be deleted: {error.strerror or error}"
            self._tell_once(row, fault)
            return fault
        self._told.discard(row.id)
        if await engine.store.recordings.removed(row.id, engine.clock.now()):  # nobody was quicker
            engine.metrics.recordings.removed(row.client, row.deleted_why or "")
            log.info("a recording was deleted: %s", row.deleted_why, extra={"call": row.call_id})
        return None

    def _tell_once(self, row: RecordingRow, fault: str) -> None:
        if row.id not in self._told:
            self._told.add(row.id)
            log.error("a recording: %s; it is tried again", fault, extra={"call": row.call_id})

    # -- files that nobody knows ---------------------------------------------------------------------

    async def _find_strangers(self, now: float) -> None:
        for switch in self._engine.configuration.plant.switches:
            directory = files.directory_of(self._engine.configuration, switch)
            if directory is None:
                continue
            try:
                await self._look_through(switch, directory, now)
            except OSError as error:
                log.error("the directory of recordings cannot be looked through: %s", error, extra={"switch": switch})

    async def _look_through(self, switch: str, directory: Path, now: float) -> None:
        if not await asyncio.to_thread(directory.is_dir):
            raise FileNotFoundError(f"it is not there: {directory}")
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
            try:
                await asyncio.to_thread(files.remove, directory / file)
            except OSError as error:
                log.error("%s could not be deleted: %s", file, error.strerror or error, extra={"switch": switch})
                return
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
