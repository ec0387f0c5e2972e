"""Writes to topics as other programs do, by another client than ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import orjson
from confluent_kafka import KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

if TYPE_CHECKING:
    from types import TracebackType


class ForeignKafka:
    """A producer and an administrator of a cluster.

    Parameters
    ----------
    servers
        Addresses of the brokers.
    options
        Further options of the producer, such as ``compression.type``.
    """

    def __init__(self, servers: str, **options: Any) -> None:
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 1, "log_level": 0, **options})
        self.admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.flush(30)

    def create(self, topic: str, partitions: int = 1, **config: str) -> None:
        """Create a topic, and wait until it is there."""
        named = {name.replace("_", "."): value for name, value in config.items()}
        created = self.admin.create_topics([NewTopic(topic, partitions, 1, config=named)])
        created[topic].result(30)

    def recreate(self, topic: str, partitions: int = 1) -> None:
        """Delete a topic and create it again."""
        self.admin.delete_topics([topic])[topic].result(30)
        for _ in range(300):
            try:
                self.create(topic, partitions)
            except KafkaException:  # the deletion goes on behind the answer
                self._producer.poll(0.1)
            else:
                return
        raise AssertionError(f"{topic} could not be created again")

    def add_partitions(self, topic: str, total: int) -> None:
        """Add partitions to a topic."""
        self.admin.create_partitions([NewPartitions(topic, total)])[topic].result(30)

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Delete the records before an offset, as retention does."""
        for done in self.admin.delete_records([TopicPartition(topic, partition, offset)]).values():
            done.result(30)

    def send(
        self,
        topic: str,
        value: Any,
        *,
        key: bytes | None = None,
        partition: int = 0,
        time_ms: int | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> None:
        """Write a record, of JSON unless it is bytes or None."""
        options: dict[str, Any] = {"partition": partition, "headers": headers or []}
        if time_ms is not None:
            options["timestamp"] = time_ms
        encoded = value if value is None or isinstance(value, bytes) else orjson.dumps(value)
        self._producer.produce(topic, encoded, key, **options)

    def flush(self) -> None:
        """Wait until all is written."""
        assert self._producer.flush(30) == 0

    def transaction(self, topic: str, values: list[Any], *, commit: bool) -> None:
        """Write records in a transaction, which is committed or aborted."""
        self._producer.begin_transaction()
        for value in values:
            self.send(topic, value)
        self.flush()
        if commit:
            self._producer.commit_transaction(30)
        else:
            self._producer.abort_transaction(30)

    def begin_transactions(self) -> None:
        """Have a producer with a `transactional.id` send in transactions."""
        self._producer.init_transactions(30)
