"""The streams of an instance: where they are streamed, and which timeline has the same posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from streams.config.sources.mastodon import MastodonInstance


class Feed(NamedTuple):
    """A stream.

    Parameters
    ----------
    name
        Its name, such as ``public:local`` or ``hashtag:nordtel``.
    stream
        Path of the stream.
    timeline
        Path of the timeline with the same posts.
    access
        Key of the access to it, in what an instance says of itself.
    parts
        Parts of that: ``local`` and ``remote``.
    """

    name: str
    stream: str
    timeline: str
    access: str
    parts: tuple[str, ...]


def feeds_of(entry: MastodonInstance) -> list[Feed]:
    """Return the streams that are read of an instance.

    >>> from streams.config.sources.mastodon import MastodonInstance
    >>> [feed.name for feed in feeds_of(MastodonInstance(host="example.social", hashtags=["#Nordtel"]))]
    ['public:local', 'hashtag:nordtel']
    """
    return [_public(name) for name in entry.streams] + [_hashtag(tag, entry.hashtags_local) for tag in entry.hashtags]


def _public(name: str) -> Feed:
    part = name.partition(":")[2]
    return Feed(
        name,
        stream=f"/api/v1/streaming/public{f'/{part}' if part else ''}",
        timeline=f"/api/v1/timelines/public{f'?{part}=true' if part else ''}",
        access="live_feeds",
        parts=(part,) if part else ("local", "remote"),
    )


def _hashtag(tag: str, is_local: bool) -> Feed:
    quoted = quote(tag, safe="")
    return Feed(
        f"hashtag:{'local:' if is_local else ''}{tag}",
        stream=f"/api/v1/streaming/hashtag{'/local' if is_local else ''}?tag={quoted}",
        timeline=f"/api/v1/timelines/tag/{quoted}{'?local=true' if is_local else ''}",
        access="hashtag_feeds",
        parts=("local",) if is_local else ("local", "remote"),
    )
