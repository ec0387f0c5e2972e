"""What a worker tells an orchestrator: ``/healthz`` whether to restart it, ``/readyz`` whether it does its work.

Both answer 200 or 503 with a JSON body such as ``{"ready":false,"why":"no partitions assigned yet"}``, beside
``/metrics``.
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
from streams.runtime.serving import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.config import Config
    from streams.runtime.serving import Answer

BEAT_SECONDS: Final = 1.0

SUSPENDED_SECONDS: Final = 10 * BEAT_SECONDS
"""A process that as a whole stood still for longer has not hung: it is given time anew."""

STARTING: Final = "the broker, its topics and the permissions are being looked at"

log = structlog.get_logger()


class Health:
    """Written by the worker, read by the thread that answers.

    Parameters
    ----------
    limit_seconds
        A worker whose event loop has not turned for so long is dead.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._beat = time.monotonic()
        self._unready: Callable[[], str | None] = lambda: STARTING

    def ready_unless(self, unready: Callable[[], str | None]) -> None:
        """Take what tells from now on why the worker is not ready, or None; called from another thread."""
        self._unready = unready

    def beat(self) -> None:
        """Show that the event loop turns."""
        self._beat = time.monotonic()

    def dead(self) -> str | None:
        """Why the worker should be ended, or None."""
        still = time.monotonic() - self._beat
        return f"the event loop has not turned for {still:.0f} s" if still > self._limit else None

    def healthz(self) -> Answer:
        """Content of the page of that name."""
        why = self.dead()
        return why is None, {"alive": why is None} | ({"why": why} if why else {})

    def readyz(self) -> Answer:
        """Content of the page of that name."""
        why = self.dead() or self._unready()
        return why is None, {"ready": why is None} | ({"why": why} if why else {})


@asynccontextmanager
async def serve_health(
    config: Config, worker: Literal["ingest", "score", "detect", "train", "bridge"]
) -> AsyncIterator[tuple[Health, str]]:
    """Serve metrics and health of this process, and end it should its event loop hang for `liveness.stall_seconds`.

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
    looked = time.monotonic()
    while not closing.wait(BEAT_SECONDS):
        before, looked = looked, time.monotonic()
        if looked - before > SUSPENDED_SECONDS:
            health.beat()
        elif why := health.dead():
            log.critical("the worker hangs, it is ended", why=why)
            os._exit(WorkerFailed.exit_code)  # nothing in this process can be relied upon to end it in order
