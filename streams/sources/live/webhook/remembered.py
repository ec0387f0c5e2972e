"""Remembers how requests were answered, so that a repeat gets the same answer and is not processed again."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from streams.sources.live.webhook.problems import RequestRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from streams.sources.live.webhook.problems import HttpAnswer

MAX_BYTES: Final = 8_000_000
"""Size of the remembered answers of one sender; of more, the oldest are forgotten."""

ENTRY_BYTES: Final = 500
"""What an entry takes beside the body of its answer."""


class _RememberedAnswer:
    def __init__(self, digest: bytes, answer: asyncio.Future[HttpAnswer]) -> None:
        self.digest = digest
        self.answer = answer
        self.bytes = ENTRY_BYTES
        self.until_ms = 0


class RememberedAnswers:
    """Answers to the requests of one sender, by the id that the sender gave each.

    Parameters
    ----------
    keep_ms
        For how long an answer is remembered.
    now_ms
        The clock, milliseconds since the epoch.
    max_bytes
        Size of all answers together.
    """

    def __init__(self, keep_ms: int, now_ms: Callable[[], int], max_bytes: int = MAX_BYTES) -> None:
        self._keep_ms = keep_ms
        self._now_ms = now_ms
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _RememberedAnswer] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        """Return the number of answers."""
        return len(self._entries)

    def knows(self, id: str) -> bool:
        """Return whether a request with this id has been answered, or is being answered."""
        self._forget()
        return id in self._entries

    async def answer(self, id: str, digest: bytes, process: Callable[[], Awaitable[HttpAnswer]]) -> HttpAnswer:
        """Return the answer to a request; the first with its id is processed, repeats wait for its answer.

        Parameters
        ----------
        id
            The id that the sender gave the request.
        digest
            Hash of the body.
        process
            Processes the request. What it raises is raised for repeats that wait too, and is not remembered.

        Raises
        ------
        RequestRefused
            With status 422, if another body has been sent under this id.
        """
        self._forget()
        entry = self._entries.get(id)
        if entry is None:
            return await self._first(id, digest, process)
        if entry.digest != digest:
            raise RequestRefused(
                422, "id_used_before", "another body has been sent under this id: give each request an id of its own"
            )
        return await asyncio.shield(entry.answer)

    async def _first(self, id: str, digest: bytes, process: Callable[[], Awaitable[HttpAnswer]]) -> HttpAnswer:
        entry = _RememberedAnswer(digest, asyncio.get_running_loop().create_future())
        self._entries[id] = entry
        try:
            answer = await process()
        except RequestRefused as refused:
            self._entries.pop(id, None)
            entry.answer.set_exception(refused)
            entry.answer.exception()  # retrieved: without a repeat nobody else does
            raise
        except BaseException:
            self._entries.pop(id, None)
            entry.answer.cancel()
            raise
        entry.answer.set_result(answer)
        entry.until_ms = self._now_ms() + self._keep_ms
        entry.bytes += len(answer.body)
        self._bytes += entry.bytes
        self._entries.move_to_end(id)
        self._forget()
        return answer

    def _forget(self) -> None:
        """Drop answers that are too old, or beyond the size; those to come stay."""
        now_ms = self._now_ms()
        left, outdated = self._bytes, []
        for id, entry in self._entries.items():
            if entry.answer.done():
                if left <= self._max_bytes and entry.until_ms > now_ms:
                    break
                outdated.append(id)
                left -= entry.bytes
        for id in outdated:
            del self._entries[id]
        self._bytes = left
