"""The detect worker without a broker: partitions of brands, failures, and the end of threads."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from aiokafka.partitioner import DefaultPartitioner
from structlog.testing import capture_logs

from streams.config import Config, KafkaSettings
from streams.core.score.partitioning import partition_of
from streams.errors import BrokerUnreachable
from streams.workers import detect


def config(**kafka: Any) -> Config:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    return Config.model_validate({"brands": brands, "kafka": kafka})


@pytest.mark.parametrize("partitions", [1, 4, 13])
def test_brands_are_looked_for_where_kafka_puts_them(partitions: int) -> None:
    partitioner = DefaultPartitioner()
    every = list(range(partitions))
    for brand in ("nordtel", "acme", "a", "x" * 64):
        key = brand.encode()
        assert partition_of(key, partitions) == partitioner(key, every, every)


def test_only_failures_of_kafka_are_told_as_the_brokers() -> None:
    worker: Any = detect.DetectWorker.__new__(detect.DetectWorker)
    worker._kafka = KafkaSettings()
    worker._app = SimpleNamespace(crash_reason=None)
    failure = worker._failure([None, KafkaConnectionError("closed")])
    assert isinstance(failure, BrokerUnreachable)
    assert "detecting: KafkaConnectionError: closed" in str(failure)
    for other in (TimeoutError("of something else"), ValueError("wrong")):
        assert worker._failure([other]) is other
    assert worker._failure([None]) is None


def test_a_batch_of_full_envelopes_is_processed_in_portions() -> None:
    """Five hundred envelopes of a firestorm are 125,000 mentions: seconds of work that nothing else gets between."""
    half = bytes(detect.BATCH_BYTES // 2)
    values = [b"1", None, half, half, bytes(2 * detect.BATCH_BYTES), b"2", b"3"]
    events: list[Any] = [SimpleNamespace(message=SimpleNamespace(value=value)) for value in values]
    found = list(detect.portions(events))
    assert [[values.index(event.message.value) for event in portion] for portion in found] == [
        [0, 1, 2],
        [2],
        [4],
        [5, 6],
    ]
    assert [event for portion in found for event in portion] == events
    assert list(detect.portions([])) == []


def test_failures_of_threads_are_logged_only_while_the_worker_runs() -> None:
    before = threading.excepthook

    def fail() -> None:
        raise ValueError("no broker")

    with capture_logs() as logs, detect._thread_failures_logged():
        thread = threading.Thread(target=fail, name="consumer")
        thread.start()
        thread.join()
    assert threading.excepthook is before
    (line,) = logs
    assert (line["thread"], line["error"]) == ("consumer", "ValueError('no broker')")
