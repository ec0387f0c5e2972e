"""A dead letter has the bytes as they came, the reason and the place."""

from __future__ import annotations

from typing import Any, cast

import pytest

from streams.errors import RecordError
from streams.kafka.dead_letters import DeadLetters
from streams.records.dead_letters import MAX_VALUE_BYTES
from streams.runtime import metrics
from tests.support.producer import FakeProducer, Sent

ERROR = RecordError("empty", "a post without bytes")


def counted(topic: str) -> float:
    labels = {"topic": topic, "reason": "empty"}
    return sum(
        each.value
        for metric in metrics.DEAD_LETTERS.collect()
        for each in metric.samples
        if each.labels == labels and each.name.endswith("_total")
    )


async def test_a_record_that_can_not_be_used_is_written_with_its_place() -> None:
    producer, before = FakeProducer(), counted("social.posts")
    await DeadLetters(cast("Any", producer), "social.posts.dlq").write(ERROR, "social.posts", 3, 17, None)
    (sent,) = producer.sent
    assert (sent.topic, sent.value) == ("social.posts.dlq", b"")
    assert (sent.headers["reason"], sent.headers["partition"], sent.headers["offset"]) == (b"empty", b"3", b"17")
    assert counted("social.posts") == before + 1


async def test_a_large_value_is_cut_and_its_size_is_noted() -> None:
    producer = FakeProducer()
    value = b"x" * (MAX_VALUE_BYTES + 1)
    await DeadLetters(cast("Any", producer), "dlq").write(ERROR, "social.posts", None, 0, value)
    (sent,) = producer.sent
    assert sent.value == value[:-1]
    assert sent.headers["truncated_from"] == str(len(value)).encode()


async def test_several_records_in_one_dead_letter_count_each() -> None:
    producer, before = FakeProducer(), counted("social.mentions")
    dead_letters = DeadLetters(cast("Any", producer), "dlq")
    await (await dead_letters.send(ERROR, "social.mentions", 0, 5, b"[]", records=40))
    assert producer.sent[0].headers["records"] == b"40"
    assert counted("social.mentions") == before + 40


async def test_a_dead_letter_that_the_broker_refuses_is_an_error() -> None:
    def fails(_: Sent) -> Exception:
        return ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        await DeadLetters(cast("Any", FakeProducer(fails)), "dlq").write(ERROR, "social.posts", 0, 0, b"x")
