"""Dead letters: the headers of a record in a dead letter queue, how its value is cut, and the posts over quota."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from streams.records.wire import load

if TYPE_CHECKING:
    from streams.errors import RecordError

OVER_QUOTA_VERSION: Final = 1

LOST_TO_RETENTION: Final = "lost_to_retention"
"""Reason of a dead letter that stands for records which retention deleted before they were processed."""

MAX_OVER_QUOTA: Final = 250
"""Posts in one dead letter at most; at 4 KiB each it stays below Kafka's default of 1 MiB."""

MAX_VALUE_BYTES: Final = 900_000
"""Longer values are cut, so that the dead letter fits into a record together with its headers."""

HEADERS: Final = {
    "reason": "Short stable word, as in the metrics",
    "detail": "What was wrong, for a person; holds no text of a post",
    "topic": "Topic of the record, or the source it came from on its way into Kafka",
    "partition": "Partition of the record; absent if it came from a source",
    "offset": "Offset of the record, or the cursor in the source",
    "records": "Number of records that the dead letter stands for, if it does not hold one",
    "truncated_from": "Length of the value in bytes, where it had to be cut",
}
"""Headers of a dead letter, and the meaning of each."""

OPTIONAL_HEADERS: Final = frozenset({"partition", "records", "truncated_from"})


def headers_of(
    error: RecordError, topic: str, partition: int | None, offset: int, value: bytes, records: int = 1
) -> list[tuple[str, bytes]]:
    """Return the headers of a dead letter.

    Parameters
    ----------
    error
        Reason and detail.
    topic, partition, offset
        Where the record came from; the partition is None for a source outside Kafka.
    value
        The whole value, before it is cut to `MAX_VALUE_BYTES`.
    records
        Number of records that the dead letter stands for.

    Examples
    --------
    >>> from streams.errors import RecordError
    >>> headers_of(RecordError("empty", "a post without bytes"), "social.posts", 3, 17, b"")[-2:]
    [('offset', b'17'), ('partition', b'3')]
    """
    headers = [
        ("reason", error.reason.encode()),
        ("detail", error.detail.encode()),
        ("topic", topic.encode()),
        ("offset", str(offset).encode()),
    ]
    if partition is not None:
        headers.append(("partition", str(partition).encode()))
    if len(value) > MAX_VALUE_BYTES:
        headers.append(("truncated_from", str(len(value)).encode()))
    if records > 1:
        headers.append(("records", str(records).encode()))
    return headers


class OverQuotaPost(NamedTuple):
    """One post that was not scored.

    Parameters
    ----------
    offset
        Its offset in its partition of `social.posts`, where it stays for as long as posts are kept.
    source, id
        Identity of the post.
    """

    offset: int
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class OverQuota:
    """Posts of one partition that were not scored, because their source had sent too many within a minute.

    Parameters
    ----------
    posts
        The posts, ascending by offset; at most 250.
    """

    posts: list[OverQuotaPost]

    def to_bytes(self) -> bytes:
        """Encode.

        >>> OverQuota([OverQuotaPost(17, "forum", "1")]).to_bytes()
        b'{"v":1,"posts":[[17,"forum","1"]]}'
        """
        return orjson.dumps({"v": OVER_QUOTA_VERSION, "posts": [tuple(post) for post in self.posts]})


def over_quota_from_bytes(value: bytes | None) -> OverQuota:
    """Decode a dead letter with the reason ``over_quota``; the inverse of `OverQuota.to_bytes`.

    Raises
    ------
    RecordError
        If the value is no such record.
    """
    fields = load(value, "dead letter of posts over quota", OVER_QUOTA_VERSION)
    return OverQuota([OverQuotaPost(*post) for post in fields["posts"]])
