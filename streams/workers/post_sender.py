"""Sends the records of a source to Kafka, and counts those that the broker has acknowledged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from streams.core.recent import RecentSet
from streams.kafka.clients import acknowledged, translated_errors
from streams.kafka.dead_letters import DeadLetters
from streams.kafka.topics import Topics
from streams.records import destinations
from streams.runtime import metrics

if TYPE_CHECKING:
    import asyncio

    from aiokafka import AIOKafkaProducer

    from streams.config import Config
    from streams.errors import RecordError
    from streams.records import AuthorDeletion, Deletion, Gap, Post


@dataclass(slots=True)
class SentGroup:
    """Records that were sent together, whose acknowledgements are awaited together.

    Parameters
    ----------
    sends
        Acknowledgements to come.
    posts
        Posts sent, by source.
    """

    sends: list[asyncio.Future[Any]] = field(default_factory=list)
    posts: Counter[str] = field(default_factory=Counter)

    def abandon(self) -> None:
        """Give up what is not acknowledged yet."""
        for send in self.sends:
            if not send.cancel() and not send.cancelled():
                send.exception()  # retrieved: the first failure is reported, asyncio need not log the others


class PostSender:
    """Sends posts, deletions and dead letters; posts that repeat a recent one are left out.

    Parameters
    ----------
    config
        Sections `kafka`, `topics`, `ingest`.
    client
        A started producer.
    name
        Name of the source in dead letters.

    Attributes
    ----------
    group
        What has been sent since `take`.
    """

    def __init__(self, config: Config, client: AIOKafkaProducer, name: str) -> None:
        self._settings = config.kafka
        self._client = client
        self._name = name
        topics = Topics(config.topics)
        self._topic, self._partitions = topics.posts.name, topics.posts.partitions
        self._dead_letters = DeadLetters(client, topics.dlq.name)
        self._recent: RecentSet[tuple[bytes, int]] = RecentSet(config.ingest.recent_ids)
        """Keys of posts with a hash of what each said: an edit is not a repeat."""
        self._series = metrics.Capped(metrics.MAX_SOURCES)
        self._altered: Counter[tuple[str, str]] = Counter()
        self.group = SentGroup()

    async def send_post(self, post: Post) -> bool:
        """Queue a post; return false if it repeats a recent one and is left out."""
        key = post.key
        if not self._recent.add_new((key, hash((post.text, post.tag)))):
            metrics.POSTS_REPEATED.labels("ingest").inc()
            return False
        with translated_errors(self._settings, "sending posts"):
            self.group.sends.append(await self._client.send(self._topic, post.to_bytes(), key=key))
        self.group.posts[post.source] += 1
        return True

    async def send_other(self, record: Deletion | AuthorDeletion | Gap) -> None:
        """Queue a record that is no post, to each partition that gets it, behind the posts that it is about."""
        value, key = record.to_bytes(), record.key
        with translated_errors(self._settings, "sending posts"):
            for partition in destinations(record, self._partitions):
                sent = await self._client.send(self._topic, value, key=key, partition=partition)
                self.group.sends.append(sent)

    async def send_dead_letter(self, error: RecordError, place: int, record: bytes) -> None:
        """Queue a dead letter for a record at a place in the source."""
        with translated_errors(self._settings, "sending dead letters"):
            self.group.sends.append(await self._dead_letters.send(error, self._name, None, place, record))

    def take(self) -> SentGroup:
        """Return what has been sent since the last call."""
        group, self.group = self.group, SentGroup()
        return group

    async def settle(self, group: SentGroup) -> None:
        """Wait until the broker has acknowledged a group.

        Raises
        ------
        KafkaError
            If it refuses a record or does not answer.
        """
        await acknowledged(self._settings, group.sends, "sending posts")

    def count(self, group: SentGroup) -> None:
        """Count the posts of an acknowledged group in the metrics."""
        for source, count in group.posts.items():
            metrics.POSTS_INGESTED.labels(self._series(source)).inc(count)

    def count_altered(self, altered: Counter[tuple[str, str]]) -> None:
        """Count in the metrics how many fields of posts have been altered since the last call.

        Parameters
        ----------
        altered
            How often an optional field was converted or left out so far, by its name and the outcome.
        """
        for (name, outcome), count in (altered - self._altered).items():
            metrics.FIELDS_ALTERED.labels(name, outcome).inc(count)
        self._altered = altered.copy()
