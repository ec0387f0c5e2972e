"""What a document is that was expected to be a feed, in words that help to find the feed."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from streams.sources.live.feeds.place import absolute, place_of

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
        feeds = _Links(head.decode("utf-8", "replace")).feeds
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


class _Links(HTMLParser):
    """Collects the addresses of feeds that a page names in its head."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.feeds: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a link to another form of the page that is a feed."""
        given = {name: value or "" for name, value in attrs}
        is_alternate = "alternate" in given.get("rel", "").lower().split()
        kind = given.get("type", "").partition(";")[0].strip().lower()
        if tag == "link" and is_alternate and kind in FEED_TYPES and given.get("href"):
            self.feeds.append(given["href"])
