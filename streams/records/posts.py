"""Records of `social.posts`: posts, deletions of posts and of authors, and gaps; and their partitions."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import orjson

from streams.errors import RecordError
from streams.records.gaps import Gap, gap_of
from streams.records.wire import load

POST_VERSION: Final = 1
DELETION_VERSION: Final = 1

MAX_ENGAGEMENT: Final = 10**11
"""Largest engagement of one post; larger values are defects, and sums stay far below 2**63."""

MAX_ID_CHARS: Final = 256
"""Longest id of a post, and name of an author or source."""


def unambiguous_key(source: str, name: str) -> str:
    """Return the key of something that a source names, such as a post or an author.

    Two keys are equal only if both source and name are. A key begins with a colon, the length of the source and another
    colon if the source has a colon in it, and with the source otherwise.

    >>> unambiguous_key("forum", "daily:15"), unambiguous_key("forum:daily", "15")
    ('forum:daily:15', ':11:forum:daily:15')
    """
    return f":{len(source)}:{source}:{name}" if ":" in source else f"{source}:{name}"


class Post(NamedTuple):
    """One normalised post.

    Parameters
    ----------
    id
        Id of the post within its source.
    source
        Source of the post: ``microblog``, ``forum``, the name of a file source, ...
    ts_ms
        When the post was written (event time).
    text
        Plain text, NFC, of limited length.
    author
        Identity of the author in the source, or null.
    lang
        ISO 639-1 code of the language if the source knows it, else null.
    url
        Address of the post, or null.
    tag
        Brand that the post is about according to the source (the thread or query it was collected by), or null.
    repost_of, reply_to
        Id of the post that this one reposts or answers, or null.
    engagement
        Likes, reposts and replies at collection time, summed.
    delayed
        Whether its platform received it when it was written, and only its way here took long, as when a source catches
        up. Such a post is no import, however old it is.
    """

    id: str
    source: str
    ts_ms: int
    text: str
    author: str | None = None
    lang: str | None = None
    url: str | None = None
    tag: str | None = None
    repost_of: str | None = None
    reply_to: str | None = None
    engagement: int = 0
    delayed: bool = False

    @property
    def key(self) -> bytes:
        """Record key (`unambiguous_key`), by which repetitions of a post are in the same partition."""
        return unambiguous_key(self.source, self.id).encode()

    def to_bytes(self) -> bytes:
        """Encode; fields without a value are omitted.

        >>> Post(id="1", source="forum", ts_ms=1700000000000, text="hallo").to_bytes()
        b'{"v":1,"id":"1","source":"forum","ts_ms":1700000000000,"text":"hallo"}'
        """
        fields: dict[str, Any] = {"v": POST_VERSION}
        fields.update(
            (name, value) for name, value in zip(self._fields, self, strict=True) if value is not None and value != 0
        )
        fields.setdefault("ts_ms", self.ts_ms)
        return orjson.dumps(fields)


class Deletion(NamedTuple):
    """A request to delete a post; the record of `social.posts` has the key of the post, so it is read after the post.

    Parameters
    ----------
    id, source
        Identity of the post.
    """

    id: str
    source: str

    @property
    def key(self) -> bytes:
        """Record key: the key of the post."""
        return unambiguous_key(self.source, self.id).encode()

    def to_bytes(self) -> bytes:
        """Encode.

        >>> Deletion("1", "forum").to_bytes()
        b'{"v":1,"delete":true,"id":"1","source":"forum"}'
        """
        return orjson.dumps({"v": DELETION_VERSION, "delete": True, "id": self.id, "source": self.source})


class AuthorDeletion(NamedTuple):
    """A request to delete all posts that an author has published so far.

    Every partition of `social.posts` gets the record, so that it is read after each of these posts (`destinations`).

    Parameters
    ----------
    author, source
        Identity of the author, as in the author's posts.
    """

    author: str
    source: str

    @property
    def key(self) -> bytes:
        """Record key; the record is in every partition, not in that of its key."""
        return f"author:{unambiguous_key(self.source, self.author)}".encode()

    def to_bytes(self) -> bytes:
        """Encode.

        >>> AuthorDeletion("anna", "forum").to_bytes()
        b'{"v":1,"delete_author":true,"author":"anna","source":"forum"}'
        """
        return orjson.dumps(
            {"v": DELETION_VERSION, "delete_author": True, "author": self.author, "source": self.source}
        )


PostsRecord = Post | Deletion | AuthorDeletion | Gap
"""A record of `social.posts`."""


def destinations(record: PostsRecord, partitions: int) -> list[int | None]:
    """Return the partitions of `social.posts` to which a record is written, one copy each; None for that of its key.

    The copies of the deletion of an author are sent after all posts that precede it, by the same producer.

    Parameters
    ----------
    record
        The record.
    partitions
        Number of partitions of the topic.

    Examples
    --------
    >>> destinations(Deletion("1", "forum"), 3), destinations(AuthorDeletion("anna", "forum"), 3)
    ([None], [0, 1, 2])
    """
    return [*range(partitions)] if isinstance(record, AuthorDeletion) else [None]


_OPTIONAL_TEXT: Final = ("author", "lang", "url", "tag", "repost_of", "reply_to")


def posts_record_from_bytes(value: bytes | None) -> PostsRecord:
    """Decode a record of `social.posts`, written by anyone; errors are those of `post_from_bytes`."""
    fields = load(value, "post", POST_VERSION)
    if "id" not in fields:
        if fields.get("gap") is True:
            return gap_of(fields)
        if fields.get("delete_author") is True:
            return AuthorDeletion(*_identity(fields, "author", "an author's deletion"))
    return Deletion(*_identity(fields, "id", "a deletion")) if is_deletion(fields) else _post(fields)


def post_from_bytes(value: bytes | None) -> Post:
    """Decode a record of `social.posts` that is a post.

    Raises
    ------
    RecordError
        With a reason of ``empty``, ``broken_json``, ``wrong_type``, ``missing_field`` or ``unknown_version``.
    """
    return _post(load(value, "post", POST_VERSION))


def is_deletion(fields: dict[str, Any]) -> bool:
    """Return whether a record of `social.posts`, or a line of a source, deletes a post.

    Raises
    ------
    RecordError
        With a reason of ``wrong_type``, if the field `delete` is neither true nor false.
    """
    delete = fields.get("delete")
    if delete is None or delete is False:
        return False
    if delete is not True:
        raise RecordError("wrong_type", f"'delete' must be true or false, got {type(delete).__name__}", field="delete")
    return True


def _post(fields: dict[str, Any]) -> Post:
    for name in ("id", "source", "text"):
        if name not in fields:
            raise RecordError("missing_field", f"a post needs {name!r}")
        if not isinstance(fields[name], str):
            raise RecordError("wrong_type", f"{name!r} must be a string, got {type(fields[name]).__name__}")
    ts_ms = fields.get("ts_ms")
    if ts_ms is None:
        raise RecordError("missing_field", "a post needs 'ts_ms'")
    if type(ts_ms) is not int:
        raise RecordError("wrong_type", f"'ts_ms' must be an integer, got {type(ts_ms).__name__}")
    optional = {name: fields[name] for name in _OPTIONAL_TEXT if fields.get(name) is not None}
    for name, text in optional.items():
        if not isinstance(text, str):
            raise RecordError("wrong_type", f"{name!r} must be a string, got {type(text).__name__}")
    engagement = fields.get("engagement", 0)
    if type(engagement) is not int or not 0 <= engagement <= MAX_ENGAGEMENT:
        raise RecordError("wrong_type", f"'engagement' must be an integer from 0 to {MAX_ENGAGEMENT}")
    delayed = fields.get("delayed", False)
    if type(delayed) is not bool:
        raise RecordError("wrong_type", f"'delayed' must be true or false, got {type(delayed).__name__}")
    return Post(
        fields["id"], fields["source"], ts_ms, fields["text"], engagement=engagement, delayed=delayed, **optional
    )


def _identity(fields: dict[str, Any], name: str, what: str) -> tuple[str, str]:
    """Return the field `name` and the source of a request to delete something."""
    for each in (name, "source"):
        if each not in fields:
            raise RecordError("missing_field", f"{what} needs {each!r}")
        if not isinstance(fields[each], str):
            raise RecordError("wrong_type", f"{each!r} must be a string, got {type(fields[each]).__name__}")
    return fields[name], fields["source"]
