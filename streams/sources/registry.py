"""The kinds of sources, and the registry that finds one by its kind.

A source is where `ingest` and `replay` read posts from. To add a kind, write one module in this package with a subclass
of `streams.sources.base.Source` and a function that opens one, and add one line to `KINDS`. Commands and workers ask
this registry, so nothing else names a kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.errors import InputError
from streams.sources import files, stdin
from streams.sources.reader import AS_RECOGNISED, Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.sources.base import Source

KINDS: Final[dict[str, Callable[[str, int, Reading], Source]]] = {
    "files": files.open_source,
    "stdin": stdin.open_source,
}
"""How to open a source of each kind: from its location, the most bytes of a record that are read, and the reading."""

STDIN: Final = "-"
"""The argument POSTS of a command that stands for standard input; any other is the path of a file."""


def open_source(kind: str, location: str, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> Source:
    """Open a source.

    Parameters
    ----------
    kind
        One of `KINDS`.
    location
        Where the posts are; what it means depends on the kind.
    max_record_bytes
        Of a longer record only the beginning is read.
    reading
        How records are read.

    Raises
    ------
    InputError
        If there is no such kind, or the source can't be opened.
    """
    if kind not in KINDS:
        raise InputError(f"unknown kind of source {kind!r}; known kinds are {', '.join(sorted(KINDS))}")
    return KINDS[kind](location, max_record_bytes, reading)


def open_posts(posts: str, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> Source:
    """Open the source that the argument POSTS of a command stands for; otherwise as `open_source`.

    Raises
    ------
    InputError
        If the source can't be opened.
    """
    return open_source("stdin" if posts == STDIN else "files", posts, max_record_bytes, reading)
