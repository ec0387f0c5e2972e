"""Writes the records of a scorer in the order that makes counting exact.

The envelopes of a brand go one after the other, then the deletions and gaps, then the progress up to them. Each is
acknowledged before the next is sent, and the first failure raises.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from streams.errors import RecordError
from streams.kafka.clients import acknowledged
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.retention import report_lost
from streams.kafka.topics import Topics
from streams.records import MAX_OVER_QUOTA, OverQuota

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Iterator

    from aiokafka import AIOKafkaProducer

    from streams.config import Config
    from streams.core.score.scorer import ScoredBatch
    from streams.records import Envelope, Notice, Progress


class MentionsWriter:
    """Writes to `social.mentions`, and unusable records to the dead letter queue.

    Parameters
    ----------
    config
        Sections `kafka` and `topics`.
    producer
        A started, idempotent producer.
    """

    def __init__(self, config: Config, producer: AIOKafkaProducer) -> None:
        topics = Topics(config.topics)
        self._settings = config.kafka
        self._producer = producer
        self._posts = topics.posts.name
        self._mentions = topics.mentions
        self._dead_letters = DeadLetters(producer, topics.dlq.name)

    async def write(self, batches: list[ScoredBatch]) -> None:
        """Write batches, one for each partition of `social.posts`.

        Raises
        ------
        KafkaError
            If the broker does not accept a record; no record that depends on it has been sent then.
        """
        await self._write_dead_letters(batches)
        await self._write_envelopes(batches)
        await self._write_to_all([notice for batch in batches for notice in batch.notices])
        await self.write_progress([batch.progress for batch in batches])

    async def report_lost(self, partition: int, first: int, records: int) -> None:
        """Report posts that retention deleted before they were scored, as `streams.kafka.retention.report_lost` does.

        Raises
        ------
        KafkaError
            If the broker does not accept the dead letter.
        """
        await report_lost(self._settings, self._dead_letters, self._posts, partition, first, records)

    async def write_progress(self, progress: Iterable[Progress]) -> None:
        """Write progress to every partition of `social.mentions`.

        Raises
        ------
        KafkaError
            If the broker does not accept a record.
        """
        await self._write_to_all(progress)

    async def _write_to_all(self, records: Iterable[Progress | Notice]) -> None:
        await self._acknowledge(
            [
                await self._producer.send(self._mentions.name, value, partition=partition)
                for value in [record.to_bytes() for record in records]
                for partition in range(self._mentions.partitions)
            ]
        )

    async def _write_dead_letters(self, batches: list[ScoredBatch]) -> None:
        await self._acknowledge([await self._send_over_quota(*each) for each in _lists_over_quota(batches)])
        await self._acknowledge(
            [
                await self._dead_letters.send(
                    RecordError(reject.reason, reject.detail),
                    self._posts,
                    batch.progress.partition,
                    reject.offset,
                    reject.value,
                )
                for batch in batches
                for reject in batch.rejects
            ]
        )

    async def _send_over_quota(self, partition: int, over_quota: OverQuota) -> asyncio.Future[Any]:
        return await self._dead_letters.send(
            RecordError("over_quota", "more posts of a source than score.max_posts_per_source_per_minute"),
            self._posts,
            partition,
            over_quota.posts[0].offset,
            over_quota.to_bytes(),
            records=len(over_quota.posts),
        )

    async def _write_envelopes(self, batches: list[ScoredBatch]) -> None:
        queues: dict[tuple[int, str], list[Envelope]] = {}
        for batch in batches:
            for envelope in batch.envelopes:
                queues.setdefault((envelope.partition, envelope.brand), []).append(envelope)
        # If the second envelope of a brand arrived without the first, the offsets of the first would never be counted.
        for wave in zip_longest(*queues.values()):
            await self._acknowledge(
                [
                    await self._producer.send(self._mentions.name, envelope.to_bytes(), key=envelope.brand.encode())
                    for envelope in wave
                    if envelope is not None
                ]
            )

    async def _acknowledge(self, sends: list[asyncio.Future[Any]]) -> None:
        await acknowledged(self._settings, sends, f"writing {self._mentions.name}")


def _lists_over_quota(batches: Iterable[ScoredBatch]) -> Iterator[tuple[int, OverQuota]]:
    """Yield partitions and lists of their posts over quota.

    One dead letter names many posts and holds none of them, so that a flood of posts is not a flood of dead letters.
    """
    for batch in batches:
        for start in range(0, len(batch.over_quota), MAX_OVER_QUOTA):
            yield batch.progress.partition, OverQuota(batch.over_quota[start : start + MAX_OVER_QUOTA])
