"""Files that people asked for: what the disk refuses is said with the file's name, whenever it comes out."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from streams.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import ReadableBuffer


def keep_apart(read: Iterable[Path | None], written: Iterable[Path | None]) -> None:
    """Let nothing be written over what is read, and no two outputs into one file.

    Parameters
    ----------
    read, written
        Files that a command was given, None for one that it was not. Devices and pipes are in nobody's way.

    Raises
    ------
    InputError
        Naming the file, before anything is written.
    """
    inputs = {_identity(path) for path in read if path}
    outputs = set()
    for path in written:
        this = _identity(path) if path else None
        if this is None:
            continue
        if this in inputs:
            raise InputError(f"{path}: is read, so nothing can be written there; name another file")
        if this in outputs:
            raise InputError(f"{path}: is named for two outputs; name another file for one of them")
        outputs.add(this)


def _identity(path: Path) -> tuple[int, int] | Path | None:
    try:
        found = path.stat()
    except OSError:
        return path.resolve()
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


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
