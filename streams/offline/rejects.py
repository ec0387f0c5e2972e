"""Write rejected records to a file: where they are, why they are rejected, and the records themselves."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from streams.errors import RecordError
    from streams.sources.base import Line


class RejectsFile:
    """A writer of rejected records as JSON lines: ``file``, ``line``, ``item``, ``reason``, ``detail`` and ``record``.

    Parameters
    ----------
    file
        File to write to, opened by `open_output`: records may hold personal data.
    source
        Name of the source of the records.
    """

    def __init__(self, file: IO[bytes], source: str) -> None:
        self._file = file
        self._source = source

    def write(self, line: Line, error: RecordError) -> None:
        """Write one record; bytes of it that are not UTF-8 become U+FFFD."""
        fields = {
            "file": self._source,
            "line": line.number or None,
            "item": line.item or None,
            "reason": error.reason,
            "detail": error.detail,
            "record": (line.original or line.data).decode(errors="replace"),
        }
        self._file.write(orjson.dumps({name: value for name, value in fields.items() if value is not None}) + b"\n")
