"""The position up to which a source has been ingested, kept across restarts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson

from streams.errors import InputError
from streams.sources.base import ReadPosition, Seekable

if TYPE_CHECKING:
    from pathlib import Path

    from streams.sources.base import Source


class CursorFile:
    """A small JSON file, replaced atomically.

    Parameters
    ----------
    path
        Path of the file; its folder must exist.
    source
        Source that the cursor is a position of.

    Raises
    ------
    InputError
        If the source can't be resumed.
    """

    def __init__(self, path: Path, source: Source) -> None:
        if not isinstance(source, Seekable):
            raise InputError(f"{source.name} can't be resumed, so a cursor file is of no use: name a file of posts")
        self._path = path
        self._source = source

    def resume(self) -> ReadPosition:
        """Set the source to the saved position and return it; the beginning if there is none.

        Raises
        ------
        InputError
            If the file is damaged, or belongs to other posts.
        """
        try:
            saved = orjson.loads(self._path.read_bytes())
            position = ReadPosition(saved["cursor"], **saved.get("sorted", {}))
            fingerprint = saved["fingerprint"]
        except FileNotFoundError:
            self._source.resume(0)
            return ReadPosition(0)
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{self._path}: is not a cursor file; delete it to start from the beginning") from error
        numbers = all(type(value) is int and value >= 0 for value in position)
        if not numbers or fingerprint != self._fingerprint(position):
            raise InputError(
                f"{self._path}: belongs to other posts than {self._source.name}, which was replaced or is read in "
                "another encoding; delete it to start from the beginning"
            )
        try:
            self._source.resume_at(position)
        except InputError as error:
            raise InputError(f"{self._path}: {error}") from error
        return position

    def save(self, read: int, cursor: int) -> None:
        """Write the position after a record.

        Parameters
        ----------
        read
            Number of records that the source has yielded up to this one.
        cursor
            Its cursor.

        Raises
        ------
        InputError
            If the file can't be written.
        """
        position = self._source.position(read, cursor)
        fields: dict[str, object] = {"cursor": position.cursor, "fingerprint": self._fingerprint(position)}
        if position.sorted_end:
            fields["sorted"] = {name: value for name, value in position._asdict().items() if name != "cursor"}
        content = orjson.dumps(fields)
        new = self._path.with_name(self._path.name + ".new")
        try:
            with new.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise InputError(f"{self._path}: the cursor can't be saved ({error.strerror})") from error

    def _fingerprint(self, position: ReadPosition) -> str:
        return self._source.fingerprint(max(position.cursor, position.sorted_end))
