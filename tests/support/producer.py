"""A producer for unit tests: in place of a broker, it records what it is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Sent(NamedTuple):
    """A record, and how many sends before it were not acknowledged yet."""

    topic: str
    value: bytes
    key: bytes | None
    partition: int | None
    headers: dict[str, bytes]
    in_flight: int


class FakeProducer:
    """Acknowledges each record one turn of the event loop later, or fails where `fails` says so.

    Parameters
    ----------
    fails
        Returns the error with which a record fails, None if it is accepted.
    """

    def __init__(self, fails: Callable[[Sent], Exception | None] = lambda _: None) -> None:
        self.sent: list[Sent] = []
        self._fails = fails
        self._in_flight = 0

    async def send(
        self,
        topic: str,
        value: bytes | None = None,
        *,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> asyncio.Future[Any]:
        """Queue a record, as `aiokafka.AIOKafkaProducer.send`."""
        sent = Sent(topic, value or b"", key, partition, dict(headers), self._in_flight)
        self.sent.append(sent)
        self._in_flight += 1
        return asyncio.ensure_future(self._acknowledge(sent))

    async def _acknowledge(self, sent: Sent) -> None:
        await asyncio.sleep(0)
        self._in_flight -= 1
        if error := self._fails(sent):
            raise error

    def values(self, topic: str) -> list[bytes]:
        """Return the values sent to a topic, in order."""
        return [sent.value for sent in self.sent if sent.topic == topic]
