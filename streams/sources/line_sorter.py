"""Sorts more lines than fit into memory: an external merge sort with one temporary file."""

from __future__ import annotations

import heapq
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from streams.sources.line_file import LineFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.sources.base import Line
    from streams.sources.line_file import KeyedLine

MEMORY_BYTES: Final = 64_000_000
"""Lines that are held in memory, in bytes; fewer are sorted without a file."""

_OVERHEAD_BYTES: Final = 250
"""Memory that a line takes besides its data."""

_key = itemgetter(0)


class LineSorter:
    """Sorts lines by an integer; lines with equal ones keep their order.

    Lines beyond `memory_bytes` are written to a temporary file in sorted runs, which are merged when they are read:
    every run takes 64 KiB of memory then, so that 64 GB of lines take 64 MB.

    Parameters
    ----------
    memory_bytes
        Lines to hold in memory, in bytes.

    Examples
    --------
    >>> from streams.sources.base import Line
    >>> sorter = LineSorter()
    >>> for key, data in (2, b"two"), (1, b"one"), (2, b"also two"):
    ...     sorter.add(key, Line(data, cursor=0))
    >>> [line.data for line in sorter.lines()]
    [b'one', b'two', b'also two']
    """

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._held: list[KeyedLine] = []
        self._held_bytes = 0
        self._file: LineFile | None = None
        self._runs: list[tuple[int, int]] = []
        self.count = 0

    def add(self, key: int, line: Line) -> None:
        """Add a line.

        Raises
        ------
        OutputError
            If the temporary file can't be written.
        """
        self.count += 1
        self._held.append((key, line))
        self._held_bytes += len(line.data) + len(line.original) + _OVERHEAD_BYTES
        if self._held_bytes >= self._memory_bytes:
            self._spill()

    def lines(self) -> Iterator[Line]:
        """Yield all lines in order; may be called again.

        Raises
        ------
        OutputError
            If the temporary file can't be read.
        """
        self._held.sort(key=_key)
        runs = [self._file.read(begin, end) for begin, end in self._runs] if self._file else []
        for _, line in heapq.merge(*runs, self._held, key=_key) if runs else self._held:
            yield line

    def close(self) -> None:
        """Drop all lines."""
        self._held, self._runs = [], []
        if self._file:
            self._file.close()

    def _spill(self) -> None:
        self._file = self._file or LineFile()
        self._held.sort(key=_key)
        self._runs.append(self._file.write(self._held))
        self._held, self._held_bytes = [], 0
