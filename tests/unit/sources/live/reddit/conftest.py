"""A server of Reddit, the secret of its app, and pauses that cost no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.sources.live import inbox
from tests.support.reddit_reading import give_secret
from tests.support.reddit_server import RedditServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(autouse=True)
def _secret_and_short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    give_secret(monkeypatch)
    monkeypatch.setattr(inbox, "PAUSE_SECONDS", 0.05)


@pytest.fixture
async def server() -> AsyncIterator[RedditServer]:
    async with RedditServer() as server:
        yield server
