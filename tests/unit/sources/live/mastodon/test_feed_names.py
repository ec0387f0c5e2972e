"""Each stream of an instance has its paths, and the timeline that has the same posts."""

from __future__ import annotations

from streams.config.sources.mastodon import MastodonInstance
from streams.sources.live.mastodon.feed_names import Feed, feeds_of


def test_streams_and_hashtags_have_the_paths_of_the_documentation() -> None:
    entry = MastodonInstance(host="x.example", streams=["public:local", "public", "public:remote"], hashtags=["Straße"])
    assert feeds_of(entry) == [
        Feed(
            "public:local",
            "/api/v1/streaming/public/local",
            "/api/v1/timelines/public?local=true",
            "live_feeds",
            ("local",),
        ),
        Feed("public", "/api/v1/streaming/public", "/api/v1/timelines/public", "live_feeds", ("local", "remote")),
        Feed(
            "public:remote",
            "/api/v1/streaming/public/remote",
            "/api/v1/timelines/public?remote=true",
            "live_feeds",
            ("remote",),
        ),
        Feed(
            "hashtag:straße",
            "/api/v1/streaming/hashtag?tag=stra%C3%9Fe",
            "/api/v1/timelines/tag/stra%C3%9Fe",
            "hashtag_feeds",
            ("local", "remote"),
        ),
    ]


def test_hashtags_of_the_own_users_alone_have_paths_of_their_own() -> None:
    (feed,) = feeds_of(MastodonInstance(host="x.example", streams=[], hashtags=["nordtel"], hashtags_local=True))
    assert feed == Feed(
        "hashtag:local:nordtel",
        "/api/v1/streaming/hashtag/local?tag=nordtel",
        "/api/v1/timelines/tag/nordtel?local=true",
        "hashtag_feeds",
        ("local",),
    )
