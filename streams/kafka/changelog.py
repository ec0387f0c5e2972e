"""The changelog topic with the state of all brands: a new owner of a partition shuts out the former one, then reads.

Each partition has a transactional ID, so it has one writer at a time (`streams.kafka.exclusive_writer`), and no
high-water mark in it ever decreases. Faust's own tables can't promise that: nothing in them prevents a worker that was
stalled at the wrong moment from overwriting the state of its successor.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from streams.errors import WorkerFailed
from streams.kafka.exclusive_writer import ExclusiveWriter, Fenced, exclusive_writer, newest_values
from streams.kafka.fragments import Fragments
from streams.kafka.topics import Topics
from streams.runtime.failpoints import Failpoint, reached

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from types import TracebackType

    from streams.config import Config


class Changelog:
    """The partitions of the changelog that one worker owns.

    Parameters
    ----------
    config
        Sections `kafka` and `topics`.

    Attributes
    ----------
    read
        Records read so far; it grows while partitions are restored.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._topics = Topics(config.topics)
        self._topic = self._topics.changelog.name
        self._writers: dict[int, ExclusiveWriter] = {}
        self._fragments = Fragments()
        self._open = AsyncExitStack()
        self.read = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._open.__aexit__(kind, error, traceback)

    async def acquire(self, partitions: Collection[int]) -> dict[bytes, bytes]:
        """Become the only writer of some partitions, and of no others; return their values by key.

        Raises
        ------
        KafkaError
            If the broker does not answer, or does not allow it.
        RecordError
            If a record of an entry is missing.
        """
        self._writers.clear()
        await self._open.aclose()
        self._open = AsyncExitStack()
        writers = await asyncio.gather(*[self._writer(partition) for partition in partitions])
        self._writers = dict(zip(partitions, writers, strict=True))
        self._fragments = Fragments()
        return self._fragments.joined(
            await newest_values(self._config.kafka, self._topic, partitions, passed=self._passed)
        )

    async def write(self, changes: Iterable[tuple[int, bytes, bytes | None]]) -> None:
        """Write changed entries, those of each partition in one transaction, and wait until the broker has them.

        Parameters
        ----------
        changes
            Partition, key and value of each entry, None for an entry to delete.

        Raises
        ------
        WorkerFailed
            If another worker has acquired the partition.
        KafkaError
            If it can't be written.
        """
        of_partition: dict[int, list[tuple[bytes, bytes | None]]] = {}
        for partition, key, value in changes:
            of_partition.setdefault(partition, []).extend(self._fragments.split(key, value))
        try:
            await asyncio.gather(*[self._writers[each].write(each, records) for each, records in of_partition.items()])
        except Fenced as error:
            raise WorkerFailed(f"{error}: another worker has acquired it in the meantime") from error

    async def _writer(self, partition: int) -> ExclusiveWriter:
        identity = self._topics.state_writer(partition)
        return await self._open.enter_async_context(
            exclusive_writer(self._config.kafka, identity, self._topic, "saving state", sent=_sent)
        )

    def _passed(self, records: int) -> None:
        self.read += records
        reached(Failpoint.DETECT_RESTORING)


def _sent() -> None:
    reached(Failpoint.DETECT_STATE_SENT)
