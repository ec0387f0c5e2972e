"""Splits blocks of bytes into lines."""

from __future__ import annotations

from streams.sources.base import Line


class LineSplitter:
    """Splits blocks of bytes into lines in bounded memory; blank lines are left out.

    Parameters
    ----------
    max_bytes
        Of a longer line the first ``max_bytes + 1`` bytes are kept and the rest is skipped.

    Examples
    --------
    >>> splitter = LineSplitter(max_bytes=5)
    >>> splitter.feed(b'{"a"'), splitter.feed(b"}\\n\\n1234567"), splitter.feed(b"89\\n{}")  # doctest: +ELLIPSIS
    ([], [Line(data=b'{"a"}', cursor=6, ...)], [Line(data=b'123456', cursor=17, ...)])
    >>> splitter.rest()
    [Line(data=b'{}', cursor=19, number=4, item=0, original=b'', outlier='')]
    """

    def __init__(self, max_bytes: int) -> None:
        self._keep = max_bytes + 1
        self._position = 0
        self._number = 0
        self._begun = b""

    def feed(self, block: bytes) -> list[Line]:
        """Return the lines that end in `block`."""
        *ended, begun = block.split(b"\n")
        lines = []
        position, number = self._position, self._number
        for data in ended:
            position += len(data) + 1
            number += 1
            line = (self._begun + data)[: self._keep] if self._begun else data[: self._keep]
            self._begun = b""
            if line and not line.isspace():
                lines.append(Line(line, position, number))
        self._position, self._number = position + len(begun), number
        if len(self._begun) < self._keep:
            self._begun = (self._begun + begun)[: self._keep]
        return lines

    def skip(self, data: bytes) -> None:
        """Pass over whole lines."""
        self._position += len(data)
        self._number += data.count(b"\n")

    def rest(self) -> list[Line]:
        """Return the last line if it has no line end."""
        last = self._begun
        return [Line(last, self._position, self._number + 1)] if last and not last.isspace() else []
