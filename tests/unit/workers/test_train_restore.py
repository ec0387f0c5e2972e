"""Where a trainer resumes: after the labels that its model has learned, and no later."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from streams.errors import KafkaError
from streams.kafka.group_member import Offsets
from streams.workers.train_restore import ModelRef, _next

LABELS = TopicPartition("social.labels", 0)
MODEL = ModelRef("first", 3)


def start(learned: int, offsets: Offsets) -> int:
    state: Any = SimpleNamespace(offset=learned, model=MODEL)
    return _next(state, offsets, LABELS)


def test_a_commit_counts_only_with_the_model_it_belongs_to() -> None:
    assert start(10, Offsets(14, MODEL.metadata(), 0, 20)) == 14
    assert start(10, Offsets(8, MODEL.metadata(), 0, 20)) == 10
    for other in (ModelRef("first", 2).metadata(), ModelRef("second", 3).metadata()):
        assert start(10, Offsets(14, other, 0, 20)) == 10


@pytest.mark.parametrize("metadata", ["", "none", "[1]", "7", '{"a": 1, "b": 2}', "[]"])
def test_what_another_tool_has_committed_is_not_trusted(metadata: str) -> None:
    assert start(10, Offsets(14, metadata, 0, 20)) == 10


def test_a_broker_that_has_lost_learned_labels_is_an_error() -> None:
    with pytest.raises(KafkaError, match=r"labels up to offset 10 were learned, but social\.labels ends at 9"):
        start(10, Offsets(-1, "", 0, 9))
