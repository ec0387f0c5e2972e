"""Ends a worker that has stopped making progress, so that it is started anew; the libraries below it would only log."""

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
    """Tells waiting from being stuck.

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
        """Compare with the last check.

        Parameters
        ----------
        progress
            Anything that changes whenever the worker gets on.
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
    """Check a worker again and again until cancelled.

    Parameters
    ----------
    progress
        Gives `progress` and `waiting` of `Stall.check`.
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


class Pulse:
    """Notices that the process itself stood still (suspended, starved) so long that its work was given away.

    A thread beats, because the event loop may rightly be busy for longer while Kafka's heartbeats, in a thread of their
    own too, go on.

    Parameters
    ----------
    limit_seconds
        Time after which the group may have given its partitions to others: less than the session timeout, by what may
        lie between the last heartbeat and the standstill.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._beat = time.monotonic()
        self._longest = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

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
        """Call it before anything that only the owner of a partition may do.

        Raises
        ------
        WorkerFailed
            If the process has ever stood still for too long.
        """
        longest = max(self._longest, time.monotonic() - self._beat)
        if longest > self._limit:
            raise WorkerFailed(f"the process stood still for {longest:.0f} s, others may own its partitions by now")

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
