"""The kind `kafka`: posts of a topic that other programs write, of this Kafka or another.

The position is kept here and not in a consumer group of the other cluster, so that it is saved with the acknowledgement
of our own Kafka: next offset of each partition, with the id of the topic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.config.sources.kafka import KafkaSourceSettings
from streams.kafka.clients import connection_options
from streams.kafka.foreign_topic import open_topic
from streams.sources.conversion import Conversion
from streams.sources.live.base import LiveSource
from streams.sources.live.kafka.position import TopicPosition
from streams.sources.live.kafka.records import RecordReading
from streams.sources.live.kafka.stalled import StalledPartitions
from streams.sources.live.kafka.tail import TopicTail

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from streams.config.sources.base import SourceSettings
    from streams.sources.live.base import Batch, Position, Surroundings


class KafkaSource(LiveSource):
    """Reads a topic, its partitions in one order of time.

    Parameters
    ----------
    settings
        Entry of the section `sources`.
    surroundings
        Config and clock.

    Raises
    ------
    ConfigError
        If a file of the credentials can't be used.
    """

    def __init__(self, settings: SourceSettings, surroundings: Surroundings) -> None:
        super().__init__(settings, surroundings)
        assert isinstance(settings, KafkaSourceSettings)  # noqa: S101  the registry pairs them
        self._settings = settings
        self._connection = settings.connection(surroundings.config.kafka)
        connection_options(self._connection)
        self._reading = RecordReading(
            settings, surroundings.config, Conversion.of_live(settings.map, surroundings.now_ms)
        )
        self._stalled = StalledPartitions(settings.topic)

    async def batches(self, position: Position | None) -> AsyncGenerator[Batch, None]:
        """Yield the records of the topic after a position.

        Raises
        ------
        SourceUnavailable
            If no broker answers, or the topic was deleted.
        SourceRefused
            If the cluster denies access, there is no such topic, or the map finds no posts in it.
        """
        self.health.state = "connecting"
        async with open_topic(self.id, self._settings.topic, self._connection) as topic:
            tail = TopicTail(topic, self._settings, self.surroundings, self.health, self._reading, self._stalled)
            await tail.begin(TopicPosition.of(position))
            while True:
                yield await tail.next_batch()

    async def probe(self) -> Mapping[str, str]:
        """Return what the topic holds.

        Raises
        ------
        SourceError
            If it can't be read.
        """
        async with open_topic(self.id, self._settings.topic, self._connection) as topic:
            state = await topic.state()
            bounds = await topic.bounds(state.partitions)
        records = sum(end - begin for begin, end in bounds.values())
        return {
            "brokers": self._connection.bootstrap_servers,
            "partitions": f"{len(state.partitions):,}",
            "records kept": f"{records:,}",
        }
