"""Posts that their authors or sources took back: as `social.posts` carries it, and as it goes on to the brands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from streams.errors import RecordError

DELETION_VERSION: Final = 1

MAX_DELETIONS: Final = 250
"""In one record of `social.mentions`; at 4 KiB each at most it stays below Kafka's default of 1 MiB."""


class Deletion(NamedTuple):
    """A post is to be forgotten; the record of `social.posts` has the key of the post, so it comes behind it.

    Parameters
    ----------
    id, source
        Of the post.
    """

    id: str
    source: str

    @property
    def key(self) -> bytes:
        """Record key, that of the post."""
        return f"{self.source}:{self.id}".encode()

    def to_bytes(self) -> bytes:
        """Encode.

        >>> Deletion("1", "forum").to_bytes()
        b'{"v":1,"delete":true,"id":"1","source":"forum"}'
        """
        return orjson.dumps({"v": DELETION_VERSION, "delete": True, "id": self.id, "source": self.source})


def is_deletion(fields: dict[str, Any]) -> bool:
    """Whether a record of `social.posts`, or a line of a source, deletes.

    Raises
    ------
    RecordError
        With a reason of ``wrong_type``, if it is not clear.
    """
    delete = fields.get("delete")
    if delete is None or delete is False:
        return False
    if delete is not True:
        raise RecordError("wrong_type", f"'delete' must be true or false, got {type(delete).__name__}")
    return True


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deletions of one batch of one partition of `social.posts`; goes to every partition of `social.mentions`.

    Parameters
    ----------
    partition
        Of `social.posts`.
    posts
        ``(arrival_ms, source, id)``, in order; the first is the newest event time of the partition at that point. At
        most `MAX_DELETIONS`.
    """

    partition: int
    posts: list[tuple[int, str, str]]

    def to_bytes(self) -> bytes:
        """Encode all fields by name, with ``v``."""
        return orjson.dumps(
            {"v": DELETION_VERSION, "deletions": True, "partition": self.partition, "posts": self.posts}
        )


def deletions_from_fields(fields: dict[str, Any]) -> Deletions:
    """Inverse of `Deletions.to_bytes`, after JSON.

    Raises
    ------
    KeyError, TypeError, ValueError
        If a field is missing or of the wrong type.
    """
    if type(fields["partition"]) is not int:
        raise TypeError("'partition' must be int")
    if not 1 <= len(fields["posts"]) <= MAX_DELETIONS:
        raise ValueError(f"'posts' must be 1 to {MAX_DELETIONS}")
    posts = [(arrival_ms, source, id) for arrival_ms, source, id in fields["posts"]]
    if any((type(at), type(source), type(id)) != (int, str, str) for at, source, id in posts):
        raise TypeError("'posts' must hold a time, a source and an id each")
    return Deletions(fields["partition"], posts)


def deletion_from_fields(fields: dict[str, Any]) -> Deletion:
    """The deletion that a record of `social.posts` is.

    Raises
    ------
    RecordError
        With a reason of ``missing_field`` or ``wrong_type``.
    """
    for name in ("id", "source"):
        if name not in fields:
            raise RecordError("missing_field", f"a deletion needs {name!r}")
        if not isinstance(fields[name], str):
            raise RecordError("wrong_type", f"{name!r} must be a string, got {type(fields[name]).__name__}")
    return Deletion(fields["id"], fields["source"])
