"""The position of a group: what it has committed, or where a restart would begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from streams.config import KafkaSettings
from streams.kafka.offsets import GroupOffset, group_offsets

if TYPE_CHECKING:
    from aiokafka import TopicPartition


class Observer:
    """In place of a consumer: a topic whose partitions hold offsets 10 to 100."""

    def __init__(self, committed: dict[int, int | None]) -> None:
        self._committed = committed

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, 10)

    async def end_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, 100)

    async def committed(self, tp: TopicPartition) -> int | None:
        return self._committed[tp.partition]


@pytest.mark.parametrize(
    ("committed", "next_offset", "lost"),
    [(40, 40, 0), (100, 100, 0), (None, 10, 0), (3, 10, 7)],
    ids=["in the middle", "at the end", "never committed", "what it committed is deleted"],
)
async def test_a_group_would_go_on_at_its_commit_or_at_the_oldest_record(
    committed: int | None, next_offset: int, lost: int
) -> None:
    observer = cast("Any", Observer({0: 50, 2: committed}))
    found = await group_offsets(observer, KafkaSettings(), "social.posts", [0, 2])
    assert found == {0: GroupOffset(50, 100), 2: GroupOffset(next_offset, 100, lost)}
    assert found[2].lag == 100 - next_offset
