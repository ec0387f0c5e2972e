"""The position up to which a source has been ingested, kept across restarts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson

from streams.errors import InputError
from streams.sources.base import Seekable

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

    def resume(self) -> int:
        """Set the source to the saved cursor and return it, 0 if there is none.

        Raises
        ------
        InputError
            If the file is damaged, or belongs to other posts.
        """
        try:
            saved = orjson.loads(self._path.read_bytes())
            cursor, fingerprint = saved["cursor"], saved["fingerprint"]
        except FileNotFoundError:
            self._source.resume(0)
            return 0
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError(f"{self._path}: is not a cursor file; delete it to start from the beginning") from error
        if type(cursor) is not int or cursor < 0 or fingerprint != self._source.fingerprint(cursor):
            raise InputError(
                f"{self._path}: belongs to other posts than {self._source.name}, which was replaced or is read in "
                "another encoding; delete it to start from the beginning"
            )
        self._source.resume(cursor)
        return cursor

    def save(self, cursor: int) -> None:
        """Write the cursor.

        Raises
        ------
        InputError
            If the file can't be written.
        """
        content = orjson.dumps({"cursor": cursor, "fingerprint": self._source.fingerprint(cursor)})
        new = self._path.with_name(self._path.name + ".new")
        try:
            with new.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            raise InputError(f"{self._path}: the cursor can't be saved ({error.strerror})") from error
