"""Posts from files: one JSON object a line, plain or compressed by gzip, or from standard input."""

from __future__ import annotations

import gzip
import hashlib
import os
import select
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streams.errors import InputError
from streams.sources.base import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

STDIN: Final = "-"

_BLOCK_BYTES: Final = 262_144
_HEAD_BYTES: Final = 4_096
_POLL_SECONDS: Final = 0.2
_GZIP_MAGIC: Final = b"\x1f\x8b"


class LineSplitter:
    """Cuts blocks of bytes into lines in bounded memory; blank lines are left out.

    Parameters
    ----------
    max_bytes
        Of a longer line the first ``max_bytes + 1`` bytes are kept and the rest is skipped.
    position
        Offset of the first block.

    Examples
    --------
    >>> splitter = LineSplitter(max_bytes=5)
    >>> splitter.feed(b'{"a"'), splitter.feed(b"}\\n\\n1234567"), splitter.feed(b"89\\n{}")
    ([], [Line(data=b'{"a"}', cursor=6)], [Line(data=b'123456', cursor=17)])
    >>> splitter.rest()
    [Line(data=b'{}', cursor=19)]
    """

    def __init__(self, max_bytes: int, position: int = 0) -> None:
        self._keep = max_bytes + 1
        self._position = position
        self._begun = b""

    def feed(self, block: bytes) -> list[Line]:
        """Lines that end in `block`."""
        *ended, begun = block.split(b"\n")
        lines = []
        for data in ended:
            self._position += len(data) + 1
            line = (self._begun + data)[: self._keep] if self._begun else data[: self._keep]
            self._begun = b""
            if line and not line.isspace():
                lines.append(Line(line, self._position))
        self._position += len(begun)
        if len(self._begun) < self._keep:
            self._begun = (self._begun + begun)[: self._keep]
        return lines

    def rest(self) -> list[Line]:
        """The last line, where it has no line end."""
        return [Line(self._begun, self._position)] if self._begun and not self._begun.isspace() else []


class FileSource:
    """Lines of a file on disk; the cursor is an offset in the (uncompressed) file.

    Parameters
    ----------
    path
        A name that ends in ``.gz`` is decompressed.
    max_record_bytes
        As in `LineSplitter`.

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

    @property
    def consumed_bytes(self) -> int:
        """Bytes of the file on disk that have been read."""
        return 0 if self._file.closed else self._file.tell()

    def fingerprint(self, cursor: int) -> str:
        """Hash of the file's beginning before `cursor`, so that a cursor is not used on another file."""
        return hashlib.blake2b(self._head[:cursor], digest_size=16).hexdigest()

    def resume(self, cursor: int) -> None:
        """Go on after `cursor`."""
        self._start = cursor

    def chunks(self) -> Iterator[list[Line]]:
        """Lines in chunks of about 256 KiB, from the beginning or the cursor, each time it is called."""
        splitter = LineSplitter(self._max_record_bytes, self._start)
        self._seek(self._start)
        while block := self._read(_BLOCK_BYTES):
            yield splitter.feed(block)
        yield splitter.rest()

    def _seek(self, position: int) -> None:
        with self._readable():
            self._lines.seek(position)

    def _read(self, size: int) -> bytes:
        with self._readable():
            return self._lines.read1(size)

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


class StdinSource:
    """Lines of standard input, or of another descriptor; it can't go back to a cursor."""

    name = "standard input"
    total_bytes = None

    def __init__(self, max_record_bytes: int, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._max_record_bytes = max_record_bytes
        self.consumed_bytes = 0

    def chunks(self) -> Iterator[list[Line]]:
        """Lines as they come in; an empty chunk after 0.2 seconds without any."""
        splitter = LineSplitter(self._max_record_bytes)
        try:
            while True:
                # Reading only what is there: a thread that hangs in a read could not be stopped by anything.
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


@contextmanager
def open_posts(name: str, max_record_bytes: int) -> Iterator[FileSource | StdinSource]:
    """The source that `name` stands for: a path, or ``-`` for standard input.

    Raises
    ------
    InputError
        As `FileSource`.
    """
    if name == STDIN:
        yield StdinSource(max_record_bytes)
        return
    source = FileSource(Path(name), max_record_bytes)
    try:
        yield source
    finally:
        source.close()
