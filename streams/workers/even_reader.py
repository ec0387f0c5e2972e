"""Reads the partitions of a group member evenly in event time (`streams.core.score.reading_order`)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from streams.core.score.reading_order import event_time, readable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiokafka import TopicPartition
    from aiokafka.structs import ConsumerRecord

    from streams.core.score.position import Position
    from streams.kafka.group_member import GroupMember

SHARE: Final = 100
"""Records that are read at once, before it is decided again which partitions are behind."""

MAX_OF_PARTITION: Final = 4_000
"""Records of one partition in a batch. They bound its progress record, which has a line for each minute of event time
and each source."""

PATIENCE_SECONDS: Final = 10.0
"""Time for which a partition holds others back although its records do not come, as while it has no leader."""


class EvenReader:
    """Makes batches.

    Parameters
    ----------
    member
        A member of a group.
    """

    def __init__(self, member: GroupMember) -> None:
        self._member = member
        self._waited: dict[TopicPartition, float] = {}

    async def read(
        self, positions: Mapping[TopicPartition, Position], max_records: int, wait_seconds: float
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return up to `max_records` records, or those that come within `wait_seconds`; none if a rebalance came.

        Parameters
        ----------
        positions
            Where the member is in each restored partition.
        max_records, wait_seconds
            Size of the batch, and time until it is returned as it is.
        """
        member, generation = self._member, self._member.generation
        batch: dict[TopicPartition, list[ConsumerRecord]] = {}
        event_times = {tp: positions[tp].watermark_ms for tp in sorted(member.restored)}
        deadline, missing = time.monotonic() + wait_seconds, max_records
        while missing and (left := deadline - time.monotonic()) > 0 and generation == member.generation:
            waiting = {tp for tp in await member.waiting() if self._waited.get(tp, 0.0) < PATIENCE_SECONDS}
            found = await member.read(left, min(SHARE, missing), readable(event_times, waiting))
            for tp, records in found.items():
                self._waited.pop(tp, None)
                of_partition = batch.setdefault(tp, [])
                of_partition += records
                missing -= len(records)
                last = records[-1]
                event_times[tp] = max(event_times[tp], event_time((last.offset, last.timestamp, last.value)))
                if len(of_partition) > MAX_OF_PARTITION - SHARE:
                    return batch if generation == member.generation else {}
            if not found:
                for tp in waiting:
                    self._waited[tp] = self._waited.get(tp, 0.0) + left
        return batch if generation == member.generation else {}
