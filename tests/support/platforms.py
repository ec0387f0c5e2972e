"""Records as the APIs, archives and dumps of platforms have them; all posts are made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from streams.config import FormatName

TWEET_V1: Final[dict[str, Any]] = {
    "created_at": "Mon Mar 02 10:15:00 +0000 2026",
    "id": 2028000000000000001,
    "id_str": "2028000000000000001",
    "full_text": "Nordtel ist wieder weg",
    "source": '<a href="https://mobile.example" rel="nofollow">App</a>',
    "user": {"id_str": "77", "screen_name": "kim"},
    "in_reply_to_status_id_str": "2027000000000000001",
    "lang": "de",
    "favorite_count": 3,
    "retweet_count": 1,
}

TWEET_V2: Final[dict[str, Any]] = {
    "id": "2028000000000000001",
    "text": "Nordtel ist wieder weg",
    "created_at": "2026-03-02T10:15:00.000Z",
    "author_id": "77",
    "lang": "de",
    "edit_history_tweet_ids": ["2028000000000000001"],
    "public_metrics": {"like_count": 3, "retweet_count": 1, "reply_count": 0, "quote_count": 0},
    "referenced_tweets": [{"type": "replied_to", "id": "2027000000000000001"}],
}

JETSTREAM: Final[dict[str, Any]] = {
    "did": "did:plc:kim",
    "time_us": 1772446500000000,
    "kind": "commit",
    "commit": {
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3kabc",
        "record": {"createdAt": "2026-03-02T10:15:00Z", "langs": ["de"], "text": "Nordtel ist wieder weg"},
    },
}

BLUESKY: Final[dict[str, Any]] = {
    "uri": "at://did:plc:kim/app.bsky.feed.post/3kabc",
    "author": {"did": "did:plc:kim", "handle": "kim.example"},
    "record": {"createdAt": "2026-03-02T10:15:00Z", "langs": ["de"], "text": "Nordtel ist wieder weg"},
    "likeCount": 3,
    "repostCount": 1,
    "replyCount": 0,
}

STATUS: Final[dict[str, Any]] = {
    "id": "116000000000000001",
    "uri": "https://social.example/users/kim/statuses/116000000000000001",
    "url": "https://social.example/@kim/116000000000000001",
    "created_at": "2026-03-02T10:15:00.000Z",
    "content": "<p>Nordtel ist wieder weg</p>",
    "spoiler_text": "",
    "language": "de",
    "account": {"acct": "kim@social.example"},
    "reblog": None,
    "favourites_count": 3,
    "reblogs_count": 1,
    "replies_count": 0,
}

ACTIVITY: Final[dict[str, Any]] = {
    "id": "https://social.example/users/kim/statuses/1/activity",
    "type": "Create",
    "actor": "https://social.example/users/kim",
    "published": "2026-03-02T10:15:00Z",
    "object": {
        "id": "https://social.example/users/kim/statuses/1",
        "type": "Note",
        "published": "2026-03-02T10:15:00Z",
        "attributedTo": "https://social.example/users/kim",
        "content": "<p>Nordtel ist wieder weg</p>",
        "contentMap": {"de": "<p>Nordtel ist wieder weg</p>"},
    },
}

COMMENT: Final[dict[str, Any]] = {
    "id": "kx1",
    "created_utc": 1772446500,
    "author": "kim",
    "body": "Nordtel ist wieder weg",
    "score": 3,
    "subreddit": "Netz",
    "link_id": "t3_aa1",
    "parent_id": "t3_aa1",
    "permalink": "/r/Netz/comments/aa1/x/kx1/",
}

SUBMISSION: Final[dict[str, Any]] = {
    "id": "aa1",
    "created_utc": 1772446500,
    "author": "kim",
    "title": "Nordtel ist weg",
    "selftext": "Schon wieder.",
    "score": -2,
    "num_comments": 4,
}

MELTWATER: Final[dict[str, Any]] = {
    "id": "m-1",
    "content_type": "social post",
    "published_date": "2026-03-02T10:15:00.000Z",
    "url": "https://news.example/1",
    "content": {"title": "Nordtel ist weg", "opening_text": "Schon wieder.", "hashtags": []},
    "author": {"name": "Kim Example", "handle": "kim"},
    "enrichments": {"language_code": "de", "sentiment": "negative", "keyphrases": ["nordtel"]},
    "matched": {"inputs": [{"id": 1, "name": "Nordtel", "type": "saved_search"}], "keywords": ["nordtel"]},
    "metrics": {"engagement": {"likes": 7, "shares": 2, "comments": 1, "total": 10}},
    "source": {"name": "news.example", "type": "social"},
}

BRANDWATCH: Final[dict[str, Any]] = {
    "queryId": 7,
    "queryName": "Nordtel",
    "resourceId": "b-1",
    "date": "2026-03-02T10:15:00.000+0000",
    "title": "Nordtel ist weg",
    "snippet": "Nordtel ist weg, ...",
    "fullText": "Nordtel ist weg, schon wieder",
    "author": "kim",
    "language": "de",
    "url": "https://forum.example/1",
    "pageType": "forum",
    "replyTo": "https://forum.example/0",
    "likes": 3,
    "comments": 1,
}

NATIVE: Final[dict[str, Any]] = {"id": "1", "created_at": "2026-03-02T10:15:00Z", "text": "Nordtel ist wieder weg"}

RECORDS: Final[dict[FormatName, dict[str, Any]]] = {
    "twitter_v1": TWEET_V1,
    "twitter_v2": TWEET_V2,
    "jetstream": JETSTREAM,
    "bluesky": BLUESKY,
    "mastodon": STATUS,
    "activitypub": ACTIVITY,
    "reddit": COMMENT,
    "meltwater": MELTWATER,
    "brandwatch": BRANDWATCH,
}
"""A post in each format."""
