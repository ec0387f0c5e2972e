"""Merges what the tasks of one source receive into one stream of batches, with an empty one where nothing comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Self

from streams.sources.live.base import PAUSE_SECONDS, Batch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine
    from types import TracebackType

_NOTHING: Final = Batch(())


class Inbox:
    """Batches of tasks that run at the same time; an async context manager, which ends the tasks.

    Parameters
    ----------
    max_batches
        Batches that wait to be read before `put` waits, so that a fast task does not fill the memory.

    Examples
    --------
    >>> async def main():
    ...     async with Inbox() as inbox:
    ...         inbox.start(inbox.put(Batch((), {"seq": 7})))
    ...         return [batch.position async for batch in inbox.batches()]
    >>> asyncio.run(main())
    [{'seq': 7}]
    """

    def __init__(self, max_batches: int = 8) -> None:
        self._queue: asyncio.Queue[Batch] = asyncio.Queue(max_batches)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Return the inbox itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel the tasks, and wait for their ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, task: Coroutine[None, None, None]) -> None:
        """Run a task that puts batches; its error is raised by `batches`, after the batches before it."""
        self._tasks.add(asyncio.create_task(task))

    async def put(self, batch: Batch) -> None:
        """Add a batch, once there is room."""
        await self._queue.put(batch)

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Yield the batches until all tasks have ended, and an empty one whenever none came for `PAUSE_SECONDS`.

        Raises
        ------
        Exception
            The first error of a task.
        """
        while True:
            while not self._queue.empty():
                yield self._queue.get_nowait()
            ended = {task for task in self._tasks if task.done()}
            if self._queue.empty():
                for task in ended:
                    task.result()
                if ended == self._tasks:
                    return
            arrival = asyncio.ensure_future(self._queue.get())
            try:
                await asyncio.wait(
                    {arrival, *(self._tasks - ended)}, timeout=PAUSE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                received = await _taken(arrival)
            if received is not None:
                yield received
            elif not any(task.done() for task in self._tasks - ended):
                yield _NOTHING


async def _taken(arrival: asyncio.Future[Batch]) -> Batch | None:
    """Return the batch that has arrived, None if there is none; nothing is taken afterwards."""
    if arrival.done():
        return arrival.result()
    arrival.cancel()
    try:
        return await arrival
    except asyncio.CancelledError:
        return None
