"""Reading of a source of Reddit without Kafka, poll by poll, with a clock that a test moves."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from streams.config import Config
from streams.config.sources.reddit import REDDIT_SECRET_VARIABLE, RedditSettings
from streams.records import Gap
from streams.sources.live.base import Bad, Deleted, Found, Skipped, Surroundings
from streams.sources.live.reddit.source import RedditSource
from tests.support.reddit_server import CLIENT_SECRET
from tests.support.source_reading import NORDTEL

if TYPE_CHECKING:
    import pytest

    from streams.sources.live.base import Item, Position
    from tests.support.reddit_server import RedditServer

START_MS: Final = 1_796_000_000_000
"""When tests begin to publish; the clock of a source is two hours later, so that no post is younger than it."""

SECONDS: Final = 120.0
"""Longest wait: far longer than it takes on a machine with nothing else to do."""


class RedditReader:
    """Reads a source poll by poll: its sleep between two polls ends when the test asks for the next one.

    Parameters
    ----------
    server
        The server.
    options
        Further settings of the source.

    Attributes
    ----------
    items
        All items, in order.
    position
        Last position.
    ms
        The clock, milliseconds since the epoch; a sleep moves it.
    polls
        Number of polls so far.
    """

    def __init__(self, server: RedditServer, **options: Any) -> None:
        entry = server.settings(**options)
        self._config = Config.model_validate({"brands": [NORDTEL], "sources": [entry]})
        self._settings = RedditSettings.model_validate(entry)
        self.items: list[Item] = []
        self.position: Position | None = None
        self.ms = START_MS + 7_200_000
        self.slept: list[float] = []
        self.polls = self._wanted = 0
        self.source = self._made()

    def _made(self) -> RedditSource:
        return RedditSource(self._settings, Surroundings(self._config, lambda: self.ms, self._sleep))

    def restart(self) -> None:
        """Begin as another process does, which knows the position alone."""
        self.source = self._made()

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ms += round(seconds * 1000)
        if self.source.health.state == "live":
            self.polls += 1
            await asyncio.sleep(0.005 if self.polls < self._wanted else 3_600)

    async def poll(self, times: int = 1) -> list[Item]:
        """Connect, read all listings so many times, and return what came.

        Raises
        ------
        SourceError
            If the connection ends before.
        """
        self.polls, self._wanted = 0, times
        received: list[Item] = []
        async with asyncio.timeout(SECONDS), aclosing(self.source.batches(self.position)) as batches:
            async for batch in batches:
                received += batch.items
                self.items += batch.items
                self.position = batch.position if batch.position is not None else self.position
                if self.polls >= times and not batch.items and batch.position is None:
                    break
        return received

    @property
    def texts(self) -> list[str]:
        """Return the texts of the posts, in the order in which they came."""
        return texts_of(self.items)

    @property
    def gaps(self) -> list[Gap]:
        """Return the gaps."""
        return [item for item in self.items if isinstance(item, Gap)]


def texts_of(items: list[Item]) -> list[str]:
    """Return the texts of the posts among items."""
    return [item.fields["text"] for item in items if isinstance(item, Found)]


def deleted_of(items: list[Item]) -> list[str]:
    """Return the ids of deletions among items."""
    return [item.id for item in items if isinstance(item, Deleted)]


def kinds_of(items: list[Item]) -> set[str]:
    """Return the names of the types of items, with the reason of what is skipped or bad."""
    return {
        f"Skipped {item.reason}" if isinstance(item, Skipped)
        else f"Bad {item.error.reason}" if isinstance(item, Bad)
        else type(item).__name__
        for item in items
    }  # fmt: skip


def give_secret(monkeypatch: pytest.MonkeyPatch, secret: str = CLIENT_SECRET) -> None:
    """Set the secret of the app."""
    monkeypatch.setenv(REDDIT_SECRET_VARIABLE, secret)
