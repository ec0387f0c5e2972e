"""Posts from standard input or a pipe, whatever their compression, encoding and format."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING, Final

from streams.errors import InputError
from streams.sources.base import Source
from streams.sources.reader import AS_RECOGNISED, Reading, RecordReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.sources.base import Line

_BLOCK_BYTES: Final = 262_144
_POLL_SECONDS: Final = 0.2


class StdinSource(Source):
    """Records of standard input, or of another descriptor; it can't go back to a cursor.

    Parameters
    ----------
    max_record_bytes
        Of a longer record only the beginning is read.
    descriptor
        File descriptor to read from; closing it is up to the caller.
    reading
        How records are read.
    """

    name = "standard input"

    def __init__(self, max_record_bytes: int, descriptor: int = 0, reading: Reading = AS_RECOGNISED) -> None:
        self._descriptor = descriptor
        self._reader = RecordReader(self.name, max_record_bytes, reading)
        self.remarks = self._reader.remarks

    def chunks(self) -> Iterator[list[Line]]:
        """Yield records as they come in, and an empty chunk after 0.2 seconds without any."""
        yield from self._reader.lines(self._blocks())

    def _blocks(self) -> Iterator[bytes]:
        try:
            while True:
                # Only what is there is read: nothing could stop a thread that hangs in a read.
                if not select.select([self._descriptor], [], [], _POLL_SECONDS)[0]:
                    yield b""
                    continue
                block = os.read(self._descriptor, _BLOCK_BYTES)
                if not block:
                    return
                self.consumed_bytes += len(block)
                yield block
        except OSError as error:
            raise InputError(f"{self.name}: can't be read ({error.strerror})") from error


class PipeSource(StdinSource):
    """Records of a pipe or a device that has a path.

    Parameters
    ----------
    path
        Its path, such as ``/dev/stdin`` or that of a process substitution of a shell.
    max_record_bytes, reading
        As for `StdinSource`.

    Raises
    ------
    InputError
        If it can't be opened.
    """

    def __init__(self, path: str, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise InputError(f"{path}: can't be read ({error.strerror})") from error
        self.name = path
        super().__init__(max_record_bytes, descriptor, reading)

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def open_source(_location: str, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> StdinSource:
    """Open the standard input of this process."""
    return StdinSource(max_record_bytes, reading=reading)
