"""The part of the address of a feed that may be shown, which is without credentials and without its query."""

from __future__ import annotations

from hashlib import blake2b
from urllib.parse import urljoin, urlsplit

from streams.core.text.clean import printable


def place_of(url: str) -> str:
    """Return host and path of an address.

    >>> place_of("https://user:word@News.example:8443/feed.xml?key=secret#top")
    'news.example:8443/feed.xml'
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address without a host"
    return printable(f"{parts.hostname or ''}{port}{parts.path}")[:200]


def name_of(url: str) -> str:
    """Return host and path of an address, with a mark of its query, if it has one.

    >>> name_of("https://news.example/feed?topic=7"), name_of("http://news.example/feed")
    ('news.example/feed~732995', 'news.example/feed')
    """
    _, asks, query = url.partition("?")
    mark = f"~{blake2b(query.encode('utf-8', 'replace'), digest_size=3).hexdigest()}" if asks else ""
    return f"{place_of(url)}{mark}"


def absolute(url: str, link: str) -> str:
    """Return the address that a link on a page leads to; empty if it leads nowhere.

    >>> absolute("https://news.example/feed", "/7"), absolute("https://news.example/feed", "http://[")
    ('https://news.example/7', '')
    """
    try:
        return urljoin(url, link.strip()) if link.strip() else ""
    except ValueError:
        return ""
