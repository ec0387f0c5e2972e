"""Splits JSON into the records in it: items of arrays, items of pages, or values that follow one another.

A streaming parser of JSON would do, but none keeps what the rest of ingest needs: the bytes of each record as they are,
their place, and a bound on the memory that one record takes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from streams.sources.base import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

ITEMS: Final = "*"
"""The step of a path that stands for every item of an array."""

_ITEMS: Final = ITEMS.encode()
_MAX_KEY_BYTES: Final = 64
_QUOTE: Final = ord('"')
_BRACE: Final = ord("{")
_BRACKET: Final = ord("[")

_FAST_DEPTH: Final = 8
"""Nesting up to which a record that lies within a block is found by one match."""


def _nested(depth: int) -> bytes:
    """Return a pattern, without backtracking, of a value in brackets up to a depth."""
    inner = _nested(depth - 1) if depth > 1 else rb"(?!)"
    return rb'[{\[](?>[^{}\[\]"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"|' + inner + rb")*+[}\]]"


_WHOLE_VALUE: Final = re.compile(_nested(_FAST_DEPTH), re.DOTALL)
# A string, whose end may be missing, or a bracket.
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*("?)|[{}\[\]]', re.DOTALL)
_END_OF_STRING: Final = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BEGIN_OF_ITEM: Final = re.compile(rb"[^\s,]")
_END_OF_BARE: Final = re.compile(rb"[,\]}\n]")


class JsonSplitter:
    """Splits blocks of JSON into records in bounded memory.

    Parameters
    ----------
    max_bytes
        Of a longer record the first ``max_bytes + 1`` bytes are kept and the rest is skipped.
    path
        Steps from the outermost value to the records: names of members of objects, and `ITEMS`. An empty path stands
        for the outermost values themselves. All else is skipped.
    by_line
        Whether each line is a value of its own, so that a broken line does not affect the next.

    Attributes
    ----------
    pages, empty_pages
        Number of lines if each is a value of its own, and of those without a record.

    Examples
    --------
    >>> splitter = JsonSplitter(100, ("data", ITEMS))
    >>> lines = splitter.feed(b'{"data": [{"id": 1}, {"id"') + splitter.feed(b': 2}], "meta": {}}')
    >>> [(line.data, line.place) for line in lines]
    [(b'{"id": 1}', 'line 1, item 1'), (b'{"id": 2}', 'line 1, item 2')]
    """

    def __init__(self, max_bytes: int, path: Sequence[str], *, by_line: bool = False) -> None:
        self._keep = max_bytes + 1
        self._path = [step.encode() for step in path]
        self._by_line = by_line
        self._position = 0  # offset of the block in the input
        self._begin = 0  # of the record in the block
        self._counted = 0  # position in the block up to which newlines are counted
        self._newlines = 0  # up to there
        self._held = b""  # a backslash at the end of a block, whose character is in the next
        self.pages = 0
        self.empty_pages = 0
        self._begin_value()

    def _begin_value(self) -> None:
        self._depth = 0  # open brackets
        self._entered = 0  # those of them that are on the path
        self._key = b""  # the string before, if it is directly in the innermost bracket on the path
        self._in_string = False
        self._record: bytearray | None = None
        self._record_line = 0
        self._is_bare = False  # whether the record is a number or a word, or what should be one
        self._item = 0

    @property
    def is_open(self) -> bool:
        """Return whether the input so far ends inside of a value."""
        return self._depth > 0 or self._record is not None

    def feed(self, block: bytes) -> list[Line]:
        """Return the records that end in `block`."""
        block = self._held + block
        self._held = b""
        trailing = len(block) - len(block.rstrip(b"\\"))
        if trailing % 2:
            block, self._held = block[:-1], b"\\"
        lines: list[Line] = []
        if not self._by_line:
            self._scan(block, lines)
            return lines
        *ended, begun = block.split(b"\n")
        for line in ended:
            self._scan(line + b"\n", lines)
            lines += self.rest()
            self.pages += 1
            self.empty_pages += not self._item
            self._begin_value()
        self._scan(begun, lines)
        return lines

    def rest(self) -> list[Line]:
        """Return the record that is not complete at the end of the input."""
        if self._record is None:
            return []
        return [Line(bytes(self._record[: self._keep]), self._position, self._record_line, self._item)]

    def _scan(self, block: bytes, lines: list[Line]) -> None:
        self._begin = self._counted = at = 0
        while at < len(block):
            between = self._record is None and not self._in_string
            if between and self._depth == self._entered == len(self._path):
                at = self._begin_record(block, at, lines)
                continue
            behind = self._behind_token(block, at)
            if behind is None:
                break
            at = behind
            if self._record is not None and not self._in_string and self._depth == self._entered:
                self._end_record(block, at, lines)
        if self._record is not None and len(self._record) < self._keep:
            self._record += block[self._begin : self._begin + self._keep]
        self._newlines += block.count(b"\n", self._counted)
        self._position += len(block)

    def _begin_record(self, block: bytes, at: int, lines: list[Line]) -> int:
        """Begin the next record, or leave the innermost bracket on the path; return the position to continue at."""
        found = _BEGIN_OF_ITEM.search(block, at)
        if found is None:
            return len(block)
        begin = found.start()
        if block[begin] in b"]}":
            self._close()
            return begin + 1
        self._newlines += block.count(b"\n", self._counted, begin)
        self._begin = self._counted = begin
        self._record, self._record_line = bytearray(), self._newlines + 1
        self._item += bool(self._path)
        self._is_bare = block[begin] not in b'{["'
        whole = _WHOLE_VALUE.match(block, begin)
        if whole is None:
            return begin
        self._end_record(block, whole.end(), lines)
        return whole.end()

    def _behind_token(self, block: bytes, at: int) -> int | None:
        """Return the position behind the next string, bracket or bare word; None if it is not in the block."""
        if self._in_string:
            end = _END_OF_STRING.match(block, at)
            if self._depth == self._entered:
                self._key = (self._key + block[at : end.end() - 1 if end else None])[:_MAX_KEY_BYTES]
            self._in_string = end is None
            return end.end() if end else None
        if self._record is not None and self._is_bare:
            bare = _END_OF_BARE.search(block, at)
            return bare.start() if bare else None
        token = _TOKEN.search(block, at)
        if token is None:
            return None
        first = block[token.start()]
        if first == _QUOTE:
            self._in_string = not token[1]
            if self._depth == self._entered:
                self._key = token[0][1 : -1 if token[1] else None][:_MAX_KEY_BYTES]
        elif first in b"{[":
            self._open(first)
        else:
            self._close()
        return token.end()

    def _open(self, bracket: int) -> None:
        if self._record is None and self._depth == self._entered:
            step = self._path[self._entered]
            before = self._path[self._entered - 1] if self._entered else _ITEMS
            if bracket == (_BRACKET if step == _ITEMS else _BRACE) and before in (_ITEMS, self._key):
                self._entered += 1
                self._item = 0
        self._depth += 1

    def _close(self) -> None:
        if self._record is None and self._depth == self._entered:
            self._entered = max(0, self._entered - 1)
        self._depth = max(0, self._depth - 1)

    def _end_record(self, block: bytes, end: int, lines: list[Line]) -> None:
        record = self._record or bytearray()
        self._record = None
        if len(record) < self._keep:
            record += block[self._begin : end]
        lines.append(Line(bytes(record[: self._keep]), self._position + end, self._record_line, self._item))
