"""Splits blocks of bytes into lines."""

from __future__ import annotations

from streams.sources.base import Line


class LineSplitter:
    """Splits blocks of bytes into lines in bounded memory; blank lines are left out.

    Parameters
    ----------
    max_bytes
        Of a longer line the first ``max_bytes + 1`` bytes are kept and the rest is skipped.
    position
        Offset of the first block in the input.

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
        """Return the lines that end in `block`."""
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
        """Return the last line if it has no line end."""
        return [Line(self._begun, self._position)] if self._begun and not self._begun.isspace() else []
