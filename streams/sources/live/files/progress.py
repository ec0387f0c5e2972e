"""How far each file has been read, and which of the known files a file is, whatever it is called now."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.sources.live.base import MAX_POSITION_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.sources.live.base import Position
    from streams.sources.live.files.scan import FoundFile

HEAD_BYTES: Final = 4_096
"""Beginning of a file by which it is recognised."""

_CERTAIN_BYTES: Final = 64
"""A beginning that is shorter, such as the names of the columns of a table, belongs to a file of the same number."""

FORGET_MS: Final = 86_400_000
"""A file that has been gone for so long is forgotten; a network folder that is away for a while is not."""

_MISSED_MS: Final = 5_000
"""Time for which a file has to be gone to be lost: one that is renamed may be missed by one look at its folder."""

_AROUND: Final = 20
"""Bytes of JSON around the entries of all files."""

MAX_GONE: Final = 8_000
"""Files that are gone and remembered at most."""


@dataclass(slots=True)
class FileProgress:
    """How far a file has been read; the fields are those of its saved form, in their order.

    Attributes
    ----------
    head, head_bytes
        Hash of its beginning, and how long that is.
    inode
        Its number in the file system, 0 if that is not known any more.
    size
        Its size in bytes when it was last looked at.
    cursor
        How far its records have been read; five numbers (`ReadPosition`) where they are read in order of time.
    read_size
        Its size when it had been read to its end, -1 if it has not.
    last_ms
        Event time of the last post that was read, or the time when the file was found, milliseconds since the epoch.
    gone_ms
        Since when it has been gone, 0 if it is there.
    is_reported
        Whether a gap has been reported for what was not read of it.
    path
        Its path while it is not read to its end.
    """

    head: str
    head_bytes: int
    inode: int
    size: int
    cursor: int | list[int] = 0
    read_size: int = -1
    last_ms: int = 0
    gone_ms: int = 0
    is_reported: bool = False
    path: str = ""

    @property
    def is_read(self) -> bool:
        """Return whether all that it holds has been read."""
        return self.read_size == self.size

    @property
    def is_begun(self) -> bool:
        """Return whether any of it has been read."""
        return bool(self.cursor) or self.is_read

    def entry(self) -> list[Any]:
        """Return the saved form."""
        path = "" if self.is_read else self.path.encode(errors="replace").decode()  # names need not be text
        return [
            self.head, self.head_bytes, self.inode, self.size, self.cursor, self.read_size, self.last_ms, self.gone_ms,
            self.is_reported, path,
        ]  # fmt: skip


class Files:
    """All files that are known.

    Parameters
    ----------
    position
        A saved position.

    Attributes
    ----------
    all
        The progress of each file.
    left_out
        Files that are there and of which something was read, for which the saved position had no room.
    """

    def __init__(self, position: Position | None = None) -> None:
        self.all: list[FileProgress] = _restored(position)
        self._by_number: dict[tuple[int, int], FileProgress] = {}
        self._seen: dict[int, tuple[int, int]] = {}
        self.left_out = 0

    def saved(self) -> Position:
        """Return the position as values of JSON.

        If all files have no room in it, those are left out first that nobody misses: files of which nothing was read,
        then those that are gone, then those that were read to their end, the ones found first before the others.
        """
        position = {"files": [each.entry() for each in self.all]}
        self.left_out = 0
        if len(orjson.dumps(position)) <= MAX_POSITION_BYTES:
            return position
        kept: set[int] = set()
        room = MAX_POSITION_BYTES - _AROUND
        for number in sorted(range(len(self.all)), key=lambda each: (_need(self.all[each]), each), reverse=True):
            room -= len(orjson.dumps(position["files"][number])) + 1
            if room < 0:
                break
            kept.add(number)
        self.left_out = sum(
            each.is_begun and not each.gone_ms for number, each in enumerate(self.all) if number not in kept
        )
        return {"files": [entry for number, entry in enumerate(position["files"]) if number in kept]}

    @property
    def begun(self) -> bool:
        """Return whether any record has been read."""
        return any(each.is_begun for each in self.all)

    def match(self, file: FoundFile, others: Iterable[FoundFile], now_ms: int) -> FileProgress | None:
        """Return the progress of a file; a file that is not known gets one, None if it is empty or can't be read.

        Parameters
        ----------
        file
            The file.
        others
            All files that were found.
        now_ms
            The present, milliseconds since the epoch.
        """
        number = file.device, file.inode
        known = self._by_number.get(number)
        if known is not None and self._seen.get(id(known)) == (file.size, file.changed_ns):
            return known
        head = _head(file.path, number)
        if not head:
            return None
        if known is None or not _begins(known, head) or file.size < known.size:
            known = self._recognised(file, head, others)
        if known is None:
            known = FileProgress(_hash(head), len(head), file.inode, file.size, last_ms=now_ms)
            self.all.append(known)
        elif known.head_bytes < min(len(head), HEAD_BYTES):
            known.head, known.head_bytes = _hash(head), len(head)  # it has grown, so more of it can be compared
        known.inode, known.size, known.path = file.inode, file.size, file.path
        known.gone_ms, known.is_reported = 0, False
        for other in [each for each, progress in self._by_number.items() if progress is known]:
            del self._by_number[other]
        self._by_number[number] = known
        self._seen[id(known)] = file.size, file.changed_ns
        return known

    def _recognised(self, file: FoundFile, head: bytes, others: Iterable[FoundFile]) -> FileProgress | None:
        """Return the progress of a file that was renamed, copied before it was emptied, or known before a restart.

        Parameters
        ----------
        file, head
            The file, and its beginning.
        others
            All files that were found.
        """
        possible = [each for each in self.all if each.head_bytes <= len(head) and each.size <= file.size]
        same = next((each for each in possible if each.inode == file.inode and _begins(each, head)), None)
        if same is not None:
            return same
        lengths = {each.head_bytes for each in possible if each.head_bytes >= _CERTAIN_BYTES}
        hashes = {length: _hash(head[:length]) for length in lengths}  # of thousands of files most have one length
        certain = [each for each in possible if hashes.get(each.head_bytes) == each.head]
        if not certain:
            return None
        paths = {each.inode: each.path for each in others}
        gone = next((each for each in certain if each.inode not in paths), None)
        return gone or next((each for each in certain if not _begins(each, _head(paths[each.inode]))), None)

    def mark_gone(self, found: Iterable[FileProgress], now_ms: int) -> list[FileProgress]:
        """Note which files are gone, forget those that have been for long, and return the ones that were not read.

        Parameters
        ----------
        found
            Files that are there.
        now_ms
            The present, milliseconds since the epoch.
        """
        present = {id(each) for each in found}
        lost: list[FileProgress] = []
        for each in self.all:
            if id(each) in present:
                continue
            each.gone_ms = each.gone_ms or now_ms
            if not each.is_read and not each.is_reported and now_ms - each.gone_ms >= _MISSED_MS:
                each.is_reported = True
                lost.append(each)
        gone = sorted((each for each in self.all if each.gone_ms), key=lambda each: each.gone_ms)
        forgotten = {id(each) for each in gone[: max(0, len(gone) - MAX_GONE)]}
        forgotten |= {id(each) for each in gone if now_ms - each.gone_ms >= FORGET_MS}
        if forgotten:
            kept = [each for each in self.all if id(each) not in forgotten]
            remaining = {id(each) for each in kept}
            self._by_number = {number: each for number, each in self._by_number.items() if id(each) in remaining}
            self._seen = {key: value for key, value in self._seen.items() if key in remaining}
            self.all = kept
        return lost


def _need(progress: FileProgress) -> int:
    """Return how much is lost if a file is forgotten: it would be read again, from its beginning."""
    if not progress.is_begun:
        return 0
    if progress.gone_ms:
        return 1
    return 2 if progress.is_read else 3


def _restored(position: Position | None) -> list[FileProgress]:
    try:
        entries: list[list[Any]] = (position or {}).get("files", [])
        count = len(fields(FileProgress))
        return [FileProgress(*each) for each in entries if len(each) == count]
    except (TypeError, AttributeError):
        return []


def _head(path: str, number: tuple[int, int] | None = None) -> bytes:
    """Return the beginning of a file; nothing if it can't be read, or its name has passed to another meanwhile."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  the fastest way, for many files
            status = os.fstat(file.fileno())
            if number is not None and (status.st_dev, status.st_ino) != number:
                return b""
            head: bytes = file.read(HEAD_BYTES)
            return head
    except OSError:
        return b""


def _hash(head: bytes) -> str:
    return hashlib.blake2b(head, digest_size=8).hexdigest()


def _begins(progress: FileProgress, head: bytes) -> bool:
    """Return whether a file begins as a known one did."""
    return len(head) >= progress.head_bytes and _hash(head[: progress.head_bytes]) == progress.head
