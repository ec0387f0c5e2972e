"""Posts from files: one JSON object a line, plain or compressed by gzip."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.errors import InputError
from streams.sources.base import Seekable
from streams.sources.line_splitter import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

    from streams.sources.base import Line

_BLOCK_BYTES: Final = 262_144
_HEAD_BYTES: Final = 4_096
_GZIP_MAGIC: Final = b"\x1f\x8b"


class FileSource(Seekable):
    """Lines of a file on disk; the cursor is an offset in the (uncompressed) file.

    Parameters
    ----------
    path
        Path of the file; one that ends in ``.gz`` is decompressed.
    max_record_bytes
        Of a longer line only the beginning is read (`LineSplitter`).

    Raises
    ------
    InputError
        If the file is missing, a directory, unreadable, empty, or not what its name says.
    """

    def __init__(self, path: Path, max_record_bytes: int) -> None:
        self.name = str(path)
        self._max_record_bytes = max_record_bytes
        self._start = 0
        try:
            self._file = path.open("rb")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file") from None
        except IsADirectoryError:
            raise InputError(f"{path}: is a directory; name a file of posts, or - for standard input") from None
        except OSError as error:
            raise InputError(f"{path}: can't be read ({error.strerror})") from error
        self.total_bytes = os.fstat(self._file.fileno()).st_size
        compressed = path.suffix == ".gz"
        self._lines: BufferedReader | gzip.GzipFile = gzip.GzipFile(fileobj=self._file) if compressed else self._file
        try:
            self._head = self._first_bytes(compressed)
        except InputError:
            self.close()
            raise

    def _first_bytes(self, compressed: bool) -> bytes:
        head = self._read(_HEAD_BYTES)
        if not head:
            raise InputError(f"{self.name}: the file is empty")
        if not compressed and head.startswith(_GZIP_MAGIC):
            raise InputError(f"{self.name}: is compressed by gzip: give it a name that ends in .gz")
        return head

    def fingerprint(self, cursor: int) -> str:
        """Return a hash of the beginning of the file, up to `cursor`."""
        return hashlib.blake2b(self._head[:cursor], digest_size=16).hexdigest()

    def resume(self, cursor: int) -> None:
        """Have `chunks` begin after `cursor`."""
        self._start = cursor

    def chunks(self) -> Iterator[list[Line]]:
        """Yield lines in chunks of about 256 KiB, from the beginning or the cursor, each time it is called."""
        splitter = LineSplitter(self._max_record_bytes, self._start, self._skip_to(self._start))
        while block := self._read(_BLOCK_BYTES):
            yield splitter.feed(block)
        yield splitter.rest()

    def _skip_to(self, position: int) -> int:
        """Read up to `position` from the beginning, and return the number of lines before it."""
        with self._readable():
            self._lines.seek(0)
        number = 0
        while position > 0 and (block := self._read(min(position, _BLOCK_BYTES))):
            position -= len(block)
            number += block.count(b"\n")
        return number

    def _read(self, size: int) -> bytes:
        with self._readable():
            block = self._lines.read1(size)
            self.consumed_bytes = self._file.tell()  # of the file on disk, compressed or not
            return block

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except EOFError as error:
            raise InputError(
                f"{self.name}: the gzip stream is cut short, its rest is missing: copy the file again"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"{self.name}: can't be decompressed ({error})") from error
        except OSError as error:
            raise InputError(f"{self.name}: can't be read ({error.strerror or error})") from error

    def close(self) -> None:
        """Close the file."""
        self._lines.close()
        self._file.close()


def open_source(location: str, max_record_bytes: int) -> FileSource:
    """Open the file at a path.

    Raises
    ------
    InputError
        As `FileSource`.
    """
    return FileSource(Path(location), max_record_bytes)
