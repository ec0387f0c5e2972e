"""The kind `files`: posts of files and of folders that files are put into, with a cursor for each file."""

from __future__ import annotations

import asyncio
import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from streams.config.sources.files import FilesSourceSettings
from streams.core.ingest.parsing import parse
from streams.errors import InputError, RecordError, SourceRefused, SourceUnavailable
from streams.records import Gap
from streams.sources.conversion import Conversion
from streams.sources.live.base import PAUSE_SECONDS, Bad, Batch, Found, LiveSource
from streams.sources.live.files.finished import FinishedFiles
from streams.sources.live.files.lines import LineReading
from streams.sources.live.files.merged import MergedFiles, groups
from streams.sources.live.files.progress import Files
from streams.sources.live.files.scan import scan
from streams.sources.live.files.tail import FileTail, can_begin
from streams.sources.map_sample import misfit_of_map
from streams.sources.reader import Reading

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from streams.config.sources.base import SourceSettings
    from streams.sources.base import Line
    from streams.sources.live.base import Item, Position, Surroundings
    from streams.sources.live.files.merged import MergedItem
    from streams.sources.live.files.progress import FileProgress
    from streams.sources.live.files.scan import FoundFile, Scan

_T = TypeVar("_T")

_OPEN_FILES: Final = 256
"""Files that are kept open at their ends, because they grow."""

_SAMPLE_LINES: Final = 100
_BATCH_ITEMS: Final = 1_000

_SHOWN: Final = 3

_MISSING: Final = "missing"
_LOCKED: Final = "can't be read"
"""Facts of a source: paths that lead to nothing, and files that may not be opened."""

log = structlog.get_logger()


class FilesSource(LiveSource):
    """Reads files as they appear and grow, or once.

    Parameters
    ----------
    settings
        Entry of the section `sources`.
    surroundings
        Config and clock.
    """

    def __init__(self, settings: SourceSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        assert isinstance(settings, FilesSourceSettings)  # noqa: S101  the registry pairs them
        self._settings = settings
        self._ingest = surroundings.config.ingest
        self._now_ms = surroundings.now_ms
        self._reading = Reading(settings.map, settings.encoding or self._ingest.encoding)
        self._lines = LineReading(self._ingest)
        self._files = Files()
        self._tails: dict[int, FileTail] = {}
        self._settled: dict[int, tuple[tuple[int, int], int]] = {}
        self._finished = FinishedFiles(settings.done, settings.done_folder)
        self.ends = not settings.watch

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Yield the records of the files after a position, and of files that appear or grow.

        Raises
        ------
        SourceUnavailable
            If a folder is missing, so that it may appear yet.
        SourceRefused
            If files that are to be read once are missing, or the map finds no posts in the first file.
        """
        self._files = Files(position)
        self._settled.clear()
        try:
            if self._settings.watch:
                while True:
                    async for batch in self._read_what_is_there():
                        yield batch
                    yield Batch(())
                    await self.surroundings.sleep(min(self._settings.poll_seconds, PAUSE_SECONDS))
            async for batch in self._read_once():
                yield batch
        finally:
            for tail in self._tails.values():
                tail.close()
            self._tails.clear()

    async def probe(self) -> Mapping[str, str]:
        """Return which files there are."""
        found = await asyncio.to_thread(scan, self._settings.paths)
        facts = {"files": f"{len(found.files):,}", "bytes": f"{sum(file.size for file in found.files):,}"}
        return facts | self._problems(found)

    def _problems(self, found: Scan) -> dict[str, str]:
        problems = {_MISSING: found.missing, _LOCKED: found.failed}
        return {name: _listed(each) for name, each in problems.items() if each}

    async def _look(self) -> Scan:
        """Return the files that there are.

        Raises
        ------
        SourceUnavailable
            If the folder of one is missing.
        """
        found = await asyncio.to_thread(scan, self._settings.paths)
        self.health.heard_ms = self._now_ms()
        away = found.without_folder
        if away or (found.failed and not found.files):
            problems = [f"{path}: no such folder" for path in away] + found.failed
            raise SourceUnavailable(self.id, "no_folder", _listed(problems))
        for name in (_MISSING, _LOCKED):
            self.health.facts.pop(name, None)
        self.health.facts.update(self._problems(found))
        self.health.facts["files"] = f"{len(found.files):,}"
        return found

    async def _read_what_is_there(self) -> AsyncIterator[Batch]:
        """Yield all that can be read now, file by file."""
        found = await self._look()
        await asyncio.to_thread(self._finished.clear_away)
        present: list[FileProgress] = []
        unread: list[str] = []
        due: list[tuple[FoundFile, FileProgress]] = []
        for number, file in enumerate(found.files):
            progress = self._files.match(file, found.files, self._now_ms())
            if progress is None and file.size:
                unread.append(file.path)
            if progress is not None:
                present.append(progress)
                due += [(file, progress)] if not progress.is_read else []
            if number % _BATCH_ITEMS == _BATCH_ITEMS - 1:
                yield Batch(())
        if locked := [path for path in unread if not os.access(path, os.R_OK)]:
            self.health.facts[_LOCKED] = _listed([*locked, *found.failed])
        gaps = [self._gap(progress) for progress in self._files.mark_gone(present, self._now_ms())]
        self._close_gone(present)
        if gaps:
            yield Batch(gaps, self._files.saved())
        absent = found.missing if not found.files else []
        self._update_health(due, absent)
        for file, progress in due:
            async for batch in self._read_on(file, progress):
                yield batch
        self._update_health([each for each in due if not each[1].is_read], absent)

    def _update_health(self, due: list[tuple[FoundFile, FileProgress]], absent: list[str]) -> None:
        left = sum(max(0, file.size - self._consumed(progress)) for file, progress in due)
        self.health.facts["bytes left"] = f"{left:,}"
        if self._files.left_out:
            why = (
                f"{self._files.left_out:,} files that were read and stay; after a restart they would be read again: "
                "let `done` clear them away"
            )
            if "not remembered" not in self.health.facts:
                log.warning("the cursor has no room for all files", source=self.id, not_remembered=why)
            self.health.facts["not remembered"] = why
        else:
            self.health.facts.pop("not remembered", None)
        if absent:
            why = f"there is no file at {_listed(absent)}: it is read as soon as there is one; else correct `paths`"
            self.health.state, self.health.why = "waiting", why
        elif left > _LIVE_BYTES:
            self.health.state, self.health.why = "catching_up", f"{left:,} bytes of {len(due):,} files are to be read"
        else:
            self.health.state, self.health.why = "live", self._unread()
            self.health.behind_ms = 0

    def _unread(self) -> str:
        """Return which paths lead to nothing, and what can't be read; empty if there is nothing of the kind."""
        facts = self.health.facts
        found = [f"there is nothing at {facts[_MISSING]}"] if _MISSING in facts else []
        if _LOCKED in facts:
            found.append(f"it can't read {facts[_LOCKED]}")
        return "; ".join(found)

    def _consumed(self, progress: FileProgress) -> int:
        tail = self._tails.get(id(progress))
        return tail.consumed_bytes if tail else 0

    def _close_gone(self, present: list[FileProgress]) -> None:
        there = {id(each) for each in present}
        for key in [key for key in self._tails if key not in there]:
            self._tails.pop(key).close()
        self._settled = {key: value for key, value in self._settled.items() if key in there}

    def _gap(self, progress: FileProgress) -> Gap:
        now_ms = self._now_ms()
        detail = f"{progress.path} was removed, emptied or replaced before it was read to its end"
        return Gap(self.id, min(progress.last_ms, now_ms), now_ms, "removed", detail, Path(progress.path).name)

    def _is_settled(self, file: FoundFile, progress: FileProgress) -> bool:
        """Return whether a file has not changed for long enough, by our own clock and not that of its machine."""
        state, now_ms = (file.size, file.changed_ns), self._now_ms()
        before, since_ms = self._settled.get(id(progress), (None, now_ms))
        if before != state:
            self._settled[id(progress)] = state, now_ms
            old_ms = now_ms - file.changed_ns // 1_000_000
            return old_ms >= max(self._settings.settle_seconds * 1000, _OLD_MS)
        return now_ms - since_ms >= self._settings.settle_seconds * 1000

    async def _read_on(self, file: FoundFile, progress: FileProgress) -> AsyncIterator[Batch]:
        """Yield the records of one file up to its present end."""
        is_settled = self._is_settled(file, progress)
        tail = self._tails.get(id(progress))
        try:
            if tail is None:
                if not is_settled and not can_begin(file.path):
                    return
                tail = await asyncio.to_thread(self._opened, file, progress)
                if tail is None:
                    return
                self._keep(progress, tail)
            if is_settled:
                tail.finish()
            elif tail.consumed_bytes == file.size:
                return
            while True:
                lines: list[Line] = []
                async for chunk in self._waited(tail.next_chunk):
                    if chunk is None:
                        yield Batch(())
                    else:
                        lines = chunk
                if not lines:
                    break
                self._check_map(lines)
                yield self._batch_of(lines, file, progress, at_end=is_settled)
        except (InputError, RecordError) as error:
            bad = Bad(RecordError("broken_file", str(error)), b"", file.path)
            self._leave(progress, file.size)
            yield Batch([bad], self._files.saved(), self._finished.after(file, failed=True))
            return
        if tail.ended:
            self._leave(progress, tail.consumed_bytes)
            yield Batch((), self._files.saved(), self._finished.after(file))

    def _opened(self, file: FoundFile, progress: FileProgress) -> FileTail | None:
        """Return a file that was opened; None if it has gone or been renamed since, so that the next look finds it.

        Raises
        ------
        InputError
            If it can't be read.
        """
        start = progress.cursor if isinstance(progress.cursor, int) else 0
        try:
            tail = FileTail(Path(file.path), self._ingest.max_record_bytes, self._reading, start)
        except FileNotFoundError:
            return None
        if not tail.is_of(file.device, file.inode):
            tail.close()
            return None
        return tail

    def _keep(self, progress: FileProgress, tail: FileTail) -> None:
        self._tails[id(progress)] = tail
        while len(self._tails) > _OPEN_FILES:
            self._tails.pop(next(iter(self._tails))).close()

    def _leave(self, progress: FileProgress, size: int) -> None:
        """Note that a file has been read to its end, which it has at a size."""
        progress.read_size = size
        tail = self._tails.pop(id(progress), None)
        if tail is not None:
            tail.close()

    def _batch_of(self, lines: list[Line], file: FoundFile, progress: FileProgress, *, at_end: bool) -> Batch:
        now_ms = self._now_ms()
        items: list[Item] = [self._lines.item(line, file.path) for line in lines]
        passed = lines
        if at_end and isinstance(items[-1], Bad) and items[-1].error.reason == "broken_json":
            passed = lines[:-1]  # it may have no end yet: if the file grows after all, it is read again
        progress.cursor = passed[-1].cursor if passed else progress.cursor
        last_ms = next((t for item in reversed(items) if (t := self._lines.time_ms(item, now_ms)) is not None), None)
        progress.last_ms = progress.last_ms if last_ms is None else last_ms
        if any(isinstance(item, Found) for item in items):
            self.health.post_ms = now_ms
        return Batch(items, self._files.saved())

    def _check_map(self, lines: list[Line]) -> None:
        """Look at the first records of all.

        Raises
        ------
        SourceRefused
            If none of them becomes a post.
        """
        if self._files.begun:
            return
        records: list[dict[str, Any]] = []
        for line in lines[:_SAMPLE_LINES]:
            try:
                records.append(parse(line.original or line.data))
            except RecordError:
                continue
        conversion = Conversion.of_live(self._settings.map, self._now_ms)
        misfit = misfit_of_map(records, conversion, is_given=self._settings.map is not None)
        if misfit is not None:
            raise SourceRefused(self.id, "map", misfit)

    async def _read_once(self) -> AsyncIterator[Batch]:
        """Yield the records of the files that there are, in order of time.

        Raises
        ------
        SourceRefused
            If a file is missing.
        """
        found = await self._look()
        if found.missing or not found.files:
            listed = _listed(found.missing or self._settings.paths)
            raise SourceRefused(self.id, "no_files", f"there is no file at {listed}: correct `paths`")
        self.health.state, self.health.why = "catching_up", f"reads {len(found.files):,} files"
        progress = [self._files.match(file, found.files, self._now_ms()) for file in found.files]
        for group in groups([each for each in progress if each is not None and not each.is_read]):
            with MergedFiles(group, self._ingest, self._reading, self._lines, self._now_ms()) as merged:
                items = merged.items()
                while True:
                    taken: list[MergedItem] = []
                    async for chunk in self._waited(lambda items=items: list(islice(items, _BATCH_ITEMS))):  # type: ignore[misc]
                        if chunk is None:
                            yield Batch(())
                        else:
                            taken = chunk
                    if not taken:
                        break
                    self._check_map([each.line for each in taken])
                    yield self._merged_batch(taken, group, merged)
                bad = [
                    Bad(RecordError("broken_file", str(error)), b"", group[number].path)
                    for number, error in merged.failed.items()
                ]
            for each in group:
                each.read_size = each.size
            yield Batch(bad, self._files.saved())
        self.health.state, self.health.why = "live", ""

    def _merged_batch(self, taken: list[MergedItem], group: list[FileProgress], merged: MergedFiles) -> Batch:
        for last in {each.number: each for each in taken}.values():
            group[last.number].cursor = merged.position(last.number, last.read, last.line.cursor)
            group[last.number].last_ms = last.time_ms
        self.health.post_ms = self.health.heard_ms = self._now_ms()
        return Batch([each.item for each in taken], self._files.saved())

    async def _waited(self, read: Callable[[], _T]) -> AsyncIterator[_T | None]:
        """Yield what a function returns that may block; before that, None after each second."""
        task = asyncio.ensure_future(asyncio.to_thread(read))
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=PAUSE_SECONDS)
                if not task.done():
                    yield None
            yield task.result()
        finally:
            if not task.done():
                await asyncio.wait({task})  # a thread can't be ended, and it uses the file


_LIVE_BYTES: Final = 1_048_576
"""Bytes that are left to be read, up to which the source is live."""

_OLD_MS: Final = 60_000
"""Age at which a file that has just been found is taken for settled at once, whatever the clock of its machine."""


def _listed(paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
