"""A topic that other programs write, of this Kafka or another, read from offsets that the caller keeps.

Unlike the readers of our own topics it presumes nothing of the topic: it may be missing, grow partitions, be created
again, lose records to retention, and be compressed or written in transactions as its writers like.
"""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from aiokafka import TopicPartition, errors
from aiokafka.errors import NoError
from aiokafka.protocol.fetch import FetchRequest

from streams.config.suggestions import did_you_mean
from streams.errors import BrokerUnreachable, KafkaError, SourceRefused, SourceUnavailable
from streams.kafka.clients import NOT_ALLOWED, REFUSED_LOGIN, answered_within, consumer, raw_client
from streams.kafka.metadata import topic_metadata
from streams.kafka.record_batches import DamagedBatch, ReadablePart, readable_part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from aiokafka import AIOKafkaConsumer
    from aiokafka.client import AIOKafkaClient
    from aiokafka.structs import ConsumerRecord

    from streams.config import KafkaSettings

_FETCH_BYTES: Final = 524_288
"""Bytes of one partition that a request asks for; a larger batch of records comes alone."""

_READ_COMMITTED: Final = 1
"""Isolation level: no records of transactions that were aborted or are not over."""

_WITH_REPLICA: Final = 11
"""Version of the answer that has a field between the aborted transactions and the records."""

_DAMAGE: Final = (errors.CorruptRecordException, errors.RecordTooLargeError)
"""What aiokafka raises for batches that it can't read. A broker sends at least one batch in whole, however large it is,
so that one which is too large has a wrong length."""

_NO_ID: Final = "A" * 22
"""An id of zeros: the broker is too old to have ids of topics."""


class TopicState(NamedTuple):
    """A topic at one moment.

    Parameters
    ----------
    id
        UUID, empty if the broker is too old to have one. A topic that was created again has another.
    partitions
        Its partitions.
    """

    id: str
    partitions: tuple[int, ...]


class Fetched(NamedTuple):
    """What one look at the topic brought.

    Parameters
    ----------
    records
        Records by partition, in order within each.
    out_of_range
        Partitions whose next offset does not exist.
    damage
        Why nothing can be returned: a batch of some partition can't be read. What else came is lost with it, so all
        partitions have to be read again from where they were.
    """

    records: dict[int, list[ConsumerRecord]]
    out_of_range: frozenset[int] = frozenset()
    damage: str = ""


class ForeignTopic:
    """A connection to a topic; made by `open_topic`.

    Parameters
    ----------
    source
        Id of the source that reads it, for errors.
    topic
        Name of the topic.
    settings
        How to reach the cluster.
    reader, client
        Started clients.
    """

    def __init__(
        self, source: str, topic: str, settings: KafkaSettings, reader: AIOKafkaConsumer, client: AIOKafkaClient
    ) -> None:
        self._source = source
        self._topic = topic
        self._settings = settings
        self._reader = reader
        self._client = client

    async def state(self) -> TopicState:
        """Return the id and the partitions of the topic.

        Raises
        ------
        SourceRefused
            If the topic does not exist, or may not be described.
        SourceUnavailable
            If the broker does not answer.
        """
        with self._translated():
            async with answered_within(self._settings, f"asking about {self._topic}"):
                try:
                    found = (await topic_metadata(self._client, [self._topic]))[self._topic]
                except (errors.IncompatibleBrokerVersion, errors.UnsupportedVersionError):
                    return await self._old_state()
                if found.error is errors.UnknownTopicOrPartitionError:
                    raise await self._missing()
                if found.error is not NoError:
                    raise found.error
        return TopicState("" if found.id == _NO_ID else found.id, found.partitions)

    async def _old_state(self) -> TopicState:
        """Return the partitions as brokers before Kafka 2.8 show them."""
        topics = await self._reader.topics()
        partitions = self._reader.partitions_for_topic(self._topic) if self._topic in topics else None
        if not partitions:
            raise await self._missing()
        return TopicState("", tuple(sorted(partitions)))

    async def _missing(self) -> SourceRefused:
        near = did_you_mean(self._topic, await self._reader.topics())
        return SourceRefused(
            self._source,
            "no_topic",
            f"there is no topic {self._topic!r} at {self._settings.bootstrap_servers}, or {self._settings.user} may "
            f"not describe it: create it, grant Describe and Read, or correct `topic`{near}",
        )

    async def bounds(self, partitions: Iterable[int]) -> dict[int, tuple[int, int]]:
        """Return the first offset of each partition, and the first that does not exist yet."""
        tps = self._tps(partitions)
        with self._translated():
            async with answered_within(self._settings, f"asking for the offsets of {self._topic}"):
                begins = await self._reader.beginning_offsets(tps)
                ends = await self._reader.end_offsets(tps)
        return {tp.partition: (begins[tp], ends[tp]) for tp in tps}

    async def first_since(self, partition: int, time_ms: int) -> tuple[int, int] | None:
        """Return offset and time of the first record of a time or later, milliseconds since the epoch; None if none is.

        Times are those of Kafka, not of the posts.
        """
        tp = TopicPartition(self._topic, partition)
        with self._translated():
            async with answered_within(self._settings, f"asking for a time in {self._topic}"):
                found = (await self._reader.offsets_for_times({tp: max(0, time_ms)})).get(tp)
        return (found.offset, found.timestamp) if found else None

    def read_from(self, offsets: Mapping[int, int]) -> None:
        """Read exactly these partitions, from these offsets."""
        self._reader.assign(self._tps(offsets))
        for partition, offset in offsets.items():
            self.seek(partition, offset)

    def seek(self, partition: int, offset: int) -> None:
        """Read a partition from another offset."""
        self._reader.seek(TopicPartition(self._topic, partition), offset)

    async def more(self, timeout_seconds: float, most: int) -> Fetched:
        """Return new records, after a wait if there are none.

        Parameters
        ----------
        timeout_seconds
            Longest wait.
        most
            Most records.
        """
        with self._translated():
            try:
                batches = await self._reader.getmany(timeout_ms=round(timeout_seconds * 1000), max_records=most)
            except errors.OffsetOutOfRangeError as error:
                return Fetched({}, frozenset(tp.partition for tp in error.args[0]))
            except _DAMAGE as error:
                return Fetched({}, damage=f"{error}")
        return Fetched({tp.partition: records for tp, records in batches.items() if records})

    async def look(self, partition: int, offset: int) -> ReadablePart:
        """Return the next records of a partition up to a batch that can't be read; nothing moves.

        Raises
        ------
        SourceError
            If the broker does not answer, or access is denied.
        """
        tp = TopicPartition(self._topic, partition)
        request = FetchRequest(
            0, 1, _FETCH_BYTES, _READ_COMMITTED, [(self._topic, [(partition, offset, _FETCH_BYTES)])]
        )
        with self._translated():
            async with answered_within(self._settings, f"asking for records of {self._topic}"):
                await self._client.add_topic(self._topic)
                leader = self._client.cluster.leader_for_partition(tp)
                if leader is None or leader < 0:
                    await self._client.force_metadata_update()
                    return ReadablePart([], DamagedBatch(offset, None, "no broker leads the partition"))
                answer = await self._client.send(leader, request)
            ((_, ((_, code, highwater, *rest),)),) = answer.topics
            error = errors.for_code(code)
            if error in NOT_ALLOWED:
                raise error
            if error in {errors.OffsetOutOfRangeError, errors.UnknownTopicOrPartitionError}:
                return ReadablePart([])  # whoever reads from there gets the error
            if error is not NoError:
                await self._client.force_metadata_update()  # another broker may lead it by now
                return ReadablePart([], DamagedBatch(offset, None, f"the broker answers {error.__name__}"))
            stable, data = rest[0], rest[-1] or b""
            if not data and offset < stable and not answer.throttle_time_ms:
                why = f"the broker sends nothing, although it has records up to offset {stable - 1:,}"
                return ReadablePart([], DamagedBatch(offset, None, why))
            aborted = rest[2] if answer.API_VERSION >= _WITH_REPLICA else rest[-2]
            return readable_part(tp, data, offset, highwater, aborted)

    async def read_to(self, partition: int) -> int:
        """Return the next offset of a partition that will be asked for."""
        with self._translated():
            position: int = await self._reader.position(TopicPartition(self._topic, partition))
        return position

    def end_of(self, partition: int) -> int | None:
        """Return the first offset that could not be read at the last look, None if there was none."""
        tp = TopicPartition(self._topic, partition)
        end: int | None = self._reader.last_stable_offset(tp)
        return end if end is not None and end >= 0 else self._reader.highwater(tp)

    def pause(self, partitions: Iterable[int]) -> None:
        """Return no records of some partitions until `resume`."""
        self._reader.pause(*self._tps(partitions))

    def resume(self, partitions: Iterable[int]) -> None:
        """Return records of some partitions again."""
        self._reader.resume(*self._tps(partitions))

    async def commit(self, group: str, offsets: Mapping[int, int]) -> None:
        """Commit offsets to a consumer group, for the tools of the other side.

        Raises
        ------
        SourceError
            If the broker does not answer or refuses; a group with members refuses.
        """
        with self._translated():
            async with consumer(self._settings, group) as committer:
                committer.assign(self._tps(offsets))
                async with answered_within(self._settings, f"committing to group {group}"):
                    await committer.commit({TopicPartition(self._topic, each): at for each, at in offsets.items()})

    def _tps(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in partitions]

    def _translated(self) -> AbstractContextManager[None]:
        return translated_for_source(self._source, self._topic, self._settings)


@contextmanager
def translated_for_source(source: str, topic: str, settings: KafkaSettings) -> Iterator[None]:
    """Translate errors of Kafka in the body into those of a source."""
    try:
        yield
    except BrokerUnreachable as error:
        if isinstance(error.__cause__, NOT_ALLOWED):
            raise _denied(source, topic, settings) from error
        raise SourceUnavailable(
            source, "unreachable", f"no Kafka broker answers at {error.bootstrap_servers} ({error.detail})"
        ) from error
    except KafkaError as error:
        cause = error.__cause__
        if isinstance(cause, NOT_ALLOWED):
            raise _denied(source, topic, settings) from error
        if isinstance(cause, ssl.SSLError):
            raise SourceRefused(source, "tls", str(error)) from error
        if isinstance(cause, REFUSED_LOGIN):
            raise SourceRefused(source, "login", str(error)) from error
        raise SourceUnavailable(source, "kafka", str(error)) from error
    except NOT_ALLOWED as error:
        raise _denied(source, topic, settings) from error
    except errors.UnsupportedCodecError as error:
        raise SourceRefused(
            source, "codec", f"records of {topic} are compressed in an unknown way ({error})"
        ) from error
    except errors.KafkaError as error:
        raise SourceUnavailable(source, "kafka", f"reading {topic}: {error}") from error


def _denied(source: str, topic: str, settings: KafkaSettings) -> SourceRefused:
    return SourceRefused(
        source,
        "not_allowed",
        f"{settings.user} may not read topic {topic} at {settings.bootstrap_servers}: grant Read and Describe on it",
    )


@asynccontextmanager
async def open_topic(source: str, topic: str, settings: KafkaSettings) -> AsyncIterator[ForeignTopic]:
    """Yield a connection to a topic; transactions that were aborted are not read.

    Parameters
    ----------
    source
        Id of the source, for errors.
    topic
        Name of the topic.
    settings
        How to reach the cluster.

    Raises
    ------
    SourceRefused
        If the cluster refuses TLS or the login.
    SourceUnavailable
        If no broker answers.
    ConfigError
        If a file of the settings can't be used.
    """
    async with AsyncExitStack() as stack:
        with translated_for_source(source, topic, settings):
            reader = await stack.enter_async_context(
                consumer(settings, None, isolation_level="read_committed", max_partition_fetch_bytes=_FETCH_BYTES)
            )
            client = await stack.enter_async_context(raw_client(settings))
        yield ForeignTopic(source, topic, settings, reader, client)
