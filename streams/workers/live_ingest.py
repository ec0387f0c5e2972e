"""Worker ``sources``: posts of live sources go to `social.posts`, as they are published.

One process reads any number of sources, each in tasks of its own, and one that fails does not hold up the others. Of
several processes one reads a source, and the others stand by (`streams.kafka.cursor_board`). A position is saved after
the broker has acknowledged all posts before it, so a crash repeats posts, which `score` drops, and loses none.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog

from streams.config.author_key import check_author_key
from streams.errors import BrokerUnreachable, ConfigError, MissingPackage
from streams.kafka.clients import DELIVERY_FACTOR, producer
from streams.kafka.cursor_board import cursor_board
from streams.kafka.preflight import preflight
from streams.runtime import metrics
from streams.runtime.health import serve_health
from streams.runtime.live_config import LiveConfig
from streams.sources.live.base import Surroundings
from streams.sources.live.registry import make_source
from streams.workers.sources.keeper import SourceKeeper
from streams.workers.sources.tasks import until_all_end, until_one_ends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config import Config, KafkaSettings
    from streams.config.sources.base import SourceSettings
    from streams.kafka.cursor_board import CursorBoard

BOARD_SECONDS: Final = 1.0
"""Time between two looks at the cursors of other processes."""

log = structlog.get_logger()


async def live_ingest(
    config: Config, sources: Sequence[SourceSettings], stop: asyncio.Event, file: LiveConfig | None = None
) -> None:
    """Read sources until `stop` is set or all of them have ended by themselves.

    Parameters
    ----------
    config
        The whole config.
    sources
        Entries of the section `sources`.
    stop
        Set it to end in order: what has been read is acknowledged first.
    file
        Follows the config file; without it the config never changes.

    Raises
    ------
    ConfigError
        If none of the sources can be made, or authors would be hashed with a key that everybody knows where others can
        read the hashes.
    KafkaError
        If no broker answers, a topic is missing or not as it must be, or a record can't be written.
    PortTaken
        If another process listens on `metrics.sources_port`.
    """
    if config.ingest.hash_authors and (warning := check_author_key(config)):
        log.warning("there is no key of its own for hashing authors", detail=warning)
    _check_made(config, sources)
    async with serve_health(config, "sources") as (health, address):
        await preflight(config, "sources")
        async with producer(config.kafka) as client, cursor_board(config) as board:
            keepers = [
                SourceKeeper(config, settings, board=board, client=client, surroundings=Surroundings(config), stop=stop)
                for settings in sources
            ]
            log.info("starting", metrics=address, sources=[keeper.id for keeper in keepers])
            health.ready_unless(lambda: None)
            following = file or LiveConfig(config)
            health.follow_config(lambda: following.refusal)
            keeping = until_all_end(*[keeper.keep() for keeper in keepers])
            await until_one_ends(keeping, _follow(board, config.kafka), _apply(following, keepers))
    log.info("stopped")


def _check_made(config: Config, sources: Sequence[SourceSettings]) -> None:
    """Refuse to start where no source can be made; a single one that can't is reported later, and the others go on."""
    problems: list[str] = []
    for settings in sources:
        try:
            make_source(settings, Surroundings(config))
        except ConfigError as error:
            problems += [f"source {settings.id}: {problem}" for problem in error.problems]
        except MissingPackage as error:
            problems.append(f"source {settings.id}: {error}")
        else:
            return
    raise ConfigError(problems)


async def _follow(board: CursorBoard, settings: KafkaSettings) -> None:
    """Keep the cursors of other processes up to date, and end in an outage that outlasts the delivery of posts."""
    answered = time.monotonic()
    while True:
        try:
            await board.refresh()
        except BrokerUnreachable:
            metrics.KAFKA_CONNECTED.set(0)
            if time.monotonic() - answered > DELIVERY_FACTOR * settings.request_timeout_seconds:
                raise
        else:
            metrics.KAFKA_CONNECTED.set(1)
            answered = time.monotonic()
        await asyncio.sleep(BOARD_SECONDS)


async def _apply(file: LiveConfig, keepers: Sequence[SourceKeeper]) -> None:
    """Filter by changed brands from the next post on."""

    async def apply() -> None:
        config = file.config
        while True:
            await asyncio.sleep(BOARD_SECONDS)
            if file.config is not config:
                config = file.config
                for keeper in keepers:
                    await asyncio.to_thread(keeper.use, config)
                metrics.CONFIG.info({"version": config.version})

    await until_one_ends(file.follow(), apply())
