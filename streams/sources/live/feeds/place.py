"""The part of the address of a feed that may be shown, which is without credentials and without its query."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final
from urllib.parse import urljoin, urlsplit

from streams.core.text.clean import printable

_SHOWN_CHARS: Final = 200


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
    return printable(f"{parts.hostname or ''}{port}{parts.path}")[:_SHOWN_CHARS]


def name_of(url: str) -> str:
    """Return host and path of an address, with a mark of its query, if it has one, or of all if the path is cut.

    >>> name_of("https://news.example/feed?topic=7"), name_of("http://news.example/feed")
    ('news.example/feed~360424287d89', 'news.example/feed')
    """
    place = place_of(url)
    _, asks, query = url.partition("?")
    hidden = url.partition("//")[2] if len(place) == _SHOWN_CHARS else query
    mark = f"~{blake2b(hidden.encode('utf-8', 'replace'), digest_size=6).hexdigest()}" if asks or hidden else ""
    return f"{place}{mark}"


def absolute(url: str, link: str) -> str:
    """Return the address that a link on a page leads to; empty if it leads nowhere.

    >>> absolute("https://news.example/feed", "/7"), absolute("https://news.example/feed", "http://[")
    ('https://news.example/7', '')
    """
    try:
        return urljoin(url, link.strip()) if link.strip() else ""
    except ValueError:
        return ""
