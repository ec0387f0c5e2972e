"""A source of instances of Mastodon that run in the test, and readings of it, with a clock that skips waits."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from streams.config import Config
from streams.config.sources.mastodon import MastodonSettings
from streams.sources.live.base import Found, Surroundings
from streams.sources.live.mastodon.source import MastodonSource
from tests.support.mastodon_server import TOKEN
from tests.support.patience import until
from tests.support.source_reading import NORDTEL, Read, read_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.support.mastodon_server import MastodonServer


class SkippingClock:
    """The clock of this machine, moved on by each wait, which takes no time.

    Attributes
    ----------
    waits
        The waits so far, in seconds.
    """

    def __init__(self) -> None:
        self.skipped_ms = 0
        self.waits: list[float] = []

    def now_ms(self) -> int:
        """Return milliseconds since the epoch."""
        return time.time_ns() // 1_000_000 + self.skipped_ms

    async def sleep(self, seconds: float) -> None:
        """Move on, and let others run."""
        self.waits.append(seconds)
        self.skipped_ms += int(seconds * 1000)
        await asyncio.sleep(0.002)


def surroundings(clock: SkippingClock, config: Config | None = None) -> Surroundings:
    """Return surroundings with this clock, and with chance that repeats."""
    return Surroundings(
        config or Config.model_validate({"brands": [NORDTEL]}),
        now_ms=clock.now_ms,
        sleep=clock.sleep,
        chance=random.Random(7),
    )


def settings_of(
    folder: Path, *servers: MastodonServer, instance: dict[str, Any] | None = None, **changes: Any
) -> MastodonSettings:
    """Return settings with an entry for each server, each with the same token and further settings."""
    token_file = folder / "token"
    if not token_file.exists():
        token_file.write_text(f"{TOKEN}\n")
    instances = [{"host": server.url, "token_file": token_file} | (instance or {}) for server in servers]
    return MastodonSettings.model_validate(
        {"id": "fediverse", "kind": "mastodon", "instances": instances, "allow_private": True} | changes
    )


def source_of(
    folder: Path,
    *servers: MastodonServer,
    clock: SkippingClock | None = None,
    instance: dict[str, Any] | None = None,
    **changes: Any,
) -> MastodonSource:
    """Return a source that reads the servers."""
    settings = settings_of(folder, *servers, instance=instance, **changes)
    return MastodonSource(settings, surroundings(clock or SkippingClock()))


@asynccontextmanager
async def reading_of(
    source: MastodonSource, holds: Callable[[Read], bool], reading: Read | None = None
) -> AsyncIterator[Read]:
    """Read a source while the body runs, and after it until a condition holds."""
    reading = Read() if reading is None else reading
    task = asyncio.create_task(read_until(source, holds, into=reading))
    try:
        yield reading
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_live(source: MastodonSource) -> None:
    """Wait until every stream of a source is read."""
    await until(lambda: source.health.state == "live" and not source.health.why)


def has(count: int, *kinds: type) -> Callable[[Read], bool]:
    """Return the condition that so many items of each kind have been read; posts by default."""
    return lambda reading: all(len(reading.of(kind)) >= count for kind in kinds or (Found,))


def id_at(server: MastodonServer, status: dict[str, Any]) -> str:
    """Return the id of a post that is named after its instance."""
    return f"{server.url.partition('://')[2]}/{status['id']}"


async def begun(folder: Path, server: MastodonServer, **changes: Any) -> Read:
    """Return a reading that has begun with one post, and ended."""
    source = source_of(folder, server, **changes)
    async with reading_of(source, has(1)) as reading:
        await until_live(source)
        server.publish("the first post")
    return reading
