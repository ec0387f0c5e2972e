"""Keeps one source going: waits for its turn, owns it, reads it, and saves how far."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import ConfigError, MissingPackage
from streams.kafka.cursor_board import BEAT_SECONDS
from streams.kafka.exclusive_writer import Fenced
from streams.runtime import live_metrics
from streams.runtime.shutdown import DRAIN_SECONDS
from streams.sources.live.base import SourceHealth
from streams.sources.live.registry import make_source
from streams.workers.post_sender import PostSender
from streams.workers.sources.door import Door
from streams.workers.sources.outbox import Outbox
from streams.workers.sources.ownership import OtherKind, check_kind, owned
from streams.workers.sources.reading import REFUSED_SECONDS, SourceReader
from streams.workers.sources.tasks import until_one_ends

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

    from streams.config import Config
    from streams.config.sources.base import SourceSettings
    from streams.kafka.cursor_board import CursorBoard
    from streams.records import Gap
    from streams.sources.live.base import LiveSource, Surroundings
    from streams.workers.sources.ownership import Ownership

TURN_SECONDS: Final = 1.0
"""Time between two looks whether a source is free."""

log = structlog.get_logger()


class SourceKeeper:
    """Keeps one source going.

    Parameters
    ----------
    config
        The whole config.
    settings
        The entry of the source.
    board
        The cursors of all sources, kept up to date by the worker.
    client
        A started producer.
    surroundings
        What the source gets.
    stop
        Set to end in order.
    """

    def __init__(
        self,
        config: Config,
        settings: SourceSettings,
        *,
        board: CursorBoard,
        client: AIOKafkaProducer,
        surroundings: Surroundings,
        stop: asyncio.Event,
    ) -> None:
        self._config = config
        self._settings = settings
        self._board = board
        self._surroundings = surroundings
        self._stop = stop
        self._sender = PostSender(config, client, settings.id)
        self._door: Door | None = None
        self._refusal = ""
        live_metrics.OWNED.labels(settings.id).set(0)
        live_metrics.REFUSED.labels(settings.id).set(0)
        live_metrics.EXPECTED_SILENCE.labels(settings.id).set(settings.expected_silence_seconds)

    @property
    def id(self) -> str:
        """Return the id of the source."""
        return self._settings.id

    def use(self, config: Config) -> None:
        """Filter by the brands of another config."""
        if self._door is not None:
            self._door.use(config)
        self._config = config

    async def keep(self) -> None:
        """Keep the source going until it ends by itself or `stop` is set.

        Raises
        ------
        KafkaError
            If the broker does not answer, refuses, or does not allow it.
        """
        while not self._stop.is_set():
            try:
                check_kind(self._settings, self._board)
                if not self._board.is_free(self.id):
                    await self._pause(TURN_SECONDS)
                    continue
                try:
                    source = self._made()
                except (ConfigError, MissingPackage) as error:
                    await self._record_refusal(error.in_one_line)
                    await self._refuse(error.in_one_line)
                    continue
                async with owned(self._config, self._settings, self._board) as ownership:
                    await self._own(source, ownership)
                if source.ends:
                    live_metrics.EXPECTED_SILENCE.remove(self.id)  # nothing is expected of it any more
                    return
            except Fenced:
                log.warning("another process reads the source now; this one waits for it", source=self.id)
                await self._pause(TURN_SECONDS)
            except OtherKind as error:
                await self._refuse(str(error))
            finally:
                self._show_nothing()

    def _made(self) -> LiveSource:
        """Return the source, made again, so that it reads its files again."""
        source = make_source(self._settings, self._surroundings)
        live_metrics.REFUSED.labels(self.id).set(0)
        self._refusal = ""
        if self._door is None:
            self._door = Door(self._config, self._settings, claims_language=source.claims_language)
        return source

    async def _own(self, source: LiveSource, ownership: Ownership) -> None:
        """Read the source while this process owns it."""
        live_metrics.OWNED.labels(self.id).set(1)
        assert self._door is not None  # noqa: S101  made with the source

        def on_gap(gap: Gap) -> None:
            ownership.note(gap)
            live_metrics.GAPS.labels(self.id).inc()
            live_metrics.GAP_SECONDS.labels(self.id).inc(max(0, gap.to_ms - gap.from_ms) / 1000)
            log.warning(
                "gap in a source", source=self.id, cause=gap.cause, part=gap.part, detail=gap.detail,
                from_ms=gap.from_ms, to_ms=gap.to_ms,
            )  # fmt: skip

        outbox = Outbox(
            self.id,
            self._door,
            self._sender,
            on_gap=on_gap,
            limit=max(1_000, self._config.ingest.recent_ids // 2),
            hurry=ownership.hurry,
        )
        outbox.position = ownership.position
        reader = SourceReader(source, outbox, self._surroundings)
        await ownership.save(outbox.position, source.health, "connecting", ends=False)
        log.info("reading source", source=self.id, kind=self._settings.kind, resumed=ownership.position is not None)
        settling = asyncio.create_task(outbox.settle())
        try:
            parts = (reader.read(), _shielded(settling), self._save(source, outbox, ownership), self._stop.wait())
            await until_one_ends(*parts)
            with suppress(TimeoutError):  # what is not acknowledged is read again after the next start
                await asyncio.wait_for(outbox.drained(), DRAIN_SECONDS)
            done = source.ends and not self._stop.is_set()
            await ownership.save(outbox.position, source.health, "done" if done else "stopped", ends=True)
            log.info("source is done" if done else "source stopped", source=self.id)
        finally:
            settling.cancel()
            await asyncio.wait([settling])
            outbox.give_up()

    async def _save(self, source: LiveSource, outbox: Outbox, ownership: Ownership) -> None:
        """Save the position while it advances, and the condition of the source now and then."""
        saved, state = time.monotonic(), ""
        while True:
            await ownership.due()
            self._show(source)
            now, health = time.monotonic(), source.health
            if outbox.position == ownership.position and health.state == state and now - saved < BEAT_SECONDS:
                await outbox.saved()
                continue
            saved, state = now, health.state
            await ownership.save(outbox.position, health, health.state, ends=False)
            await outbox.saved()

    async def _record_refusal(self, why: str) -> None:
        """Have the status of the source say why it is not read."""
        async with owned(self._config, self._settings, self._board) as ownership:
            await ownership.save(ownership.position, SourceHealth(why=why), "refused", ends=True)

    def _show_nothing(self) -> None:
        """Take the condition of the source out of the metrics, since this process does not read it."""
        live_metrics.OWNED.labels(self.id).set(0)
        for gauge in live_metrics.CONDITIONS:
            with suppress(KeyError):
                gauge.remove(self.id)

    def _show(self, source: LiveSource) -> None:
        """Show the condition of the source in the metrics."""
        health = source.health
        live_metrics.CONNECTED.labels(self.id).set(health.state in {"live", "catching_up", "limited"})
        live_metrics.REFUSED.labels(self.id).set(health.state == "refused")
        live_metrics.LIMITED.labels(self.id).set(health.state == "limited")
        live_metrics.PARTIAL.labels(self.id).set(health.state == "live" and health.why != "")
        for gauge, value in (
            (live_metrics.BEHIND, health.behind_ms),
            (live_metrics.POST_TIME, health.post_ms),
            (live_metrics.HEARD_TIME, health.heard_ms),
        ):
            if value is not None:
                gauge.labels(self.id).set(value / 1000)

    async def _refuse(self, why: str) -> None:
        """Log that somebody has to change something, loudly once, and wait."""
        live_metrics.REFUSED.labels(self.id).set(1)
        level = log.info if why == self._refusal else log.error
        self._refusal = why
        level("source refused; it is tried again every 15 minutes", source=self.id, why=why)
        await self._pause(REFUSED_SECONDS)

    async def _pause(self, seconds: float) -> None:
        """Wait, or return as soon as `stop` is set."""
        await asyncio.wait([stopping := asyncio.create_task(self._stop.wait())], timeout=seconds)
        stopping.cancel()


async def _shielded(task: asyncio.Task[None]) -> None:
    """Wait for a task that goes on when the wait is cancelled."""
    await asyncio.shield(task)
