"""Formats of platforms: how posts are found in what their APIs, archives and dumps give.

The fields are those of the documentation of each platform. Sources are named after the platform, so that alerts can
distinguish them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.sources import bluesky_posts
from streams.sources.field_map import first_at, value_at
from streams.sources.monitoring_formats import Brandwatch, Meltwater
from streams.sources.plain_text import as_html

if TYPE_CHECKING:
    from streams.config import FormatName
    from streams.sources.field_map import Converter, Record

_TWITTER_EPOCH_MS: Final = 1_288_834_974_657
"""Beginning of the times in ids of Twitter, in milliseconds since 1970; the lowest 22 bits are no time."""


class TwitterV1:
    """Tweets of the API 1.1, of its streams and of twarc 1, with deletions."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is a tweet, which in the archive of an account has no user, or a deletion notice."""
        if "delete" in record:
            return value_at(record, "delete.status.id_str") is not None
        has_text = "text" in record or "full_text" in record
        is_tweet = "id_str" in record and has_text and ("user" in record or "favorite_count" in record)
        return is_tweet and not _has_own_fields(record)

    def convert(self, record: Record) -> Record | None:
        """Return the tweet, with the text of the original if it is a retweet."""
        if "delete" in record:
            return {"delete": True, "id": value_at(record, "delete.status.id_str"), "source": "twitter"}
        texts = ("extended_tweet.full_text", "full_text", "text")
        return {
            "id": record["id_str"],
            "created_at": record.get("created_at"),
            "text": first_at(record, *(f"retweeted_status.{path}" for path in texts), *texts),
            "source": "twitter",
            "author": first_at(record, "user.screen_name", "user.id_str"),
            "lang": record.get("lang"),
            "url": f"https://twitter.com/i/web/status/{record['id_str']}",
            "repost_of": value_at(record, "retweeted_status.id_str"),
            "reply_to": record.get("in_reply_to_status_id_str"),
            "likes": record.get("favorite_count"),
            "reposts": record.get("retweet_count"),
            "replies": record.get("reply_count"),
        }


class TwitterV2:
    """Tweets of the API 2 and of twarc 2, also as the table that twarc-csv writes."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is a tweet with one of the fields that only this API has."""
        marks = ("author_id", "public_metrics", "public_metrics.like_count", "edit_history_tweet_ids")
        is_tweet = str(record.get("id")).isdecimal() and "text" in record and any(mark in record for mark in marks)
        return is_tweet and not _has_own_fields(record)

    def convert(self, record: Record) -> Record | None:
        """Return the tweet; where the request did not ask for its time, the id has it."""
        return {
            "id": record["id"],
            "created_at": record.get("created_at") or time_of_tweet(record["id"]),
            "text": first_at(record, "note_tweet.text", "text"),
            "source": "twitter",
            "author": first_at(record, "author.username", "author_id"),
            "lang": record.get("lang"),
            "url": f"https://twitter.com/i/web/status/{record['id']}",
            "repost_of": _referenced(record, "retweeted"),
            "reply_to": _referenced(record, "replied_to"),
            "likes": value_at(record, "public_metrics.like_count"),
            "reposts": value_at(record, "public_metrics.retweet_count"),
            "replies": value_at(record, "public_metrics.reply_count"),
        }


def _has_own_fields(record: Record) -> bool:
    """Return whether somebody has given a tweet fields of a post that no API has, so that it is one already."""
    return isinstance(record.get("author"), str) or "brand" in record


def time_of_tweet(id: Any) -> int | None:
    """Return the time in the id of a tweet, milliseconds since the epoch; None if it has none."""
    if not str(id).isdecimal() or len(str(id)) > 19:
        return None
    return (int(id) >> 22) + _TWITTER_EPOCH_MS


def _referenced(record: Record, kind: str) -> Any:
    references = record.get("referenced_tweets")
    if isinstance(references, list):
        return next(
            (each.get("id") for each in references if isinstance(each, dict) and each.get("type") == kind), None
        )
    return record.get(f"referenced_tweets.{kind}.id")


_JETSTREAM_V2: Final = "network.bsky.jetstream.subscribeEvents#"


class Jetstream:
    """Events of Bluesky's Jetstream, of both of its wires: posts, their edits and deletions. Others hold no post."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is an event, or a frame with one."""
        event = self._event(record)
        return all(name in event for name in ("did", "time_us", "kind")) or _is_of_jetstream_v2(event)

    def convert(self, record: Record) -> Record | None:
        """Return the post of a commit; without a time of its own it has that at which it was witnessed."""
        event = self._event(record)
        commit = event if _is_of_jetstream_v2(event) else event.get("commit")
        if not isinstance(commit, dict) or commit.get("collection") != bluesky_posts.COLLECTION:
            return None
        did, rkey = event.get("did"), commit.get("rkey")
        if commit.get("operation") == "delete":
            return {"delete": True, "id": bluesky_posts.short(bluesky_posts.uri_of(did, rkey)), "source": "bluesky"}
        fields = bluesky_posts.fields_of(did, rkey, commit.get("record")) | {"source": "bluesky"}
        fields["created_at"] = fields["created_at"] or first_at(event, "time_us", "time")
        return fields

    @staticmethod
    def _event(record: Record) -> Record:
        payload = record.get("payload")
        return payload if isinstance(payload, dict) and record.get("$type") == "message" else record


def _is_of_jetstream_v2(event: Record) -> bool:
    return str(event.get("$type")).startswith(_JETSTREAM_V2)


class Bluesky:
    """Posts as Bluesky's API gives them: of a search, a feed or a thread."""

    def fits(self, record: Record) -> bool:
        """Return whether a record has the address and the record of a post."""
        post = record["post"] if isinstance(record.get("post"), dict) else record
        return str(post.get("uri")).startswith("at://") and isinstance(post.get("record"), dict)

    def convert(self, record: Record) -> Record | None:
        """Return the post; one that a feed shows because somebody reposted it is the original."""
        post = record["post"] if isinstance(record.get("post"), dict) else record
        did, rkey = value_at(post, "author.did"), str(post["uri"]).rpartition("/")[2]
        fields = bluesky_posts.fields_of(did, rkey, post["record"])
        return fields | {
            "id": bluesky_posts.short(post["uri"]),
            "created_at": fields["created_at"] or post.get("indexedAt"),
            "source": "bluesky",
            "likes": post.get("likeCount"),
            "reposts": post.get("repostCount"),
            "replies": post.get("replyCount"),
        }


class Mastodon:
    """Statuses as the API of Mastodon and its relatives gives them."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is a status with its account."""
        return "content" in record and "created_at" in record and isinstance(record.get("account"), dict)

    def convert(self, record: Record) -> Record | None:
        """Return the status, which its URI names on all servers; a boost has the text of the original."""
        status = record["reblog"] if isinstance(record.get("reblog"), dict) else record
        warning = as_html(status.get("spoiler_text"))  # plain text, unlike the content
        return {
            "id": first_at(record, "uri", "id"),
            "created_at": record["created_at"],
            "text": _with_warning(warning, status.get("content")),
            "source": "mastodon",
            "author": first_at(record, "account.acct", "account.url", "account.username", "account.id"),
            "lang": status.get("language"),
            "url": first_at(record, "url", "uri"),
            "repost_of": first_at(record, "reblog.uri", "reblog.id"),
            "reply_to": record.get("in_reply_to_id"),
            "likes": record.get("favourites_count"),
            "reposts": record.get("reblogs_count"),
            "replies": record.get("replies_count"),
        }


class ActivityPub:
    """Notes of ActivityPub, such as in the export of an account of Mastodon (``outbox.json``)."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is a note or an activity."""
        return "published" in record and (
            "content" in record or (record.get("type") in ("Create", "Announce", "Update"))
        )

    def convert(self, record: Record) -> Record | None:
        """Return the note; a boost (``Announce``) names the original without its text, so it holds no post."""
        note = record.get("object", record)
        if not isinstance(note, dict) or "content" not in note:
            return None
        languages = value_at(note, "contentMap")
        return {
            "id": note.get("id"),
            "created_at": first_at(note, "published") or record["published"],
            "text": _with_warning(note.get("summary"), note["content"]),
            "source": "mastodon",
            "author": first_at(note, "attributedTo") or record.get("actor"),
            "lang": next(iter(languages), None) if isinstance(languages, dict) else None,
            "url": first_at(note, "url", "id"),
            "reply_to": note.get("inReplyTo"),
        }


def _with_warning(warning: Any, content: Any) -> Any:
    """Return a text with its content warning before it."""
    return f"{warning}<br>{content}" if warning and isinstance(warning, str) and isinstance(content, str) else content


class Reddit:
    """Submissions and comments of Reddit, of its API and of the dumps of Pushshift."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is a comment or a submission."""
        return "created_utc" in record and ("body" in record or "title" in record)

    def convert(self, record: Record) -> Record | None:
        """Return the post; the ids of comments (t1) and of submissions (t3) are apart."""
        is_comment = "body" in record
        permalink = record.get("permalink")
        text = record["body"] if is_comment else _titled(record["title"], record.get("selftext"))
        return {
            "id": record.get("name") or f"{'t1' if is_comment else 't3'}_{record.get('id')}",
            "created_at": record["created_utc"],
            "text": as_html(text),
            "source": "reddit",
            "author": record.get("author"),
            "url": f"https://www.reddit.com{permalink}" if isinstance(permalink, str) else None,
            "repost_of": record.get("crosspost_parent"),
            "reply_to": first_at(record, "parent_id") if is_comment else None,
            "likes": first_at(record, "score", "ups"),
            "replies": record.get("num_comments"),
        }


def _titled(title: Any, text: Any) -> Any:
    return f"{title}\n{text}" if isinstance(text, str) and text not in {"", "[removed]", "[deleted]"} else title


PRESETS: Final[dict[FormatName, Converter]] = {
    "twitter_v1": TwitterV1(),
    "twitter_v2": TwitterV2(),
    "jetstream": Jetstream(),
    "bluesky": Bluesky(),
    "mastodon": Mastodon(),
    "activitypub": ActivityPub(),
    "reddit": Reddit(),
    "meltwater": Meltwater(),
    "brandwatch": Brandwatch(),
}
"""Converters by the names that `--map` and `ingest.map` take. No record fits two of them."""
