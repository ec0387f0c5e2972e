"""A file in order of time that an interrupted ingest can go on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.errors import InputError
from streams.sources.base import ReadPosition, Seekable
from streams.sources.ordered import OrderedPosts, in_order_of_time

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from streams.config import IngestSettings
    from streams.sources.base import Line, Source


class _SortedPart(NamedTuple):
    """A part of the file that is read in order of time.

    Parameters
    ----------
    read
        Number of records that were yielded before it.
    skipped
        Number of its records that an earlier run had read.
    begin, end
        Cursors before its first record and of its last one.
    lines
        Number of its records.
    as_of_ms
        Time at which it was first sorted.
    """

    read: int
    skipped: int
    begin: int
    end: int
    lines: int
    as_of_ms: int


class OrderedFile(Seekable):
    """The lines of a file, from the beginning or a position, in order of time (`OrderedPosts`).

    What is in the file when it is read is one part: it is yielded as it is if it is in order, and sorted otherwise. The
    position in a sorted part is the number of its lines that have been read. The next run sorts the same lines alike
    and skips that many, so that none is lost and none comes twice. Lines that are appended meanwhile are the next part.

    Parameters
    ----------
    file
        The file, which is closed with this source.
    settings
        Section `ingest` of the config.
    now_ms
        The present, milliseconds since the epoch.
    redate
        Whether event times are going to be shifted, so that none is too far ahead.
    """

    def __init__(self, file: Seekable, settings: IngestSettings, now_ms: int, *, redate: bool = False) -> None:
        self._file = file
        self._settings = settings
        self._now_ms = now_ms
        self._redate = redate
        self._start: ReadPosition | None = None
        self._ordered: dict[int | None, OrderedPosts] = {}
        self._parts: list[_SortedPart] = []
        self.name = file.name
        self.source_name = file.source_name
        self.total_bytes = file.total_bytes
        self.remarks = file.remarks

    def fingerprint(self, cursor: int) -> str:
        """Return a string that identifies the input before `cursor`."""
        return self._file.fingerprint(cursor)

    def resume(self, cursor: int) -> None:
        """Have `chunks` begin after `cursor`."""
        self.resume_at(ReadPosition(cursor))

    def resume_at(self, position: ReadPosition) -> None:
        """Have `chunks` begin at a position."""
        self._start = position

    def position(self, read: int, cursor: int) -> ReadPosition:
        """Return the position after a record."""
        part = next((part for part in reversed(self._parts) if part.read < read), None)
        if part is None:
            return ReadPosition(cursor)
        lines = part.skipped + read - part.read
        if lines < part.lines:
            return ReadPosition(part.begin, part.end, lines, cursor, part.as_of_ms)
        return ReadPosition(max(part.end, cursor) if lines > part.lines else part.end)

    def chunks(self) -> Iterator[list[Line]]:
        """Yield the lines, and an empty chunk after each step of checking and sorting.

        Raises
        ------
        InputError
            If the file can't be read, or is not sorted as it was when the position was saved.
        """
        self._parts = []
        start = self._start
        if start is None:
            yield from self._read_part(None, 0, self._now_ms)
        elif start.sorted_end:
            read = yield from self._go_on(start)
            yield from self._read_part(start.sorted_end, read, self._now_ms)
        else:
            yield from self._read_part(start.cursor, 0, self._now_ms)

    def _go_on(self, start: ReadPosition) -> Generator[list[Line], None, int]:
        """Yield what an earlier run has not read of a sorted part, and return the number of lines."""
        skip = start.sorted_lines
        reading = self._read_part(start.cursor, 0, start.as_of_ms, start)
        for chunk in reading:
            passed, left = chunk[:skip], chunk[skip:]
            skip -= len(passed)
            if (chunk and not self._parts) or (passed and not skip and passed[-1].cursor != start.sorted_last):
                raise self._changed()
            yield left
        if skip:
            raise self._changed()
        return self._parts[0].lines - start.sorted_lines

    def _read_part(
        self, begin: int | None, read: int, as_of_ms: int, start: ReadPosition | None = None
    ) -> Iterator[list[Line]]:
        """Yield the lines from the beginning or after a cursor, up to the end of the part if one was saved."""
        if begin not in self._ordered:
            self._ordered[begin] = OrderedPosts(
                self._file, self._settings, as_of_ms, redate=self._redate, end=start.sorted_end if start else None
            )
        ordered = self._ordered[begin]
        if begin is not None:
            self._file.resume(begin)
        begun = False
        for chunk in ordered.chunks():
            self.consumed_bytes, self.activity = ordered.consumed_bytes, ordered.activity
            if chunk and not begun and ordered.sorted_part:
                lines, end = ordered.sorted_part
                self._parts.append(
                    _SortedPart(read, start.sorted_lines if start else 0, begin or 0, end, lines, as_of_ms)
                )
            begun = begun or bool(chunk)
            yield chunk
        self.remarks = list(dict.fromkeys([*self.remarks, *ordered.remarks]))

    def _changed(self) -> InputError:
        return InputError(
            f"{self.name}: its posts are not sorted as they were when the cursor was saved, because the file or the "
            "section ingest of the config has changed: restore them, or delete the cursor to start from the beginning"
        )

    def close(self) -> None:
        """Remove temporary files, and close the file."""
        for ordered in self._ordered.values():
            ordered.close()
        self._file.close()


def to_ingest(
    source: Source, settings: IngestSettings, now_ms: int, *, keep_order: bool = False, redate: bool = False
) -> Source:
    """Return a source of the same posts in order of time if it has an end; standard input comes as it is.

    Parameters
    ----------
    source
        The source, which is closed with the one that is returned.
    settings, now_ms, redate
        As for `OrderedFile`.
    keep_order
        Whether the posts are a recording in order of arrival, such as of a live stream.
    """
    if isinstance(source, Seekable) and not keep_order:
        return OrderedFile(source, settings, now_ms, redate=redate)
    endless = source.total_bytes is None
    return in_order_of_time(source, settings, now_ms, keep_order=keep_order or endless, redate=redate)
