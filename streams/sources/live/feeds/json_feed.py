"""Read JSON Feed, versions 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import html
from typing import Any, Final

from streams.core.ingest.parsing import parse
from streams.errors import RecordError
from streams.sources.live.as_received import as_received
from streams.sources.live.feeds.dates import StatedDate
from streams.sources.live.feeds.entry import MAX_ENTRIES, BadEntry, FeedDocument, FeedEntry
from streams.sources.live.feeds.place import absolute

_VERSION: Final = "jsonfeed.org/version/"


def is_json(body: bytes) -> bool:
    """Return whether a document is JSON rather than XML.

    >>> is_json(b' {"version": ""}'), is_json(b"<rss/>")
    (True, False)
    """
    return body[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def read_json_feed(body: bytes, url: str) -> FeedDocument | None:
    """Return the feed of a document; None if it is no JSON Feed.

    Parameters
    ----------
    body
        The document.
    url
        Its address, to which links may be relative.

    Raises
    ------
    RecordError
        If it is no JSON, or too much.
    """
    try:
        feed = parse(body)
    except RecordError as error:
        if error.reason == "wrong_type":  # an array is JSON too
            return None
        raise
    items = feed.get("items")
    if _VERSION not in str(feed.get("version")) or not isinstance(items, list):
        return None
    if len(items) > MAX_ENTRIES:
        raise RecordError("too_large", f"it has more than {MAX_ENTRIES:,} items")
    author = _author(feed)
    return FeedDocument(
        entries=[_entry(item, url, author) for item in items],
        link=_text(feed.get("home_page_url")),
        language=_text(feed.get("language")),
    )


def _entry(item: Any, url: str, author: str) -> FeedEntry | BadEntry:
    if not isinstance(item, dict):
        error = RecordError("wrong_type", f"an item must be a JSON object, got {type(item).__name__}")
        return BadEntry(error, as_received(item))
    link = _text(item.get("url")) or _text(item.get("external_url"))
    plain = _text(item.get("content_text")) or _text(item.get("summary"))
    return FeedEntry(
        guid=_text(item.get("id")),
        link=absolute(url, link),
        title=html.escape(_text(item.get("title")), quote=False),
        text=_text(item.get("content_html")) or html.escape(plain, quote=False),
        dates=tuple(
            StatedDate(_text(item[name])) for name in ("date_published", "date_modified") if _text(item.get(name))
        ),
        author=_author(item) or author,
        language=_text(item.get("language")),
    )


def _author(holder: dict[str, Any]) -> str:
    """Return the first author's name; version 1 had one author, 1.1 has a list."""
    authors = holder.get("authors")
    first = authors[0] if isinstance(authors, list) and authors else holder.get("author")
    return _text(first.get("name")) if isinstance(first, dict) else ""


def _text(value: Any) -> str:
    """Return a text, or the digits of a number, as ids are now and then."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return value.strip() if isinstance(value, str) else str(value)
