"""Posts from files, whatever their compression, encoding and format."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.errors import InputError
from streams.sources.base import Seekable
from streams.sources.parquet import MAGIC, ParquetSource
from streams.sources.reader import AS_RECOGNISED, Reading, RecordReader
from streams.sources.stdin import PipeSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.sources.base import Line, Source

_BLOCK_BYTES: Final = 262_144
_HEAD_BYTES: Final = 4_096


class FileSource(Seekable):
    """Records of a regular file; the cursor is an offset in its text, that is after decompression and decoding.

    Parameters
    ----------
    path
        Path of the file.
    max_record_bytes
        Of a longer record only the beginning is read.
    reading
        How records are read.

    Raises
    ------
    InputError
        If the file is missing, a directory, unreadable, empty, or of a kind that is not read.
    """

    def __init__(self, path: Path, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> None:
        self.name = str(path)
        self._start = 0
        self._grows = False
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except IsADirectoryError:
            raise InputError(f"{path}: is a directory; name a file of posts, or - for standard input") from None
        except OSError as error:
            raise InputError(f"{path}: can't be read ({error.strerror})") from error
        self.total_bytes = os.fstat(self._file.fileno()).st_size
        self._reader = RecordReader(self.name, max_record_bytes, reading)
        self.remarks = self._reader.remarks
        try:
            self._head = self._first_bytes()
            self._refuse_empty()
        except InputError:
            self.close()
            raise

    def _refuse_empty(self) -> None:
        if not self._head:
            raise InputError(f"{self.name}: the file is empty")

    def _first_bytes(self) -> bytes:
        head = b""
        for block in self._reader.text(self._blocks(), grows=True):
            head += block[:_HEAD_BYTES]
            if len(head) >= _HEAD_BYTES:
                break
        return head[:_HEAD_BYTES]

    def fingerprint(self, cursor: int) -> str:
        """Return a hash of the beginning of the text, up to `cursor`."""
        if len(self._head) < min(cursor, _HEAD_BYTES):
            self._head = self._first_bytes()  # the file has grown
        key = self._reader.text_id.encode()
        return hashlib.blake2b(self._head[:cursor], digest_size=16, key=key).hexdigest()

    def resume(self, cursor: int) -> None:
        """Have `chunks` begin after `cursor`, and leave out a last record that is not complete."""
        self._start = cursor
        self._grows = True

    def chunks(self) -> Iterator[list[Line]]:
        """Yield records in chunks of about 256 KiB, from the beginning or the cursor, each time it is called."""
        yield from self._reader.lines(self._blocks(), start=self._start, grows=self._grows)

    def _blocks(self) -> Iterator[bytes]:
        position = 0
        while True:
            try:
                block = os.pread(self._file.fileno(), _BLOCK_BYTES, position)
            except OSError as error:
                raise InputError(f"{self.name}: can't be read ({error.strerror or error})") from error
            if not block:
                return
            position += len(block)
            self.consumed_bytes = position
            yield block

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def open_source(location: str, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> Source:
    """Open what has a path: a file, or a pipe or device, which is read once from its beginning to its end.

    Raises
    ------
    InputError
        As `FileSource`, `PipeSource` and `ParquetSource`.
    """
    path = Path(location)
    if path.exists() and not path.is_file() and not path.is_dir():
        return PipeSource(location, max_record_bytes, reading)
    if _is_parquet(path):
        return ParquetSource(path, max_record_bytes, reading)
    return FileSource(path, max_record_bytes, reading)


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False  # `FileSource` says why
