"""Lines in a temporary file."""

from __future__ import annotations

import marshal
import os
from tempfile import TemporaryFile, gettempdir
from typing import TYPE_CHECKING, Final

from streams.errors import OutputError
from streams.sources.base import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KeyedLine = tuple[int, Line]
"""A line and what it is sorted by."""

_BATCH_BYTES: Final = 65_536
"""Size of the batches in which lines are written and read."""

_HEADER_BYTES: Final = 8


class LineFile:
    """A temporary file of lines with keys.

    The file has no name, so it vanishes with the process however that ends. Readers hold a batch of 64 KiB each.

    Raises
    ------
    OutputError
        If the file can't be made, written or read; also from `write` and `read`.
    """

    def __init__(self) -> None:
        try:
            self._file = TemporaryFile(prefix="firewatch-", buffering=0)  # noqa: SIM115  # closed by `close`
        except OSError as error:
            raise _unusable(error) from error
        self.size = 0

    def write(self, lines: Iterable[KeyedLine]) -> tuple[int, int]:
        """Append lines, and return the beginning and the end of their part of the file."""
        begin = self.size
        batch: list[tuple[int, tuple[object, ...]]] = []
        batch_bytes = 0
        for key, line in lines:
            batch.append((key, tuple(line)))
            batch_bytes += len(line.data) + len(line.original)
            if batch_bytes >= _BATCH_BYTES:
                self._append(batch)
                batch, batch_bytes = [], 0
        if batch:
            self._append(batch)
        return begin, self.size

    def read(self, begin: int, end: int) -> Iterator[KeyedLine]:
        """Yield the lines of a part of the file."""
        while begin < end:
            size = int.from_bytes(self._bytes(begin, _HEADER_BYTES))
            for key, fields in marshal.loads(self._bytes(begin + _HEADER_BYTES, size)):  # noqa: S302  # from `_append`
                yield key, Line(*fields)
            begin += _HEADER_BYTES + size

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def _append(self, batch: list[tuple[int, tuple[object, ...]]]) -> None:
        encoded = marshal.dumps(batch)
        left = memoryview(len(encoded).to_bytes(_HEADER_BYTES) + encoded)
        try:
            while left:
                written = os.pwrite(self._file.fileno(), left, self.size)
                self.size += written
                left = left[written:]
        except OSError as error:
            raise _unusable(error) from error

    def _bytes(self, begin: int, size: int) -> bytes:
        try:
            return os.pread(self._file.fileno(), size, begin)
        except OSError as error:
            raise _unusable(error) from error


def _unusable(error: OSError) -> OutputError:
    return OutputError(
        f"a temporary file for posts in {gettempdir()}, as large as they are (TMPDIR names another folder),",
        error,
    )
