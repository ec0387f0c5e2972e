"""Membership in a consumer group: the partitions of one topic that belong to a worker, its reads and its commits.

The group *assigns* a partition, the worker *restores* its state and sets its position, and reads and commits from then
on, until the group *revokes* it. A rebalance may happen at every ``await`` of the worker. Each one raises `generation`,
and what was begun in an earlier generation must be dropped. Work under the lock `in_flight` is finished before the
group gives the partitions to other members.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
from aiokafka import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError

from streams.kafka.clients import answered_within, translated_errors
from streams.kafka.metadata import committed_offsets, when_coordinated
from streams.kafka.topic_ids import TopicId
from streams.runtime import metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

    from aiokafka import AIOKafkaConsumer, TopicPartition
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import KafkaSettings

HISTORY_WAIT_SECONDS: Final = 1.0

log = structlog.get_logger()


class Offsets(NamedTuple):
    """The offsets of one partition.

    Parameters
    ----------
    committed
        The offset that the group has committed; -1 without a commit.
    metadata
        The text that was committed with it.
    begin
        First offset that the topic still holds.
    end
        First offset that does not exist yet.
    """

    committed: int
    metadata: str
    begin: int
    end: int


class GroupMember(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is published without types
    """One member of a consumer group that reads one topic.

    Parameters
    ----------
    settings
        Timeouts, and the address for messages.
    group, topic
        Their names.
    release
        Drops the state that belongs to the restored partitions; called while nothing is in flight, before other members
        get them, and whenever they have to be restored again.
    reader
        A started consumer of the group without a subscription.
    client
        Requests the ID of the topic and the commits.
    worker
        Label of the rebalances in the metrics; without it they are not counted.

    Attributes
    ----------
    in_flight
        Held during all work that must not be cut off: it ends with a commit.
    generation
        Raised by each event that takes the partitions away: compare it after each ``await``.
    assigned
        The partitions that the group has given to this member; None while the group rebalances.
    restored
        Those of them whose records `read` returns.
    topic_id
        Of the topic as it was at the last restore.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topic: str,
        release: Callable[[], Awaitable[None]],
        *,
        reader: AIOKafkaConsumer,
        client: AIOKafkaClient,
        worker: str | None = None,
    ) -> None:
        self.group = group
        self.in_flight = asyncio.Lock()
        self.generation = 0
        self.assigned: frozenset[TopicPartition] | None = None
        self.restored: set[TopicPartition] = set()
        self.topic_id = TopicId(client, settings, topic)
        self._settings = settings
        self._topic = topic
        self._release = release
        self._reader = reader
        self._client = client
        self._worker = worker

    def subscribe(self) -> None:
        """Join the group."""
        self._reader.subscribe([self._topic], listener=self)

    # the group's calls

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Wait until nothing is in flight, so that it is committed before other members start; then release."""
        self.assigned = None
        self.generation += 1
        async with self.in_flight:
            self.restored.clear()
            await self._release()
        for tp in revoked:
            metrics.CONSUMER_LAG.remove(tp.topic, str(tp.partition))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Note the partitions; the worker restores them in its next round."""
        self.assigned = frozenset(assigned)
        self.topic_id.invalidate()
        if self._worker:
            metrics.REBALANCES.labels(self._worker).inc()
        log.info("assigned", group=self.group, partitions=sorted(tp.partition for tp in assigned))

    # restoring

    def to_restore(self) -> list[TopicPartition]:
        """Return the partitions that are assigned, but not restored yet."""
        return sorted((self.assigned or frozenset()) - self.restored)

    def not_ready_reason(self) -> str | None:
        """Return why not all partitions are read yet, or None."""
        if self.assigned is None:
            return "no partitions are assigned yet: the group is rebalancing"
        if missing := [tp.partition for tp in self.to_restore()]:
            return f"partitions {missing} are assigned, but not restored yet"
        return None

    async def start_over(self) -> None:
        """Have all partitions restored again."""
        self.generation += 1
        self.topic_id.invalidate()
        async with self.in_flight:
            self.restored.clear()
            await self._release()

    async def check_topic(self) -> None:
        """Start over if the topic was recreated; the broker is asked after each assignment, and now and then.

        Raises
        ------
        KafkaError
            If the topic does not exist or the broker does not answer.
        """
        if await self.topic_id.changed():
            log.warning("topic was recreated; restoring its partitions again", topic=self._topic)
            await self.start_over()

    async def offsets(self, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Offsets]:
        """Return the offsets of partitions; call `check_topic` just before, so that they belong to `topic_id`.

        Raises
        ------
        KafkaError
            If the topic does not exist or the broker does not answer.
        """
        tps = list(partitions)
        if not tps:
            return {}
        doing = f"reading the offsets of group {self.group}"
        # Commits first: read after the ends, they could be beyond them without any loss of records.
        async with answered_within(self._settings, doing):
            committed = await when_coordinated(lambda: committed_offsets(self._client, self.group, tps))
        with translated_errors(self._settings, doing):
            begins = await self._reader.beginning_offsets(tps)
            ends = await self._reader.end_offsets(tps)
        return {tp: Offsets(*committed[tp], begins[tp], ends[tp]) for tp in tps}

    async def history(
        self, ranges: Mapping[TopicPartition, tuple[int, int]], max_records: int
    ) -> AsyncIterator[tuple[TopicPartition, list[ConsumerRecord]]]:
        """Yield the records of assigned partitions between two offsets, to restore state from them.

        The records end early if a rebalance comes; `start_at` refuses to start then.
        """
        generation = self.generation
        ends = {tp: end for tp, (begin, end) in ranges.items() if begin < end}
        if not self._seek({tp: ranges[tp][0] for tp in ends}):
            return
        while ends:
            batch = await self._getmany(list(ends), HISTORY_WAIT_SECONDS, max_records)
            if generation != self.generation:
                return
            await asyncio.sleep(0)  # heartbeats
            for tp, records in batch.items():
                yield tp, [record for record in records if record.offset < ends[tp]]
            for tp, end in list(ends.items()):
                try:
                    position = await self._reader.position(tp)
                except IllegalStateError:
                    return  # a rebalance took it
                if generation != self.generation:
                    return
                if position >= end:
                    del ends[tp]

    def start_at(self, offsets: Mapping[TopicPartition, int], generation: int) -> bool:
        """Read partitions from these offsets on.

        Parameters
        ----------
        offsets
            Of all partitions whose state is restored.
        generation
            That in which restoring began.

        Returns
        -------
        bool
            Whether the partitions are still assigned: if not, the restored state must be dropped.
        """
        still_assigned = generation == self.generation and offsets.keys() <= (self.assigned or frozenset())
        if not still_assigned or not self._seek(offsets):
            log.info("partitions were reassigned while they were restored", group=self.group)
            return False
        self.restored |= offsets.keys()
        return True

    def _seek(self, offsets: Mapping[TopicPartition, int]) -> bool:
        try:
            for tp, offset in offsets.items():
                self._reader.seek(tp, offset)
        except IllegalStateError:
            return False
        return True

    # reading and committing

    async def read(
        self, timeout_seconds: float, max_records: int, partitions: Collection[TopicPartition] = ()
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return the next records of the restored partitions; none if a rebalance came meanwhile.

        Parameters
        ----------
        timeout_seconds, max_records
            It returns after this time, or with at most so many.
        partitions
            Those of the restored partitions to read; all if empty.

        Raises
        ------
        KafkaError
            If Kafka refuses.
        """
        generation = self.generation
        batch = await self._getmany(sorted(partitions or self.restored), timeout_seconds, max_records)
        if generation != self.generation:
            return {}
        return {tp: records for tp, records in batch.items() if tp in self.restored}

    async def _getmany(
        self, tps: list[TopicPartition], timeout_seconds: float, max_records: int
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        batch: dict[TopicPartition, list[ConsumerRecord]] = {}
        with translated_errors(self._settings, f"reading {self._topic}"):
            try:
                batch = await self._reader.getmany(
                    *tps, timeout_ms=round(timeout_seconds * 1000), max_records=max_records
                )
            except NoOffsetForPartitionError:
                pass  # assigned just now: it gets its position when it is restored
            except OffsetOutOfRangeError as error:
                log.warning("position is no longer in the topic; restoring again", topic=self._topic, reason=str(error))
                await self.start_over()
        return batch

    async def commit(self, positions: Mapping[TopicPartition, tuple[int, str]]) -> bool:
        """Commit offsets with metadata, and return whether the partitions are still this member's.

        Raises
        ------
        KafkaError
            If the broker does not answer, or refuses for another reason.
        """
        async with answered_within(self._settings, "committing offsets"):
            try:
                await self._reader.commit(dict(positions))
            except (CommitFailedError, IllegalStateError):
                log.warning("partitions were reassigned before the commit; their new owner repeats the work")
                return False
        return True

    # lag

    async def waiting(self) -> set[TopicPartition]:
        """Return the restored partitions that have records to read, as far as is known: all before the first fetch.

        It is the position that counts, which also passes the marks of transactions, not the offset of the last record.
        """
        waiting = set()
        for tp in sorted(self.restored):
            highwater = self._reader.highwater(tp)
            try:
                if highwater is None or await self._reader.position(tp) < highwater:
                    waiting.add(tp)
            except IllegalStateError:
                return set()  # a rebalance took it
        return waiting

    def lag(self, tp: TopicPartition, offset: int) -> int | None:
        """Return how many records of a restored partition come from `offset` on; None before the first fetch."""
        highwater = self._reader.highwater(tp)
        return None if highwater is None else max(0, highwater - offset)

    def show_lag(self, tp: TopicPartition, offset: int) -> int:
        """Set the lag of a restored partition in the metrics; return it, 0 if it is not known."""
        lag = self.lag(tp, offset)
        if lag is not None:
            metrics.CONSUMER_LAG.labels(tp.topic, str(tp.partition)).set(lag)
        return lag or 0
