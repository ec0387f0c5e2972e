"""An instance of Mastodon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.mastodon_server import MastodonServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def server() -> AsyncIterator[MastodonServer]:
    async with MastodonServer() as server:
        yield server
