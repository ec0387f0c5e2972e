"""The reading of one source: connect, read, and after a failure wait and begin again where the broker has it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import ConfigError, FirewatchError, MissingPackage, SourceError, SourceRefused, SourceUnavailable
from streams.runtime import live_metrics
from streams.sources.live.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from streams.sources.live.base import Batch, LiveSource, Surroundings
    from streams.workers.sources.outbox import Outbox

SILENT_SECONDS: Final = 120.0
"""Time without a batch, not even an empty one, after which a source counts as stalled; one comes every second."""

REFUSED_SECONDS: Final = 900.0
"""Time after which a source that was refused is tried again."""

STEADY_SECONDS: Final = 60.0
"""Time for which a connection has to last, or to bring something, for the next failure to count as the first."""

log = structlog.get_logger()


class SourceReader:
    """Reads one source until it ends by itself or is cancelled.

    Parameters
    ----------
    source
        The source.
    outbox
        Takes its batches.
    surroundings
        Its clock, sleep and chance.
    """

    def __init__(self, source: LiveSource, outbox: Outbox, surroundings: Surroundings) -> None:
        self._source = source
        self._outbox = outbox
        self._surroundings = surroundings
        self._backoff = Backoff(surroundings.chance)
        self._complaint = ""

    async def read(self) -> None:
        """Read until the source ends by itself.

        Raises
        ------
        KafkaError
            If the broker does not take what is read.
        """
        while True:
            try:
                await self._connect()
            except _Failure as failure:
                await self._outbox.drained()
                await self._wait_after(failure.error)
            else:
                return

    async def _connect(self) -> None:
        """Read until the source ends by itself.

        Raises
        ------
        _Failure
            If it fails, or its connection ends.
        """
        health = self._source.health
        health.state, health.why = "connecting", ""
        started = self._surroundings.now_ms()
        async with aclosing(self._source.batches(self._outbox.position)) as batches:
            while (batch := await self._next(batches)) is not None:
                if batch.items or self._surroundings.now_ms() - started > STEADY_SECONDS * 1000:
                    self._backoff.succeeded()
                    self._complaint = ""
                await self._outbox.put(batch)
                await asyncio.sleep(0)  # a source with much to give must not hold up the others
        if not self._source.ends:
            raise _Failure(SourceUnavailable(self._source.id, "ended", "the connection ended"))

    async def _next(self, batches: AsyncGenerator[Batch, None]) -> Batch | None:
        """Return the next batch, None at the end."""
        deadline = asyncio.timeout(SILENT_SECONDS)
        try:
            async with deadline:
                return await anext(batches, None)
        except TimeoutError as error:
            if not deadline.expired():
                raise _Failure(error) from error
            problem = f"nothing came for {SILENT_SECONDS:g} s, not even a sign of life"
            raise _Failure(SourceUnavailable(self._source.id, "stalled", problem)) from error
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            raise _Failure(RuntimeError("a task of the source was cancelled")) from error
        except Exception as error:  # whatever one source raises must not end the others
            raise _Failure(_first_of(error)) from error

    async def _wait_after(self, error: Exception) -> None:
        health, name = self._source.health, self._source.id
        live_metrics.FAILURES.labels(name).inc()
        why = error.in_one_line if isinstance(error, FirewatchError) else f"{error}"
        if isinstance(error, SourceRefused | ConfigError | MissingPackage):
            health.state, health.why = "refused", why
            self._complain("source refused; it is tried again every 15 minutes", why)
            await self._surroundings.sleep(REFUSED_SECONDS * (1 + self._surroundings.chance.random() / 10))
            return
        health.state = "waiting"
        asked = error.retry_after_seconds if isinstance(error, SourceUnavailable) else None
        delay = self._backoff.delay(asked)
        if isinstance(error, FirewatchError):
            health.why = why
            log.warning("source failed; it is tried again", source=name, why=why, delay_seconds=round(delay, 1))
        else:
            live_metrics.ERRORS.labels(name).inc()
            health.why = f"an unexpected error of firewatch: {type(error).__name__}: {error}"
            self._complain("source raised an unexpected error; please report this", health.why)
        await self._surroundings.sleep(delay)

    def _complain(self, event: str, why: str) -> None:
        """Log an error, loudly the first time and softly while it repeats."""
        level = log.info if why == self._complaint else log.error
        self._complaint = why
        level(event, source=self._source.id, why=why)


def _first_of(error: Exception) -> Exception:
    """Return the error that the tasks of a source have raised: one that the source itself explains, if there is one."""
    if not isinstance(error, ExceptionGroup):
        return error
    errors = [_first_of(each) for each in error.exceptions]
    return next((each for each in errors if isinstance(each, SourceError)), errors[0])


class _Failure(Exception):
    """The source has failed, and not firewatch or its broker."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(str(error))
