"""Files that are read once, all together in order of time, as `firewatch ingest` reads one."""

from __future__ import annotations

import heapq
from contextlib import ExitStack
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.errors import InputError
from streams.sources import files
from streams.sources.base import ReadPosition, Seekable
from streams.sources.ordered_file import OrderedFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.config import IngestSettings
    from streams.sources.base import Line
    from streams.sources.live.base import Item
    from streams.sources.live.files.lines import LineReading
    from streams.sources.live.files.progress import FileProgress
    from streams.sources.reader import Reading

MERGED_FILES: Final = 64
"""Files that are read at the same time; of more, so many at a time, by their names."""


class MergedItem(NamedTuple):
    """An item of a file.

    Parameters
    ----------
    time_ms
        Event time, or that of the post before where it has none.
    number
        Which of the files.
    read
        Number of lines of the file that have been read in this run.
    line, item
        The line, and what it holds.
    """

    time_ms: int
    number: int
    read: int
    line: Line
    item: Item


class MergedFiles:
    """Reads some files, each sorted by time, in one order of time; a context manager that closes them.

    Parameters
    ----------
    progress
        How far each file has been read; it names their paths.
    settings, reading, lines
        How they are read.
    now_ms
        The present, milliseconds since the epoch.

    Attributes
    ----------
    failed
        Why files could not be read to their ends, by the position in `progress`.
    """

    def __init__(
        self,
        progress: Sequence[FileProgress],
        settings: IngestSettings,
        reading: Reading,
        lines: LineReading,
        now_ms: int,
    ) -> None:
        self._progress = progress
        self._settings = settings
        self._reading = reading
        self._lines = lines
        self._now_ms = now_ms
        self._stack = ExitStack()
        self._ordered: dict[int, OrderedFile] = {}
        self.failed: dict[int, InputError] = {}

    def __enter__(self) -> MergedFiles:
        """Return the files themselves."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the files."""
        self._stack.close()

    def items(self) -> Iterator[MergedItem]:
        """Yield the items of all files; a file that can't be read ends, and is named in `failed`."""
        yield from heapq.merge(*(self._of(number) for number in range(len(self._progress))), key=itemgetter(0))

    def position(self, number: int, read: int, cursor: int) -> list[int]:
        """Return the position in a file after one of its lines."""
        return list(self._ordered[number].position(read, cursor))

    def _of(self, number: int) -> Iterator[MergedItem]:
        progress = self._progress[number]
        time_ms = read = 0
        try:
            opened = files.open_source(progress.path, self._settings.max_record_bytes, self._reading)
            if not isinstance(opened, Seekable):
                raise InputError(f"{progress.path}: is no regular file")  # noqa: TRY301
            ordered = self._stack.enter_context(OrderedFile(opened, self._settings, self._now_ms))
            self._ordered[number] = ordered
            if isinstance(progress.cursor, list):
                ordered.resume_at(ReadPosition(*progress.cursor))
            elif progress.cursor:
                ordered.resume(progress.cursor)
            for chunk in ordered.chunks():
                for line in chunk:
                    read += 1
                    item = self._lines.item(line, progress.path)
                    time_ms = max(time_ms, self._lines.time_ms(item, self._now_ms) or 0)
                    yield MergedItem(time_ms, number, read, line, item)
        except InputError as error:
            self.failed[number] = error


def groups(progress: Sequence[FileProgress]) -> list[list[FileProgress]]:
    """Return files by their paths, at most `MERGED_FILES` in each group."""
    by_path = sorted(progress, key=lambda each: Path(each.path))
    return [by_path[start : start + MERGED_FILES] for start in range(0, len(by_path), MERGED_FILES)]
