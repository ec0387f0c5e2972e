"""Committed offsets and lag of a consumer group, as the broker reports them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from aiokafka import TopicPartition

from streams.kafka.clients import answered_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiokafka import AIOKafkaConsumer

    from streams.config import KafkaSettings


class GroupOffset(NamedTuple):
    """The position of a group in one partition.

    Parameters
    ----------
    next
        First offset that a restart would read.
    end
        First offset that does not exist yet.
    lost
        Records before `next` that were deleted before the group had processed them.
    """

    next: int
    end: int
    lost: int = 0

    @property
    def lag(self) -> int:
        """Return how many records a restart would read."""
        return self.end - self.next


async def group_offsets(
    observer: AIOKafkaConsumer, settings: KafkaSettings, topic: str, partitions: Iterable[int]
) -> dict[int, GroupOffset]:
    """Return the position of a group in partitions of a topic.

    Parameters
    ----------
    observer
        A client with the group's ID that is not a member, so that it gets answers also when the member is stuck.

    Raises
    ------
    KafkaError
        If the broker does not answer in time.
    """
    tps = [TopicPartition(topic, partition) for partition in partitions]
    async with answered_within(settings, f"reading the offsets of {topic}"):
        begins = await observer.beginning_offsets(tps)
        ends = await observer.end_offsets(tps)
        committed = await asyncio.gather(*[observer.committed(tp) for tp in tps])
    return {
        tp.partition: _group_offset(offset, begins[tp], ends[tp]) for tp, offset in zip(tps, committed, strict=True)
    }


def _group_offset(committed: int | None, begin: int, end: int) -> GroupOffset:
    if committed is None:
        return GroupOffset(begin, end)
    return GroupOffset(max(committed, begin), end, max(begin - committed, 0))
