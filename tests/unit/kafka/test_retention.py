"""The report of records that retention deleted before they were processed."""

from __future__ import annotations

import asyncio
from typing import Any

from streams.config import KafkaSettings
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.retention import report_lost
from streams.runtime import metrics
from tests.support.samples import value_of


class Producer:
    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, dict[str, bytes]]] = []

    async def send(self, topic: str, value: bytes, headers: list[tuple[str, bytes]]) -> asyncio.Future[Any]:
        self.sent.append((topic, value, dict(headers)))
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


async def test_lost_records_are_counted_and_named_by_one_dead_letter() -> None:
    producer = Producer()
    before = value_of(metrics.RECORDS_LOST, "social.posts")
    await report_lost(KafkaSettings(), DeadLetters(producer, "social.posts.dlq"), "social.posts", 3, 100, 250)
    assert value_of(metrics.RECORDS_LOST, "social.posts") - before == 250
    ((topic, value, headers),) = producer.sent
    assert (topic, value) == ("social.posts.dlq", b"")
    assert headers["reason"] == b"lost_to_retention"
    assert headers["offset"] == b"100"
    assert headers["records"] == b"250"
    assert b"100 to 349" in headers["detail"]
