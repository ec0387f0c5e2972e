"""Feeds for tests, and a source of them whose clock leaps to the next request."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from streams.config import Config
from streams.config.sources.feeds import FeedsSettings
from streams.records import Gap
from streams.sources.live.base import Batch, Found, Surroundings
from streams.sources.live.feeds.source import Feeds
from streams.sources.live.http import SourceHttp, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.sources.live.base import Item, Position
    from streams.sources.live.feeds.state import FeedState
    from tests.support.http_faults import HttpFaults

NOON_MS: Final = 1_796_040_000_000
"""30 November 2026, 12:00 UTC."""

HOUR_MS: Final = 3_600_000

CONFIG: Final = Config.model_validate({"brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["Nordtel"]}}]})


class FeedItem(NamedTuple):
    """An entry to write; an empty part is left out."""

    title: str = "Kein Netz"
    guid: str = ""
    text: str = ""
    date: str = ""
    link: str = ""


def item(
    number: int, *, hours_ago: float | None = 0.0, at_ms: int = NOON_MS, title: str = "", text: str = ""
) -> FeedItem:
    """Return an entry with a number, published before the given moment; without a date if the hours are None."""
    date = "" if hours_ago is None else formatdate(at_ms / 1000 - hours_ago * 3_600, usegmt=True)
    return FeedItem(
        title or f"Meldung {number}",
        f"tag:news.example,2026:{number}",
        text or f"Text der Meldung {number}",
        date,
        f"https://news.example/{number}",
    )


def rss(items: Iterable[FeedItem], *, head: str = "") -> bytes:
    """Return RSS 2.0."""
    parts = []
    for each in items:
        fields = {
            "title": each.title,
            "guid": each.guid,
            "description": each.text,
            "pubDate": each.date,
            "link": each.link,
        }
        parts.append("".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value))
    entries = "".join(f"<item>{part}</item>" for part in parts)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Nachrichten</title>'
        f"<link>https://news.example/</link>{head}{entries}</channel></rss>"
    ).encode()


def atom(items: Iterable[FeedItem], *, language: str = "de") -> bytes:
    """Return Atom 1.0; dates are given as RFC 3339."""
    entries = "".join(
        f"<entry><id>{escape(each.guid)}</id><title>{escape(each.title)}</title><updated>{each.date}</updated>"
        f"<link href={quoteattr(each.link)}/><content type='html'>{escape(each.text)}</content></entry>"
        for each in items
    )
    head = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}"><title>Nachrichten</title><id>urn:x</id>'
    return f'<?xml version="1.0" encoding="utf-8"?>{head}{entries}</feed>'.encode()


class QuickFeeds(Feeds):
    """The source with short timeouts."""

    def _client(self) -> SourceHttp:
        client = super()._client()
        client._timeouts = Timeouts(connect_seconds=10, header_seconds=1.0, body_seconds=1.0)
        return client


class LeapingClock:
    """A clock that leaps to the next request as soon as no request runs.

    Parameters
    ----------
    now_ms
        The present, milliseconds since the epoch.
    until_ms
        The time beyond which it does not leap, but only goes on.
    """

    def __init__(self, now_ms: int = NOON_MS, until_ms: int | None = None) -> None:
        self.ms = now_ms
        self.until_ms = until_ms
        self.source: Feeds | None = None

    def now_ms(self) -> int:
        """Return the present."""
        return self.ms

    async def sleep(self, seconds: float) -> None:
        """Wait until no request runs, and let time pass."""
        await asyncio.sleep(0)
        source = self.source
        if source is None:
            return
        while source._running:
            await asyncio.wait(source._running, timeout=1)
            await asyncio.sleep(0)
        due = [state.due_ms for state in source._states.values() if not state.has_ended]
        leap = min(due, default=self.ms)
        if self.until_ms is not None:
            leap = min(leap, self.until_ms)
        self.ms = max(self.ms + int(seconds * 1000), leap)


class FeedSession:
    """A source of feeds on a server, its clock, and all that it has yielded.

    Parameters
    ----------
    urls
        Addresses of the feeds.
    settings
        Further settings.
    now_ms
        When it begins.

    Attributes
    ----------
    items
        All items so far.
    position
        The newest position.
    """

    def __init__(self, *urls: str, now_ms: int = NOON_MS, seed: int = 17, **settings: Any) -> None:
        chosen = {"allow_private": True, "poll_seconds": 3_600} | settings
        self.settings = FeedsSettings(id="news", kind="feeds", urls=list(urls), **chosen)
        self.clock = LeapingClock(now_ms)
        self._chance = random.Random(seed)
        self.items: list[Item] = []
        self.batches: list[Batch] = []
        self.position: Position | None = None
        self.source = self.made()

    def made(self) -> QuickFeeds:
        """Return the source, made again as after a restart."""
        surroundings = Surroundings(CONFIG, self.clock.now_ms, self.clock.sleep, self._chance)
        self.source = QuickFeeds(self.settings, surroundings)
        self.clock.source = self.source
        return self.source

    async def until(self, condition: Callable[[], bool], timeout_seconds: float = 120.0) -> list[Item]:
        """Read from the newest position until a condition holds; return the items of this time."""
        start = len(self.items)
        async with asyncio.timeout(timeout_seconds), aclosing(self.made().batches(self.position)) as batches:
            async for batch in batches:
                self.batches.append(batch)
                self.items += batch.items
                self.position = batch.position or self.position
                if condition():
                    break
        return self.items[start:]

    async def polls(self, server: HttpFaults, path: str, times: int = 1) -> list[Item]:
        """Read until a path has been asked for so many times more and all is yielded; return the items."""
        before = len(server.seen(path))

        def is_done() -> bool:
            return len(server.seen(path)) >= before + times and not self.source._running

        items = await self.until(is_done)
        self.position = self.source._position()
        return items

    def state(self, number: int = 0) -> FeedState:
        """Return the state of a feed, by its place in the list."""
        return list(self.source._states.values())[number]

    @property
    def found(self) -> list[Found]:
        """Return the posts so far."""
        return [each for each in self.items if isinstance(each, Found)]


def texts(items: Iterable[Item]) -> list[str]:
    """Return the texts of the posts among items."""
    return [each.fields["text"] for each in items if isinstance(each, Found)]


def gaps(items: Iterable[Item]) -> list[Gap]:
    """Return the gaps among items."""
    return [each for each in items if isinstance(each, Gap)]
