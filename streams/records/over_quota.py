"""Posts that were not scored because their source had sent too many, as a dead letter names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import orjson

from streams.records.wire import load

OVER_QUOTA_VERSION: Final = 1

MAX_OVER_QUOTA: Final = 250
"""Posts in one letter; at 4 KiB each at most it stays below Kafka's default of 1 MiB."""


class OverQuotaPost(NamedTuple):
    """One of them.

    Parameters
    ----------
    offset
        In its partition of `social.posts`, where it stays for as long as posts are kept.
    source, id
        Of the post.
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
        In order; at most `MAX_OVER_QUOTA`.
    """

    posts: list[OverQuotaPost]

    def to_bytes(self) -> bytes:
        """Encode.

        >>> OverQuota([OverQuotaPost(17, "forum", "1")]).to_bytes()
        b'{"v":1,"posts":[[17,"forum","1"]]}'
        """
        return orjson.dumps({"v": OVER_QUOTA_VERSION, "posts": [tuple(post) for post in self.posts]})


def over_quota_from_bytes(value: bytes | None) -> OverQuota:
    """Inverse of `OverQuota.to_bytes`.

    Raises
    ------
    RecordError
        If it is no such record.
    """
    fields = load(value, "letter of posts over quota", OVER_QUOTA_VERSION)
    return OverQuota([OverQuotaPost(*post) for post in fields["posts"]])
