"""A source of instances of Mastodon that run in the test, and readings of it, with a clock that skips waits."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streams.config import Config
from streams.config.sources.mastodon import MastodonSettings
from streams.sources.live.base import Found, Surroundings
from streams.sources.live.mastodon.source import MastodonSource
from tests.support.mastodon_server import TOKEN
from tests.support.patience import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from streams.sources.live.base import Item, LiveSource, Position
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
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    return Surroundings(
        config or Config.model_validate({"brands": [brand]}),
        now_ms=clock.now_ms,
        sleep=clock.sleep,
        chance=random.Random(7),
    )


@dataclass
class Reading:
    """What a source has yielded so far."""

    items: list[Item] = field(default_factory=list)
    position: Position | None = None

    def of(self, kind: type) -> list[Any]:
        """Return the items of a kind."""
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def ids(self) -> list[str]:
        """Return the ids of the posts, in their order."""
        return [item.fields["id"] for item in self.items if isinstance(item, Found)]

    def latest(self, items: int = 400) -> set[str]:
        """Return the ids of the posts among the last items."""
        return {item.fields["id"] for item in self.items[-items:] if isinstance(item, Found)}


async def read_until(
    source: LiveSource,
    holds: Callable[[Reading], bool],
    *,
    position: Position | None = None,
    reading: Reading | None = None,
    timeout_seconds: float = 60.0,
) -> Reading:
    """Read a source until a condition holds, which is looked at after each batch; then end it.

    Parameters
    ----------
    reading
        What was read before, which is added to; its position is resumed from.
    """
    reading = reading if reading is not None else Reading(position=position)
    async with asyncio.timeout(timeout_seconds), aclosing(source.batches(reading.position)) as batches:
        async for batch in batches:
            reading.items += batch.items
            reading.position = batch.position if batch.position is not None else reading.position
            if holds(reading):
                break
    return reading


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
    source: MastodonSource, holds: Callable[[Reading], bool], reading: Reading | None = None
) -> AsyncIterator[Reading]:
    """Read a source while the body runs, and after it until a condition holds."""
    reading = reading if reading is not None else Reading()
    task = asyncio.create_task(read_until(source, holds, reading=reading))
    try:
        yield reading
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_live(source: MastodonSource) -> None:
    """Wait until every stream of a source is read."""
    await until(lambda: source.health.state == "live" and not source.health.why)


def has(count: int, *kinds: type) -> Callable[[Reading], bool]:
    """Return the condition that so many items of each kind have been read; posts by default."""
    return lambda reading: all(len(reading.of(kind)) >= count for kind in kinds or (Found,))


def id_at(server: MastodonServer, status: dict[str, Any]) -> str:
    """Return the id of a post that is named after its instance."""
    return f"{server.url.partition('://')[2]}/{status['id']}"


async def begun(folder: Path, server: MastodonServer, **changes: Any) -> Reading:
    """Return a reading that has begun with one post, and ended."""
    source = source_of(folder, server, **changes)
    async with reading_of(source, has(1)) as reading:
        await until_live(source)
        server.publish("the first post")
    return reading
