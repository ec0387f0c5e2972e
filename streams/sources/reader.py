"""From blocks of bytes to lines with a post each: decompression, encoding, separation and conversion of records."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Self

from streams.core.ingest.parsing import parse
from streams.errors import InputError, RecordError, TruncatedInput
from streams.sources.compression import compression_of, decompressed, first_bytes
from streams.sources.conversion import Conversion
from streams.sources.encoding import (
    SNIFFED_BYTES,
    WINDOWS_1252,
    as_utf8,
    narrow_encoding,
    utf8_of,
    wide_encoding,
)
from streams.sources.json_splitter import JsonSplitter
from streams.sources.line_splitter import LineSplitter
from streams.sources.recognition import HEAD_BYTES, is_enough, recognise, refuse_foreign
from streams.sources.table_splitter import TableSplitter

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from streams.config import FieldMapping, IngestSettings
    from streams.sources.base import Line
    from streams.sources.recognition import Format, Splitter


@dataclass(frozen=True, slots=True)
class Reading:
    """How the records of a source are read.

    Parameters
    ----------
    mapping
        Where the fields of posts are in its records; None to recognise it.
    encoding
        Encoding of its text; None to recognise it.
    """

    mapping: FieldMapping | None = None
    encoding: str | None = None

    @classmethod
    def of(cls, settings: IngestSettings) -> Self:
        """Return what the section `ingest` of a config sets."""
        return cls(settings.map, settings.encoding)


AS_RECOGNISED = Reading()


class RecordReader:
    """A reader of the records in one input, which may be read more than once.

    Parameters
    ----------
    name
        Name of the source, for messages.
    max_record_bytes
        Of a longer record only the beginning is read.
    reading
        How records are read.

    Attributes
    ----------
    remarks
        How the input was read if it is not JSON lines in UTF-8, and what became of parts of it, for people.
    """

    def __init__(self, name: str, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> None:
        self._name = name
        self._max_record_bytes = max_record_bytes
        self._mapping = reading.mapping
        self._encoding = reading.encoding
        self._is_latin = False
        self._is_ascii = True  # so far
        self._kinds: list[str] = []
        self.remarks: list[str] = []

    @property
    def text_id(self) -> str:
        """Return the encoding of the text, if it was given: offsets in the text depend on it."""
        return self._encoding or ""

    def text(self, blocks: Iterator[bytes], *, grows: bool) -> Iterator[bytes]:
        """Yield blocks of text: decompressed, and in UTF-8 or another encoding that is ASCII where JSON is.

        Parameters
        ----------
        blocks
            Blocks of the input; empty ones, which mean that nothing came for a while, are passed on.
        grows
            Whether the input may go on where it ends, so that half a character there is left out and the missing end
            of a compressed stream is no error.

        Raises
        ------
        InputError
            If it can't be decompressed, or is of another kind of file.
        """
        head = yield from first_bytes(blocks, SNIFFED_BYTES, _has_line)
        refuse_foreign(head, self._name)
        compression = compression_of(head)
        self._kinds = [compression.name] if compression else []
        on_end = self._remark if grows else self._refuse_cut
        text = decompressed(chain([head], blocks), self._name, on_end)
        head = yield from first_bytes(text, SNIFFED_BYTES, _has_line)
        encoding = self._encoding or wide_encoding(head)
        if encoding:
            self._kinds.append(encoding.upper())
            yield from as_utf8(chain([head], text), encoding, is_final=not grows)
        else:
            yield head
            yield from text

    def _remark(self, message: str) -> None:
        self.remarks.append(message)

    def _refuse_cut(self, message: str) -> None:
        raise TruncatedInput(f"{self._name}: {message}; all before it has been read. Copy the file again")

    def lines(self, blocks: Iterator[bytes], *, start: int = 0, grows: bool = False) -> Iterator[list[Line]]:
        """Yield the records in chunks, after those that end at or before `start`.

        Parameters
        ----------
        blocks, grows
            As for `text`. The last record of an input that grows is left out if it is not complete.
        start
            Offset in the text.

        Raises
        ------
        InputError
            As `text`, and if the text ends before `start`.
        """
        self.remarks.clear()
        self._is_latin, self._is_ascii = False, True
        text = self.text(blocks, grows=grows)
        beginning = _Result(first_bytes(text, HEAD_BYTES, is_enough))
        for _ in beginning:
            yield []
        head = beginning.value
        found = recognise(head, self._name, None if self._mapping is None else Conversion.of(self._mapping))
        self._remark_kinds(found)
        splitter = found.splitter(self._max_record_bytes)
        position = 0
        for block in chain([head], text):
            before = b""
            if position < start and isinstance(splitter, LineSplitter):
                before = block[: start - position]
                splitter.skip(before)
            position += len(block)
            if self._is_ascii and not block.isascii():
                self._recognise_narrow(block)
            yield self._converted(splitter.feed(block[len(before) :]), found.conversion, start)
        if position < start:
            raise InputError(
                f"{self._name}: ends before the position up to which it was read: it was truncated or replaced. Delete "
                "the cursor file to read it from the beginning"
            )
        rest = self._converted(splitter.rest(), found.conversion, start)
        if grows and rest and not self._is_complete(rest[-1], splitter):
            self._remark(f"{rest[-1].place} is not complete yet: the next run begins with it")
            rest = []
        yield rest
        self._remark_end(splitter, found.conversion)

    def _remark_kinds(self, found: Format) -> None:
        kinds = [*self._kinds, *found.names]
        if kinds not in ([], ["gzip"]):
            self._remark(f"read as {', '.join(kinds)}")
        if found.hint:
            self._remark(found.hint)

    def _recognise_narrow(self, block: bytes) -> None:
        self._is_ascii = False
        self._is_latin = narrow_encoding(block, self._name) == WINDOWS_1252
        if self._is_latin:
            self._remark("its text is not UTF-8 and was read as Windows-1252; name another encoding by --encoding")

    def _converted(self, lines: list[Line], conversion: Conversion | None, start: int) -> list[Line]:
        if lines and lines[0].cursor <= start:
            lines = [line for line in lines if line.cursor > start]
        if self._is_latin:
            lines = [line._replace(data=utf8_of(line.data)) for line in lines]
        if conversion is None:
            return lines
        return [line for each in lines if (line := conversion.line(each)) is not None]

    @staticmethod
    def _is_complete(line: Line, splitter: Splitter) -> bool:
        """Return whether the last line of a text can be used although nothing ends it."""
        if not isinstance(splitter, LineSplitter):
            return False
        try:
            parse(line.data)
        except RecordError:
            return False
        return True

    def _remark_end(self, splitter: Splitter, conversion: Conversion | None) -> None:
        if isinstance(splitter, JsonSplitter) and splitter.is_open:
            self._remark("ends inside of a JSON value, so its end is missing")
        if isinstance(splitter, JsonSplitter) and splitter.empty_pages:
            self._remark(f"{splitter.empty_pages:,} of {splitter.pages:,} pages hold no posts")
        if isinstance(splitter, TableSplitter) and splitter.uneven:
            self._remark(f"{splitter.uneven:,} rows have more fields than there are columns: is a delimiter unquoted?")
        if conversion and conversion.skipped:
            self._remark(f"{conversion.skipped:,} records hold no post and were skipped")


class _Result:
    """A generator that can be iterated over, and the value that it returns at its end."""

    def __init__(self, generator: Generator[bytes, None, bytes]) -> None:
        self._generator = generator
        self.value = b""

    def __iter__(self) -> Iterator[bytes]:
        self.value = yield from self._generator


def _has_line(head: bytes, _pauses: bool) -> bool:
    return b"\n" in head
