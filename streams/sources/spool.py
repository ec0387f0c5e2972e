"""A source that can be read twice although the one behind it can be read only once."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from streams.sources.base import Source
from streams.sources.line_file import LineFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.sources.base import Line

MAX_BYTES: Final = 1_000_000_000
"""Largest input that is kept: temporary folders are often in memory."""

_CHUNK_LINES: Final = 1_000


class Spool(Source):
    """Keeps the lines of a source in a temporary file.

    The first reading ends at the end of the source, or when `max_bytes` have been kept. Later ones yield what was kept
    and then, once, the rest of the source.

    Parameters
    ----------
    source
        The other source; closing it is up to the caller.
    max_bytes
        Size of the temporary file at which keeping stops.

    Attributes
    ----------
    complete
        Whether the whole source has been kept.
    """

    def __init__(self, source: Source, max_bytes: int = MAX_BYTES) -> None:
        self.name = source.name
        self.source_name = source.source_name
        self.total_bytes = source.total_bytes
        self.complete = False
        self._source = source
        self._max_bytes = max_bytes
        self._chunks = source.chunks()
        self._kept: LineFile | None = None

    def chunks(self) -> Iterator[list[Line]]:
        """Yield the lines; the first time while they are kept."""
        if self._kept is None:
            self._kept = LineFile()
            yield from self._keep(self._kept)
            return
        kept = (line for _, line in self._kept.read(0, self._kept.size))
        while chunk := list(islice(kept, _CHUNK_LINES)):
            yield chunk
        if not self.complete:
            yield from self._read()

    def close(self) -> None:
        """Remove the temporary file."""
        if self._kept:
            self._kept.close()

    def _keep(self, file: LineFile) -> Iterator[list[Line]]:
        for chunk in self._read():
            file.write((0, line) for line in chunk)
            yield chunk
            if file.size >= self._max_bytes:
                return
        self.complete = True

    def _read(self) -> Iterator[list[Line]]:
        for chunk in self._chunks:
            self.consumed_bytes = self._source.consumed_bytes
            yield chunk
