"""What a document is that was expected to be a feed, in words that help to find the feed."""

from __future__ import annotations

from typing import Final

from streams.sources.live.feeds.place import absolute, place_of
from streams.sources.live.feeds.tags import tags_of

FEED_TYPES: Final = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
)

_LOOKED_AT: Final = 500_000
"""Bytes of a page in which links to feeds are looked for; they are in its head."""


def what_it_is(body: bytes, url: str) -> str:
    """Return a sentence on a document that is no feed; a page of the web may name the address of its feed.

    >>> what_it_is(b'<!DOCTYPE html><link rel="alternate" type="application/rss+xml" href="/rss">', "https://a.example/")
    'is a page for browsers, not a feed; the page names the feed https://a.example/rss'
    """
    head = body[:_LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n")
    start = head[:2_000].lower()
    if not head:
        return "is empty"
    if b"<opml" in start:
        return "is a list of feeds (OPML), not a feed; name the file in urls_file"
    if b"<urlset" in start or b"<sitemapindex" in start:
        return "is a sitemap, not a feed"
    if b"<html" in start or b"<!doctype html" in start or b"<head" in start or b"<body" in start:
        feeds = _feeds_of(head.decode("utf-8", "replace"))
        if not feeds:
            return "is a page for browsers, not a feed, and names no feed"
        names = " and ".join(_shown(absolute(url, feed)) for feed in feeds[:3])
        return f"is a page for browsers, not a feed; the page names the feed{'s' if len(feeds) > 1 else ''} {names}"
    if head.startswith(b"<"):
        return "is XML, but no RSS, Atom or RDF"
    if head.startswith((b"{", b"[")):
        return "is JSON, but no JSON Feed"
    return "is no feed"


def _shown(url: str) -> str:
    scheme = "https" if url.startswith("https:") else "http"
    return f"{scheme}://{place_of(url)}" + ("?…" if "?" in url else "")


def _feeds_of(page: str) -> list[str]:
    """Return the addresses of feeds that a page names as other forms of it."""
    return [
        link["href"]
        for _, link in tags_of(page, "link")
        if "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").partition(";")[0].strip().lower() in FEED_TYPES
        and link.get("href")
    ]
