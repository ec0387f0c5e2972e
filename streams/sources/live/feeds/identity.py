"""What an entry is called, and by what it is recognised when its feed calls it otherwise later.

An entry is named by its guid, else by its link, else by its title or text. A guid that is a URI is an id in all of the
world, so that an article in two feeds is one post; any other counts within its feed. The guid, the link or the title
of several entries of one document, or of the feed itself, names none of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from streams.core.ingest.characters import has_hidden, without_hidden
from streams.records import MAX_ID_CHARS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.sources.live.feeds.entry import FeedEntry

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_TRACKING: Final = re.compile(
    r"utm_\w+|fbclid|gclid|at_medium|at_campaign|ns_mchannel|ns_campaign|mc_[ce]id", re.IGNORECASE
)
"""Parameters of links that say by which way a reader came."""

ID_BYTES: Final = 5
CONTENT_BYTES: Final = 3
ALIAS_BYTES: Final = 4
"""Sizes of the marks of an entry. Among 500 entries of a feed, two ids have the same mark once in 10 million feeds."""


class EntryMarks(NamedTuple):
    """By what an entry is recognised.

    Parameters
    ----------
    id
        Mark of its id.
    content
        Mark of its text, by which an edit is noticed.
    alias
        Mark of its text and date, by which it is recognised under another id.
    """

    id: bytes
    content: bytes
    alias: bytes


def ids_of(entries: Sequence[FeedEntry], texts: Sequence[str], feed: str, feed_links: frozenset[str]) -> list[str]:
    """Return the ids of the posts of the entries of a document.

    Parameters
    ----------
    entries
        Entries.
    texts
        Texts of their posts.
    feed
        Name of the feed, in which guids count that are no URIs.
    feed_links
        Addresses of the feed itself, which are no guids of entries.
    """
    own = {canonical(link) for link in feed_links}
    guids: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    links: defaultdict[str, set[str]] = defaultdict(set)
    titles: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entry, text in zip(entries, texts, strict=True):
        link = canonical(entry.link)
        guids[entry.guid].add((entry.link, entry.title))
        links[link].add(entry.title or text)
        titles[link, entry.title].add(text)

    def id_of(entry: FeedEntry, text: str) -> str:
        if entry.guid and len(guids[entry.guid]) == 1 and canonical(entry.guid) not in own:
            return canonical(entry.guid) if _URI.fullmatch(entry.guid) else f"{feed}#{entry.guid}"
        link = canonical(entry.link)
        if link and not entry.guid and len(links[link]) == 1 and link not in own:
            return link
        words = entry.title if entry.title and len(titles[link, entry.title]) == 1 else text
        return f"{link or feed}#{_digest(words, 6 if link else 10).hex()}"

    return [_short(id_of(entry, text)) for entry, text in zip(entries, texts, strict=True)]


def canonical(url: str) -> str:
    """Return an address as it is compared: with https, without a default port, and without parameters of tracking.

    >>> canonical("HTTP://News.example:80/a?utm_source=rss&id=7"), canonical("urn:uuid:6a0e")
    ('https://news.example/a?id=7', 'urn:uuid:6a0e')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return url
    host = parts.hostname if port in {None, 80, 443} else f"{parts.hostname}:{port}"
    query = parts.query
    if _TRACKING.search(query):
        query = urlencode([each for each in parse_qsl(query, keep_blank_values=True) if not _TRACKING.match(each[0])])
    return urlunsplit(("https", host, parts.path or "/", query, parts.fragment))


def marks_of(id: str, text: str, date: str, link: str) -> EntryMarks:
    """Return the marks of an entry.

    Parameters
    ----------
    id, text
        Id and text of its post.
    date
        Date that it states, as text; empty if it states none, and its link counts in its place.
    link
        Address of its page.
    """
    alias = f"{text}\0{date or canonical(link).partition('//')[2]}"
    return EntryMarks(_digest(id, ID_BYTES), _digest(text, CONTENT_BYTES), _digest(alias, ALIAS_BYTES))


def _short(id: str) -> str:
    """Return an id that fits: without characters that can't be seen, and not too long."""
    if has_hidden(id):
        id = f"{without_hidden(id)[: MAX_ID_CHARS - 33]}~{_digest(id, 16).hex()}"
    if len(id) <= MAX_ID_CHARS:
        return id
    return f"{id[: MAX_ID_CHARS - 33]}~{_digest(id, 16).hex()}"


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).digest()
