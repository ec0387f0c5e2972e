"""Records of `social.mentions` that a scorer passes on to every brand: deletions of posts and of authors, and gaps of
sources."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import orjson

from streams.records.gaps import GAP_VERSION
from streams.records.posts import DELETION_VERSION
from streams.records.wire import MAX_CHARS, MAX_NUMBER

MAX_DELETIONS: Final = 250
"""Deletions or gaps in one record at most; at 4 KiB each it stays below Kafka's default of 1 MiB."""


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deletions in one batch of one partition of `social.posts`; the record goes to every partition.

    Parameters
    ----------
    partition
        Partition of `social.posts`.
    posts
        ``[arrival_ms, source, id]`` of each deleted post in order, at most 250; arrival_ms is the newest event time of
        the partition at that point.
    """

    partition: int
    posts: list[tuple[int, str, str]]

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``."""
        return orjson.dumps(
            {"v": DELETION_VERSION, "deletions": True, "partition": self.partition, "posts": self.posts}
        )


@dataclass(frozen=True, slots=True)
class AuthorDeletions:
    """Deletions of authors in one batch of one partition of `social.posts`; the record goes to every partition.

    Parameters
    ----------
    partition
        Partition of `social.posts`.
    incarnation
        Topic ID of `social.posts`, to which the offsets belong.
    authors
        ``[offset, arrival_ms, author]`` of each deletion, ascending by offset, at most 250; author is the keyed hash
        that the author's mentions have, arrival_ms as in a record of deletions.
    """

    partition: int
    incarnation: str
    authors: list[tuple[int, int, int]]

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return orjson.dumps({"v": DELETION_VERSION, "author_deletions": True, **fields})


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps of sources in one batch of one partition of `social.posts`; the record goes to every partition.

    Parameters
    ----------
    partition
        Partition of `social.posts`.
    incarnation
        Topic ID of `social.posts`, to which the offsets belong.
    spans
        ``[offset, arrival_ms, source, from_ms, to_ms]`` of each gap, ascending by offset, at most 250; arrival_ms as in
        a record of deletions, the others as in a gap of social.posts.
    """

    partition: int
    incarnation: str
    spans: list[tuple[int, int, str, int, int]]

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return orjson.dumps({"v": GAP_VERSION, "gaps": True, **fields})


Notice = Deletions | AuthorDeletions | Gaps
"""A record that a scorer passes on to every partition, after the envelopes of its batch."""


def notice_of(fields: dict[str, Any]) -> Notice | None:
    """Return the notice of the decoded fields of a record of `social.mentions`; None if it is another record.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a field is missing or not as a scorer writes it.
    """
    if fields.get("deletions"):
        return _deletions(fields)
    if fields.get("author_deletions"):
        return _author_deletions(fields)
    if fields.get("gaps"):
        return _gaps(fields)
    return None


def _deletions(fields: dict[str, Any]) -> Deletions:
    if type(fields["partition"]) is not int:
        raise TypeError("'partition' must be int")
    if not 1 <= len(fields["posts"]) <= MAX_DELETIONS:
        raise ValueError(f"'posts' must be 1 to {MAX_DELETIONS}")
    posts = [(arrival_ms, source, id) for arrival_ms, source, id in fields["posts"]]
    if any((type(at), type(source), type(id)) != (int, str, str) for at, source, id in posts):
        raise TypeError("'posts' must hold a time, a source and an id each")
    return Deletions(fields["partition"], posts)


def _author_deletions(fields: dict[str, Any]) -> AuthorDeletions:
    authors = [(offset, arrival_ms, author) for offset, arrival_ms, author in fields["authors"]]
    _check_notices(fields, authors, (int, int, int))
    return AuthorDeletions(fields["partition"], fields["incarnation"], authors)


def _gaps(fields: dict[str, Any]) -> Gaps:
    spans = [(offset, at_ms, source, from_ms, to_ms) for offset, at_ms, source, from_ms, to_ms in fields["spans"]]
    _check_notices(fields, spans, (int, int, str, int, int))
    if any(from_ms > to_ms for _, _, _, from_ms, to_ms in spans):
        raise ValueError("a gap must not end before it begins")
    return Gaps(fields["partition"], fields["incarnation"], spans)


def _check_notices(fields: dict[str, Any], notices: list[Any], types: tuple[type, ...]) -> None:
    """Check what a scorer passes on to every brand: the list, and the partition it is from."""
    if type(fields["partition"]) is not int or type(fields["incarnation"]) is not str:
        raise TypeError("'partition' must be int, and 'incarnation' str")
    if not 1 <= len(notices) <= MAX_DELETIONS:
        raise ValueError(f"there must be 1 to {MAX_DELETIONS}")
    if any(tuple(map(type, notice)) != types for notice in notices):
        raise TypeError(f"each must hold {', '.join(each.__name__ for each in types)}")
    names = [fields["incarnation"], *(name for notice in notices for name in notice if type(name) is str)]
    if max(map(len, names)) > MAX_CHARS:
        raise ValueError("a name is too long")
    numbers = [number for notice in notices for number in notice if type(number) is int]
    if min(numbers) < -1 or max(numbers) > MAX_NUMBER:
        raise ValueError("a number is out of range")
    if any(later[0] <= earlier[0] for earlier, later in pairwise(notices)):
        raise ValueError("they must ascend by offset")
