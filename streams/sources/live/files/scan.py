"""Which files there are now, by looking again and again: that works on network file systems and in containers too."""

from __future__ import annotations

import os
from glob import has_magic, iglob
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TEMPORARY: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
"""Ends of names under which programs write files that they rename when they are complete."""


class FoundFile(NamedTuple):
    """A regular file at one moment.

    Parameters
    ----------
    path
        Its path, as the settings lead to it.
    device, inode
        Its number in the file system.
    size
        Its size in bytes.
    changed_ns
        When its content was last changed, nanoseconds since the epoch.
    """

    path: str
    device: int
    inode: int
    size: int
    changed_ns: int


class Scan(NamedTuple):
    """What a look at the paths has found.

    Parameters
    ----------
    files
        The files, those first that were changed first, each once.
    missing
        Paths without a pattern that lead to nothing.
    without_folder
        Those of them whose folder is missing too.
    failed
        Why folders and files could not be looked at.
    """

    files: list[FoundFile]
    missing: list[str]
    without_folder: list[str]
    failed: list[str]


def scan(paths: Sequence[str]) -> Scan:
    """Look at files, folders and patterns.

    Hidden files and those with names of incomplete files, such as ``x.tmp``, are left out of folders and patterns.
    """
    found: dict[tuple[int, int], FoundFile] = {}
    missing: list[str] = []
    failed: list[str] = []
    for given in paths:
        path = os.path.expanduser(given)  # noqa: PTH111  patterns are no paths
        if not has_magic(path) and not Path(path).exists():
            missing.append(given)
            continue
        for each in _matches(path, failed):
            try:
                status = os.stat(each)  # noqa: PTH116  the fastest way, for many files
            except OSError as error:
                if not isinstance(error, FileNotFoundError):  # deleted meanwhile
                    failed.append(f"{each}: {error.strerror or error}")
                continue
            if S_ISREG(status.st_mode):
                file = FoundFile(each, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
                found.setdefault((file.device, file.inode), file)
    in_order = sorted(found.values(), key=lambda file: (file.changed_ns, file.path))
    away = [given for given in missing if not Path(given).expanduser().parent.is_dir()]
    return Scan(in_order, missing, away, failed)


def _matches(path: str, failed: list[str]) -> Iterator[str]:
    if not has_magic(path):
        if not Path(path).is_dir():
            yield path
            return
        try:
            names = os.listdir(path)  # noqa: PTH208  names are compared before paths are made
        except OSError as error:
            failed.append(f"{path}: {error.strerror or error}")
            return
        yield from (os.path.join(path, name) for name in names if _is_complete(name))  # noqa: PTH118
        return
    matches = iglob(path, recursive=True)  # noqa: PTH207  its patterns may be absolute
    yield from (each for each in matches if _is_complete(os.path.basename(each)))  # noqa: PTH119


def _is_complete(name: str) -> bool:
    """Return whether a name is that of a file that is meant to be read.

    >>> [_is_complete(name) for name in ("posts.jsonl", ".posts.jsonl", "posts.jsonl.part")]
    [True, False, False]
    """
    return not name.startswith(".") and not name.lower().endswith(_TEMPORARY)
