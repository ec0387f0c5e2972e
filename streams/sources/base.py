"""The interface of a source of posts: all that `ingest` and `replay` know of it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple, Self

from streams.errors import InputError, RecordError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from types import TracebackType


class Line(NamedTuple):
    """One record of a source.

    Parameters
    ----------
    data
        A post or a deletion as JSON (`streams.core.ingest.parsing`), without the line end. Of a record that is longer
        than allowed only the beginning, one byte more than is allowed.
    cursor
        Position of the source after this record; all records before have been yielded.
    number
        Number of the line on which the record begins, from 1; 0 in a source without lines.
    item
        Position of the record in its array, from 1; 0 if it is in none.
    original
        The record as the source has it, cut like `data`, if `data` was converted from it; otherwise empty.
    outlier
        Why the date of the record stands apart from all others (`streams.sources.ordered`); empty if it does not.

    Examples
    --------
    >>> Line(b"{}", 3, number=1).place, Line(b"{}", 90, number=2, item=7).place
    ('line 1', 'line 2, item 7')
    """

    data: bytes
    cursor: int
    number: int = 0
    item: int = 0
    original: bytes = b""
    outlier: str = ""

    @property
    def place(self) -> str:
        """Return where the record is in its source, for messages."""
        line, item = f"line {self.number:,}" if self.number else "", f"item {self.item:,}" if self.item else ""
        return ", ".join(part for part in (line, item) if part) or f"record before {self.cursor:,}"

    def check_date(self) -> None:
        """Refuse a record whose date stands apart.

        Raises
        ------
        RecordError
            With the reason ``outlier_date``.
        """
        if self.outlier:
            raise RecordError("outlier_date", self.outlier)


class ReadPosition(NamedTuple):
    """How far a source has been read, so that it can be read further.

    Parameters
    ----------
    cursor
        Cursor of a record; all records up to it have been read.
    sorted_end
        Cursor of the last record of a part that follows and is read in order of time; 0 if there is none.
    sorted_lines
        Number of records of that part that have been read.
    sorted_last
        Cursor of the last one of them.
    as_of_ms
        Time at which the part was first sorted, milliseconds since the epoch. It decides which dates lie ahead, so the
        part is sorted alike.
    """

    cursor: int
    sorted_end: int = 0
    sorted_lines: int = 0
    sorted_last: int = 0
    as_of_ms: int = 0

    @property
    def begun(self) -> bool:
        """Return whether anything has been read."""
        return self.cursor > 0 or self.sorted_lines > 0


class Source(ABC):
    """Yields posts and deletions as lines of JSON, in order; a context manager that closes it.

    A source reads and nothing else: it neither parses nor filters, knows no brands and no Kafka. Records that are not
    usable posts are yielded like all others, so that they are counted and sent to the dead-letter topic.

    Attributes
    ----------
    name
        Name in messages, such as the path of the file or ``standard input``.
    source_name
        `Post.source` of posts that do not state theirs. Source and ID together identify a post, so a source that is
        read under another name delivers all its posts again.
    consumed_bytes
        How much of the input has been read.
    total_bytes
        Size of the whole input, None if it has no end or no known one.
    activity
        What is done with the input now, such as ``sorting``; empty while it is read.
    remarks
        Sentences on the input for the person who reads it, complete when it has been read.
    """

    name: str
    source_name: str = "file"
    consumed_bytes: int = 0
    total_bytes: int | None = None
    activity: str = ""
    remarks: Sequence[str] = ()

    @abstractmethod
    def chunks(self) -> Iterator[list[Line]]:
        """Yield the lines in chunks of bounded size; blocks until there is one.

        An empty chunk means that no line came for a fraction of a second, so that the caller can finish what it has.

        Raises
        ------
        InputError
            If the source can't be read.
        """

    async def incoming(self) -> AsyncGenerator[list[Line], None]:
        """Yield the same chunks without blocking the event loop.

        Unless a source overrides it, `chunks` is read in a thread. A live source whose client is asynchronous awaits
        its lines here, and yields an empty chunk when none came for a fraction of a second.

        Raises
        ------
        InputError
            If the source can't be read.
        """
        chunks = self.chunks()
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            yield chunk

    def close(self) -> None:  # noqa: B027  # most sources hold nothing
        """Release what the source holds; by default nothing."""

    def __enter__(self) -> Self:
        """Return the source itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the source."""
        self.close()


class Seekable(Source):
    """A source that can be read again, from the beginning or from a cursor."""

    @abstractmethod
    def fingerprint(self, cursor: int) -> str:
        """Return a string that identifies the input before `cursor`, so that a cursor is not used on other posts."""

    @abstractmethod
    def resume(self, cursor: int) -> None:
        """Have `chunks` begin after `cursor`, and end before a last record that is not complete.

        A file that another program writes may end in the middle of a record; the next run begins with it.
        """

    def resume_at(self, position: ReadPosition) -> None:
        """Have `chunks` begin at a position.

        Raises
        ------
        InputError
            If the source can't be read from there.
        """
        if position.sorted_end:
            raise InputError("it was saved while the posts were sorted: resume without --keep-order")
        self.resume(position.cursor)

    def position(self, read: int, cursor: int) -> ReadPosition:  # noqa: ARG002  a sorted source needs it
        """Return the position after a record.

        Parameters
        ----------
        read
            Number of records that `chunks` has yielded up to this one.
        cursor
            Its cursor.
        """
        return ReadPosition(cursor)
