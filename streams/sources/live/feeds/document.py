"""Read the bytes of a feed: RSS, Atom, RDF and CDF by feedparser, JSON Feed by itself.

feedparser gets bytes that were fetched before, never an address, so that it reads neither network nor files. Documents
that would take it time beyond measure, by the depth or the number of their elements, are refused beforehand.
"""

from __future__ import annotations

import codecs
import html
import io
import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import feedparser

from streams.errors import RecordError
from streams.sources.encoding import SNIFFED_BYTES, wide_encoding
from streams.sources.live.feeds.dates import StatedDate
from streams.sources.live.feeds.discovery import what_it_is
from streams.sources.live.feeds.entry import MAX_ENTRIES, BadEntry, FeedDocument, FeedEntry
from streams.sources.live.feeds.json_feed import is_json, read_json_feed
from streams.sources.live.feeds.place import absolute

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH: Final = 2_000
"""Elements that may be open at once. HTML that never closes its elements is found in feeds, but not so much of it."""

MAX_ELEMENTS: Final = 100_000
"""Elements that a document may have beside the HTML of its texts. feedparser takes seconds for so many, at worst."""

_TAG: Final = re.compile(rb"<(?P<close>/?)[A-Za-z_][^<>]*+>?")
_ENTRY: Final = re.compile(rb"<(?:\w+:)?(?:item|entry)\b", re.IGNORECASE)
_ROOT: Final = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")

_MAILBOX: Final = re.compile(r"[(<]*([^\s()<>@]+)@[^\s()<>@]+[)>]*|[()<>]")
"""A mailbox with what is written around it, as in ``ina@news.example (Ina Beispiel)``; or a bracket alone."""

_MAX_AUTHOR_CHARS: Final = 300

_LONG_AUTHOR: Final = re.compile(
    rb"(<(?:\w+:)?(?:author|creator|name|managingeditor|webmaster|publisher|contributor|owner|email)\b[^<>]*+>"
    rb"\s*+(?:<!\[CDATA\[)?[^<\]]{1000})[^<\]]++",
    re.IGNORECASE,
)
"""A name of more than 1,000 bytes: feedparser looks for a mailbox in it in a time that is quadratic in its length."""

_PERIODS: Final = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
"""Periods of the module Syndication of RSS, in seconds."""


class NoFeed(Exception):
    """A document is no feed; the message completes ``news.example/feed ...``."""


def read_document(body: bytes, headers: Mapping[str, str], url: str) -> FeedDocument:
    """Return a feed.

    Parameters
    ----------
    body
        The document.
    headers
        Headers of the answer that it came in, with names in lower case.
    url
        Its address, to which links may be relative.

    Raises
    ------
    NoFeed
        If it is none, or can't be read.
    """
    if is_json(body):
        try:
            feed = read_json_feed(body, url)
        except RecordError as error:
            raise NoFeed(f"can't be read: {error.detail}") from None
        if feed is None:
            raise NoFeed(what_it_is(body, url))
        return feed
    known = {name: headers[name] for name in ("content-type", "content-language") if name in headers}
    body = in_utf8(body, known.get("content-type", ""))
    if not body.isascii() and _is_utf8(body):
        known["content-type"] = "application/xml; charset=utf-8"  # text is not UTF-8 by accident, whatever is claimed
    _check_shape(body, url)
    body = _LONG_AUTHOR.sub(rb"\1", body)
    try:
        parsed = feedparser.parse(
            io.BytesIO(body),
            response_headers=known | {"content-location": url},
            resolve_relative_uris=False,
            sanitize_html=False,  # nothing is shown to a browser, and posts are freed from all markup later
        )
    except Exception as error:  # noqa: BLE001  whatever a hostile document makes a parser do
        raise NoFeed(f"can't be read: {type(error).__name__}") from None
    if not parsed.get("version") and not parsed.entries:
        raise NoFeed(what_it_is(body, url))
    feed = parsed.feed
    return FeedDocument(
        entries=[_entry(each, url) for each in parsed.entries],
        link=_stated(feed, "link"),
        language=_stated(feed, "language"),
        least_seconds=_least_seconds(feed),
    )


def in_utf8(body: bytes, content_type: str) -> bytes:
    r"""Return a document in UTF-8 if it is UTF-16 or UTF-32, or claims to be UTF-8 and is so in part; else as it is.

    Single bytes of Windows-1252 amid UTF-8, as of a text pasted into a page, become what they were meant to be.

    >>> in_utf8(b"<?xml version='1.0' encoding='utf-8'?><a>\xc3\xbc \xfc \x96</a>", "")[-13:].decode()
    'ü ü –</a>'
    """
    wide = wide_encoding(body[:SNIFFED_BYTES])
    if wide is not None:
        return body.decode(wide, "replace").removeprefix("\ufeff").encode("utf-8", "replace")
    declared = _declared(body, content_type).lower().replace("-", "").replace("_", "")
    if declared != "utf8" or _is_utf8(body):
        return body
    return body.decode("utf-8", _NARROW).encode("utf-8", "replace")


def _narrow(error: UnicodeError) -> tuple[str, int]:
    """Return what the bytes that are no UTF-8 are in Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_NARROW: Final = "firewatch_windows_1252"
codecs.register_error(_NARROW, _narrow)


def _declared(body: bytes, content_type: str) -> str:
    stated = _CHARSET.search(content_type)
    if stated:
        return stated[1]
    declared = _DECLARED.search(body[:1_000])
    return declared[1].decode() if declared else ""


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_shape(body: bytes, url: str) -> None:
    if _ROOT.search(body) is None and _ENTRY.search(body) is None:
        raise NoFeed(what_it_is(body, url))
    if sum(1 for _ in islice(_ENTRY.finditer(body), MAX_ENTRIES + 1)) > MAX_ENTRIES:
        raise NoFeed(f"has more than {MAX_ENTRIES:,} entries")
    depth = elements = 0
    for tag in chain.from_iterable(_TAG.finditer(part) for part in _without_sections(body)):
        if tag["close"]:
            depth = max(0, depth - 1)
            continue
        elements += 1
        if not tag[0].endswith(b"/>"):
            depth += 1
        if depth > MAX_DEPTH:
            raise NoFeed(f"has more than {MAX_DEPTH:,} elements inside of one another")
        if elements > MAX_ELEMENTS:
            raise NoFeed(f"has more than {MAX_ELEMENTS:,} elements")


def _without_sections(body: bytes) -> list[bytes]:
    """Return the parts of a document around its CDATA sections, whose markup is text."""
    first, *others = body.split(b"<![CDATA[")
    return [first, *(other.partition(b"]]>")[2] for other in others)]


def _entry(entry: Any, url: str) -> FeedEntry | BadEntry:
    try:
        return _read_entry(entry, url)
    except Exception as error:  # noqa: BLE001  one entry never ends the reading of the others
        return BadEntry(RecordError("unreadable", f"the entry can't be read: {type(error).__name__}"), b"")


def _read_entry(entry: Any, url: str) -> FeedEntry:
    link = _stated(entry, "link")
    source = dict.get(entry, "source") or {}
    detail = dict.get(entry, "title_detail") or {}
    texts = [*(dict.get(entry, "content") or ()), dict.get(entry, "summary_detail") or {}]
    return FeedEntry(
        guid=_stated(entry, "id"),
        link=absolute(url, link),
        title=_markup(detail),
        text=next((text for text in map(_markup, texts) if text.strip()), ""),
        dates=tuple(
            StatedDate(_stated(entry, name), dict.get(entry, f"{name}_parsed"))
            for name in ("published", "created", "updated")
            if _stated(entry, name)
        ),
        author=_author(entry),
        language=str(detail.get("language") or (dict.get(entry, "summary_detail") or {}).get("language") or ""),
        publisher=_stated(source, "href") or _stated(source, "link"),
    )


def _markup(detail: Any) -> str:
    """Return a text of feedparser as HTML; what is no text, such as an image, is empty."""
    value, kind = detail.get("value"), str(detail.get("type") or "")
    if not isinstance(value, str) or not (kind.startswith("text/") or "xml" in kind or not kind):
        return ""
    return html.escape(value, quote=False) if kind == "text/plain" else value


def _author(entry: Any) -> str:
    """Return the name of the author; where only a mailbox is stated, its part before the host."""
    authors = dict.get(entry, "authors") or ()
    detail = dict.get(entry, "author_detail") or (authors[0] if authors else {})
    stated = (_stated(entry, "author") or str(detail.get("name") or ""))[:_MAX_AUTHOR_CHARS]
    name = " ".join(_MAILBOX.sub(" ", stated).split())
    mailbox = _MAILBOX.search(stated)
    return name or (mailbox[1] if mailbox and mailbox[1] else "")


def _stated(holder: Any, name: str) -> str:
    value = dict.get(holder, name)
    return value.strip() if isinstance(value, str) else ""


def _least_seconds(feed: Any) -> float:
    """Return the time that a feed asks to leave between two requests: ``ttl`` in minutes, or the module Syndication."""
    minutes = _stated(feed, "ttl")
    seconds = float(minutes) * 60 if minutes.isascii() and minutes.isdecimal() and len(minutes) < 8 else 0.0
    period = _PERIODS.get(_stated(feed, "sy_updateperiod").lower(), 0)
    times = _stated(feed, "sy_updatefrequency")
    often = int(times) if times.isascii() and times.isdecimal() and len(times) < 5 else 1
    return max(seconds, period / max(1, often))
