"""Watchdogs that end a worker that no longer makes progress, so that it is restarted; its libraries would only log."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Self

from streams.errors import WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import TracebackType


class Stall:
    """Distinguishes a worker that is stuck from one that waits for work.

    Parameters
    ----------
    limit_seconds
        How long nothing may change while there is work.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._progress: Hashable = None
        self._since = 0.0

    def check(self, progress: Hashable, waiting: bool, now: float) -> None:
        """Compare the progress with that of the last check.

        Parameters
        ----------
        progress
            Any value that changes whenever the worker makes progress.
        waiting
            Whether there is work.
        now
            Monotonic seconds.

        Raises
        ------
        WorkerFailed
            If there was work and nothing changed for `limit_seconds`.
        """
        if progress != self._progress or not waiting:
            self._progress, self._since = progress, now
        elif now - self._since > self._limit:
            raise WorkerFailed(
                f"no progress for {now - self._since:.0f} s although records are waiting: the worker is stuck"
            )


async def watch(progress: Callable[[], tuple[Hashable, bool]], limit_seconds: float) -> None:
    """Check a worker repeatedly until cancelled.

    Parameters
    ----------
    progress
        Returns `progress` and `waiting` of `Stall.check`.
    limit_seconds
        As for `Stall`.

    Raises
    ------
    WorkerFailed
        As `Stall.check`.
    """
    stall = Stall(limit_seconds)
    while True:
        stall.check(*progress(), time.monotonic())
        await asyncio.sleep(min(1.0, limit_seconds / 10))


class Heartbeat:
    """Notices that the process was stalled (suspended, starved) for so long that it may have lost its partitions.

    The beats come from a thread, because the event loop may rightly be busy for longer while Kafka's heartbeats, which
    come from another thread, continue.

    Parameters
    ----------
    limit_seconds
        Time after which the group may have assigned the partitions to others: less than the session timeout, by what
        may lie between the last heartbeat and the stall.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._beat = time.monotonic()
        self._longest = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._beat = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()

    def check(self) -> None:
        """Check the time between beats; call this before anything that only the owner of a partition may do.

        Raises
        ------
        WorkerFailed
            If the process has ever been stalled for too long.
        """
        longest = max(self._longest, time.monotonic() - self._beat)
        if longest > self._limit:
            raise WorkerFailed(
                f"the process was stalled for {longest:.0f} s; its partitions may belong to other workers by now"
            )

    async def watch(self) -> None:
        """Check until cancelled.

        Raises
        ------
        WorkerFailed
            As `check`.
        """
        while True:
            self.check()
            await asyncio.sleep(self._limit / 10)

    def _run(self) -> None:
        while not self._closing.wait(self._limit / 10):
            now = time.monotonic()
            self._longest = max(self._longest, now - self._beat)
            self._beat = now
