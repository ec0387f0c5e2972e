"""One file that is read while it may still be written, up to its end and on as it grows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import orjson

from streams.errors import InputError
from streams.sources.parquet import MAGIC, ParquetSource
from streams.sources.reader import RecordReader
from streams.sources.recognition import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.sources.base import Line
    from streams.sources.reader import Reading

_BLOCK_BYTES: Final = 262_144


class FileTail:
    """Reads the records of a file; only what is complete, until `finish` says that nothing more is awaited.

    Parameters
    ----------
    path
        Path of the file.
    max_record_bytes, reading
        As of `FileSource`.
    start
        Cursor after which to begin.

    Attributes
    ----------
    consumed_bytes
        How much of the file has been read.
    ended
        Whether all has been read, and nothing more is awaited.

    Raises
    ------
    FileNotFoundError
        If it is gone.
    InputError
        If it can't be opened.
    """

    def __init__(self, path: Path, max_record_bytes: int, reading: Reading, start: int) -> None:
        self.consumed_bytes = 0
        self.ended = False
        self._finishing = False
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise InputError(f"{path}: can't be read ({error.strerror or error})") from error
        self._path = path
        self._parquet: ParquetSource | None = None
        if os.pread(self._descriptor, len(MAGIC), 0) == MAGIC:
            try:
                self._parquet = ParquetSource(path, max_record_bytes, reading)
            except Exception:
                os.close(self._descriptor)
                raise
            self._parquet.resume(start)
            self._chunks = self._parquet.chunks()
        else:
            reader = RecordReader(str(path), max_record_bytes, reading)
            self._chunks = reader.lines(self._blocks(), start=start)

    def is_of(self, device: int, inode: int) -> bool:
        """Return whether the file that was opened has a number, and its name has not passed to another meanwhile."""
        status = os.fstat(self._descriptor)
        return (status.st_dev, status.st_ino) == (device, inode)

    def finish(self) -> None:
        """Take the end of the file, as it is now or becomes until it is read, for the end of its records."""
        self._finishing = True

    def next_chunk(self) -> list[Line]:
        """Return the next records; none at the present end of the file.

        Raises
        ------
        InputError
            If it can't be read any further.
        """
        while True:
            before = self.consumed_bytes
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
                if self._parquet is not None:
                    self.consumed_bytes = self._parquet.total_bytes or 0
                return []
            is_at_end = self.consumed_bytes == before and self._parquet is None and not self._finishing
            if chunk or is_at_end:
                return chunk

    def _blocks(self) -> Iterator[bytes]:
        while True:
            try:
                block = os.pread(self._descriptor, _BLOCK_BYTES, self.consumed_bytes)
            except OSError as error:
                raise InputError(f"{self._path}: can't be read ({error.strerror or error})") from error
            if block:
                self.consumed_bytes += len(block)
                yield block
            elif self._finishing:
                return
            else:
                yield b""

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
        if self._parquet is not None:
            self._parquet.close()


def can_begin(path: str) -> bool:
    """Return whether the format of a file that is still written can be recognised already.

    It can if its first line is a whole object of JSON, or if it has as much as recognition looks at and is no Parquet,
    whose description stands at its end.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  the fastest way, for many files
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    if head.startswith(MAGIC):
        return False
    if len(head) >= HEAD_BYTES:
        return True
    line, newline, _ = head.partition(b"\n")
    try:
        return bool(newline) and isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False
