"""The position in a topic survives being saved; what is none is recognised."""

from __future__ import annotations

from typing import Any

import pytest

from streams.sources.live.kafka.position import PartitionPosition, TopicPosition


def test_a_position_is_saved_as_json_and_read_back() -> None:
    position = TopicPosition("raw", "abc", {0: PartitionPosition(7, 1_000), 11: PartitionPosition(0, 2_000)})
    assert position.saved() == {"topic": "raw", "id": "abc", "partitions": {"0": [7, 1_000], "11": [0, 2_000]}}
    assert TopicPosition.of(position.saved()) == position


@pytest.mark.parametrize(
    "saved",
    [
        None, {}, {"seq": 7}, {"topic": "raw", "id": "a", "partitions": [1]},
        {"topic": "raw", "id": "a", "partitions": {"0": 7}}, {"topic": "raw", "id": "a", "partitions": {"0": ["x", 1]}},
        {"topic": "raw", "id": "a", "partitions": {"zero": [1, 1]}}, {"topic": "raw", "partitions": {}},
    ],
)  # fmt: skip
def test_the_cursor_of_another_kind_is_no_position(saved: Any) -> None:
    assert TopicPosition.of(saved) is None
