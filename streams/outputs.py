"""Files that people asked for: what the disk refuses is said with the file's name, whenever it comes out."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from streams.errors import OutputError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def open_output(path: Path) -> io.BufferedRandom:
    """Open a file to write, and to read again.

    Raises
    ------
    OutputError
        If it can't be written; also from `write`, `flush` and `close`.
    """
    try:
        return io.BufferedRandom(_Output(path, "w+"))
    except OSError as error:
        raise OutputError(path, error) from error


class _Output(io.FileIO):
    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise OutputError(Path(str(self.name)), error) from error
