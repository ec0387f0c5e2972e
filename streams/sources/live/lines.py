"""Lines of an HTTP answer that does not end, each bounded in size."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientResponse


class ReceivedLine(NamedTuple):
    """A line.

    Parameters
    ----------
    data
        The line without its end; empty for a line that only keeps the connection alive.
    is_cut
        Whether it was longer than is accepted; `data` is then its beginning, and the rest has been passed over.
    """

    data: bytes
    is_cut: bool = False


async def received_lines(answer: ClientResponse, max_bytes: int) -> AsyncIterator[ReceivedLine]:
    """Yield the lines of an answer as they arrive; what comes after the last line end is no line.

    Parameters
    ----------
    answer
        An answer of `SourceHttp.stream`.
    max_bytes
        Longest line. A longer one costs no more memory, and the lines after it are read.
    """
    head = bytearray()
    is_cut = False
    async for block in answer.content.iter_any():
        *ended, rest = block.split(b"\n")
        for part in ended:
            head += part[: max_bytes + 2 - len(head)] if not is_cut else b""
            line = bytes(head.removesuffix(b"\r"))
            yield ReceivedLine(line[:max_bytes], is_cut or len(line) > max_bytes)
            head.clear()
            is_cut = False
        if not is_cut:
            head += rest[: max_bytes + 2 - len(head)]
            is_cut = len(head) > max_bytes + 1
