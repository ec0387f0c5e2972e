"""Posts from standard input: one JSON object a line."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Final

from streams.errors import InputError
from streams.sources.base import Source
from streams.sources.line_splitter import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.sources.base import Line

_BLOCK_BYTES: Final = 262_144
_POLL_SECONDS: Final = 0.2


class StdinSource(Source):
    """Lines of standard input, or of another descriptor; it can't go back to a cursor.

    Parameters
    ----------
    max_record_bytes
        Of a longer line only the beginning is read (`LineSplitter`).
    descriptor
        File descriptor to read from; closing it is up to the caller.
    """

    name = "standard input"

    def __init__(self, max_record_bytes: int, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._max_record_bytes = max_record_bytes

    def chunks(self) -> Iterator[list[Line]]:
        """Yield lines as they come in, and an empty chunk after 0.2 seconds without any."""
        splitter = LineSplitter(self._max_record_bytes)
        try:
            while True:
                # Only what is there is read: nothing could stop a thread that hangs in a read.
                if not select.select([self._descriptor], [], [], _POLL_SECONDS)[0]:
                    yield []
                    continue
                block = os.read(self._descriptor, _BLOCK_BYTES)
                self.consumed_bytes += len(block)
                if not block:
                    break
                yield splitter.feed(block)
        except OSError as error:
            raise InputError(f"{self.name}: can't be read ({error.strerror})") from error
        yield splitter.rest()


def open_source(_location: str, max_record_bytes: int) -> StdinSource:
    """Open the standard input of this process."""
    return StdinSource(max_record_bytes)
