"""Metrics and health of a worker over HTTP: ``/metrics``, ``/healthz`` (is it alive?), ``/readyz`` (does it work?).

The health pages answer 200 or 503 with a JSON body such as ``{"ready":false,"why":"no partitions assigned yet"}``.
They are served from threads, so that they answer while the event loop of the worker hangs.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Literal

import structlog

from streams.errors import WorkerFailed
from streams.runtime.http_server import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.config import Config
    from streams.runtime.http_server import Answer

BEAT_SECONDS: Final = 1.0

SUSPENDED_SECONDS: Final = 10 * BEAT_SECONDS
"""If the guard thread itself did not run for longer, the whole process was suspended. It has not hung, and its event
loop gets the full time limit again."""

STARTING: Final = "the broker, its topics and the permissions are being checked"

log = structlog.get_logger()


class Health:
    """Liveness and readiness, updated by the worker and read by the threads that serve the health pages.

    Parameters
    ----------
    limit_seconds
        A worker whose event loop has not run for so long counts as dead.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._beat = time.monotonic()
        self._not_ready_reason: Callable[[], str | None] = lambda: STARTING
        self._config_problem: Callable[[], str | None] = lambda: None

    def ready_unless(self, not_ready_reason: Callable[[], str | None]) -> None:
        """Set the function that returns why the worker is not ready, or None; other threads call it."""
        self._not_ready_reason = not_ready_reason

    def follow_config(self, config_problem: Callable[[], str | None]) -> None:
        """Set the function that returns why the config file is not in use, or None; other threads call it."""
        self._config_problem = config_problem

    def beat(self) -> None:
        """Record that the event loop runs."""
        self._beat = time.monotonic()

    def dead(self) -> str | None:
        """Return why the worker should be ended, or None."""
        still = time.monotonic() - self._beat
        return f"the event loop has not run for {still:.0f} s" if still > self._limit else None

    def healthz(self) -> Answer:
        """Return the content of ``/healthz``."""
        why = self.dead()
        return why is None, {"alive": why is None} | ({"why": why} if why else {})

    def readyz(self) -> Answer:
        """Return the content of ``/readyz``; it stays 200 where the config file can't be used."""
        why = self.dead() or self._not_ready_reason()
        problem = self._config_problem()
        notes = {"why": why, "config_problem": problem}
        return why is None, {"ready": why is None} | {name: note for name, note in notes.items() if note}


@asynccontextmanager
async def serve_health(
    config: Config, worker: Literal["ingest", "sources", "score", "detect", "train", "bridge"]
) -> AsyncIterator[tuple[Health, str]]:
    """Serve metrics and health of this process, and end it if its event loop hangs for `liveness.stall_seconds`.

    Yields
    ------
    tuple
        The health, and the address of the metrics.

    Raises
    ------
    PortTaken
        If another process listens on the worker's port.
    """
    health = Health(config.liveness.stall_seconds)
    setting = f"{worker}_port"
    host, port = config.metrics.host, getattr(config.metrics, setting)
    pages = {"/healthz": health.healthz, "/readyz": health.readyz}
    port = serve(host, port, f"metrics.{setting}", pages)
    closing = threading.Event()
    guard = threading.Thread(target=_end_if_dead, args=(health, closing), name="guard", daemon=True)
    guard.start()
    beating = asyncio.create_task(_beat(health))
    try:
        yield health, f"http://{host}:{port}/metrics"
    finally:
        health.ready_unless(lambda: "it is stopping")
        closing.set()
        beating.cancel()


async def _beat(health: Health) -> None:
    while True:
        health.beat()
        await asyncio.sleep(BEAT_SECONDS)


def _end_if_dead(health: Health, closing: threading.Event) -> None:
    checked = time.monotonic()
    while not closing.wait(BEAT_SECONDS):
        before, checked = checked, time.monotonic()
        if checked - before > SUSPENDED_SECONDS:
            health.beat()
        elif why := health.dead():
            log.critical("the worker hangs; ending the process", why=why)
            os._exit(WorkerFailed.exit_code)  # nothing in this process can be relied upon to end it in order
