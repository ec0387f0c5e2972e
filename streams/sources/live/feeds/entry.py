"""Entries of feeds, whatever format they came in, and the posts that they become."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import orjson

from streams.core.text.clean import normalise

if TYPE_CHECKING:
    from streams.errors import RecordError
    from streams.sources.live.feeds.dates import EntryTime, StatedDate

MAX_ENTRIES: Final = 20_000
"""Entries that a document may have."""

MAX_PART_CHARS: Final = 100_000
"""Longest title or text that is looked at, in characters with its markup."""

_ENDS_A_SENTENCE: Final = re.compile(r"[.!?…:;»\"”)\]]\Z")


class FeedEntry(NamedTuple):
    """An entry of a feed.

    Parameters
    ----------
    guid
        Its id, as stated; empty if it has none.
    link
        Address of its page; empty if it has none.
    title, text
        HTML.
    dates
        Dates that it states, in the order in which they count.
    author, language
        As stated; empty if absent.
    publisher
        Address of the publisher of an entry that the feed has taken from elsewhere; empty if it names none.
    """

    guid: str = ""
    link: str = ""
    title: str = ""
    text: str = ""
    dates: tuple[StatedDate, ...] = ()
    author: str = ""
    language: str = ""
    publisher: str = ""

    def raw(self) -> bytes:
        """Return the entry as JSON, for a dead letter."""
        fields = self._asdict() | {"dates": [date.text for date in self.dates]}
        return orjson.dumps({name: _printable(value) for name, value in fields.items() if value})


class BadEntry(NamedTuple):
    """A part of a feed that should be an entry and is none.

    Parameters
    ----------
    error
        Reason and detail.
    raw
        The part as JSON.
    """

    error: RecordError
    raw: bytes


class FeedDocument(NamedTuple):
    """A feed as it was received.

    Parameters
    ----------
    entries
        Entries, in the order of the feed.
    link
        Address of the page that the feed belongs to; empty if it names none.
    language
        Language of the feed; empty if it names none.
    least_seconds
        Time between two requests that the feed asks for; 0 if it asks for none.
    """

    entries: list[FeedEntry | BadEntry]
    link: str = ""
    language: str = ""
    least_seconds: float = 0


def text_of(entry: FeedEntry) -> str:
    """Return the text of the post of an entry: its title and its text, as one line without markup.

    A title that only repeats the beginning of the text, as in feeds of short messages, is left out.

    >>> text_of(FeedEntry(title="Kein Netz", text="<p>Seit heute früh.</p>"))
    'Kein Netz. Seit heute früh.'
    >>> text_of(FeedEntry(title="Kein Netz seit …", text="Kein Netz seit heute früh"))
    'Kein Netz seit heute früh'
    """
    title = normalise(entry.title[:MAX_PART_CHARS], MAX_PART_CHARS)
    text = normalise(entry.text[:MAX_PART_CHARS], MAX_PART_CHARS)
    if not title or not text:
        return title or text
    if text.startswith(title.rstrip(".… ")):
        return text
    return f"{title} {text}" if _ENDS_A_SENTENCE.search(title) else f"{title}. {text}"


def post_of(entry: FeedEntry, id: str, text: str, time: EntryTime, *, feed_host: str, language: str) -> dict[str, Any]:
    """Return the fields of the post of an entry.

    Parameters
    ----------
    entry
        The entry.
    id
        Id of the post.
    text
        Its text, from `text_of`.
    time
        When it was published, or first seen.
    feed_host
        Host of the feed. It stands for the publisher, which distinguishes authors of the same name.
    language
        Language of the feed.
    """
    publisher = host_name(entry.publisher) or feed_host
    author = " ".join(entry.author.split())[:150]
    return {
        "id": id,
        "created_at": time.ms,
        "text": html.escape(text, quote=False),  # it is no HTML any more
        "author": f"{author} ({publisher})" if author else publisher,
        "lang": entry.language or language or None,
        "url": entry.link or None,
    }


def host_name(url: str) -> str:
    """Return the name of the host of an address, in small letters and without ``www.``; empty if it has none.

    >>> host_name("https://www.Zeitung.example:443/feed"), host_name("Zeitung")
    ('zeitung.example', '')
    """
    try:
        return (urlsplit(url.strip()).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MAX_PART_CHARS].encode("utf-8", "replace").decode()
    return [_printable(each) for each in value] if isinstance(value, list) else value
