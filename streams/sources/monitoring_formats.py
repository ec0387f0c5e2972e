"""Formats of services that monitor media, which push or export what they found; names of fields as of 2026.

Both have the records of their APIs, in JSON, and tables that a person exports, whose columns are named otherwise.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from streams.sources.field_map import first_at, value_at

if TYPE_CHECKING:
    from streams.sources.field_map import Record


_TWELVE_HOURS: Final = re.compile(r"(\d{1,2}-[A-Za-z]{3}-\d{4} \d{1,2}:\d{2}) ?([AaPp][Mm])")
"""A time of an export of Meltwater, such as ``02-Mar-2026 10:15AM``."""


class Meltwater:
    """Documents of Meltwater: those of its API and its hooks, and rows of an export."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is a document."""
        of_api = isinstance(record.get("content"), dict) and any(mark in record for mark in ("enrichments", "matched"))
        return of_api or ("Document ID" in record and "Hit Sentence" in record)

    def convert(self, record: Record) -> Record:
        """Return the post; what it was found for is its brand."""
        title = first_at(record, "content.title", "Title", "Headline")
        body = first_at(
            record, "content.body", "content.text", "content.opening_text", "content.byline", "matched.hit_sentence",
            "Opening Text", "Hit Sentence",
        )  # fmt: skip
        return {
            "id": first_at(record, "id", "Document ID", "external_id", "url", "URL"),
            "created_at": first_at(record, "published_date", "indexed_date") or _moment(record),
            "text": _joined(title, body),
            "source": "meltwater",
            "author": first_at(record, "author.handle", "author.name", "Author Handle", "Author Name"),
            "lang": first_at(record, "enrichments.language_code", "Language"),
            "url": first_at(record, "url", "URL"),
            "brand": first_at(record, "matched.inputs.0.name", "Input Name"),
            "repost_of": value_at(record, "repost.id"),
            "reply_to": value_at(record, "parent.id"),
            "likes": first_at(record, "metrics.engagement.likes", "Likes"),
            "reposts": first_at(record, "metrics.engagement.reposts", "metrics.engagement.shares", "Reposts", "Shares"),
            "replies": first_at(
                record, "metrics.engagement.replies", "metrics.engagement.comments", "Replies", "Comments"
            ),
        }


class Brandwatch:
    """Mentions of Brandwatch: those of its API, and rows of an export."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is a mention."""
        of_api = "queryId" in record and "date" in record
        return of_api or ("Query Id" in record and "Date" in record)

    def convert(self, record: Record) -> Record:
        """Return the post; the query that found it is its brand. A mention that several queries found is one post."""
        text = first_at(record, "fullText", "Full Text") or _joined(
            first_at(record, "title", "Title"), first_at(record, "snippet", "Snippet")
        )
        return {
            "id": first_at(record, "resourceId", "Resource Id", "guid", "Mention Id", "url", "Url"),
            "created_at": first_at(record, "date", "Date"),
            "text": text,
            "source": "brandwatch",
            "author": first_at(record, "author", "Author", "fullname", "Full Name"),
            "lang": first_at(record, "language", "Language"),
            "url": first_at(record, "originalUrl", "url", "Original Url", "Url"),
            "brand": first_at(record, "queryName", "Query Name"),
            "repost_of": first_at(record, "retweetOf", "Twitter Retweet of"),
            "reply_to": first_at(record, "replyTo", "Twitter Reply to", "parentPostId"),
            "likes": first_at(record, "likes", "facebookLikes", "instagramLikeCount", "Likes", "Facebook Likes"),
            "reposts": first_at(record, "shares", "twitterRetweets", "facebookShares", "Twitter Retweets", "Shares"),
            "replies": first_at(record, "comments", "twitterReplyCount", "facebookComments", "Comments"),
        }


def _moment(record: Record) -> Any:
    """Return the time of a row, whose time of day may have a column of its own."""
    date, time = record.get("Date"), record.get("Time")
    moment = f"{date} {time}" if isinstance(date, str) and isinstance(time, str) and time else date
    twelve = _TWELVE_HOURS.fullmatch(moment) if isinstance(moment, str) else None
    if twelve is None:
        return moment
    try:
        return datetime.strptime(" ".join(twelve.groups()), "%d-%b-%Y %I:%M %p").isoformat()  # noqa: DTZ007  no zone
    except ValueError:
        return moment


def _joined(title: Any, body: Any) -> Any:
    """Return title and body in one text; the title alone if the body repeats it."""
    texts = [text for text in (title, body) if isinstance(text, str) and text]
    if len(texts) == 2 and texts[1].startswith(texts[0].rstrip(" .…")):
        return texts[1]
    return "\n".join(texts) or None
