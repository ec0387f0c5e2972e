"""Server-sent events in the lines of an HTTP answer (WHATWG HTML, section 9.2), with the comments between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from streams.sources.live.lines import ReceivedLine


class ServerEvent(NamedTuple):
    """An event.

    Parameters
    ----------
    name
        Its name; ``message`` if it has none.
    data
        Its data.
    is_cut
        Whether there was more than is accepted; `data` is then the beginning.
    """

    name: str
    data: bytes
    is_cut: bool = False


async def server_events(lines: AsyncIterable[ReceivedLine], max_bytes: int) -> AsyncIterator[ServerEvent | None]:
    """Yield the events of a stream, and None for each comment, which is a sign of life.

    An event that the end of the stream cuts off is none.

    Parameters
    ----------
    lines
        Lines as they are received.
    max_bytes
        Largest data of an event; of a larger one the beginning is kept.
    """
    name, data, is_cut = "", bytearray(), False
    has_data = False
    async for line, line_is_cut in lines:
        if not line:
            if has_data:
                yield ServerEvent(name or "message", bytes(data), is_cut)
            name, data, is_cut, has_data = "", bytearray(), False, False
            continue
        field, _, value = line.partition(b":")
        if not field:
            yield None
        elif field == b"data":
            value = value.removeprefix(b" ")
            joined = value if not has_data else b"\n" + value
            is_cut = is_cut or line_is_cut or len(data) + len(joined) > max_bytes
            data += joined[: max_bytes - len(data)]
            has_data = True
        elif field == b"event":
            name = value.removeprefix(b" ").decode(errors="replace")
