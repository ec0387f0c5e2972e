"""Read mentions from a topic, as the scorers wrote them."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS
from streams.core.detect.validation import MentionsValidator
from streams.errors import InputError, RecordError
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.offline.backtest.partition_files import PartitionFileWriter, partition_files
from streams.offline.backtest.time_range import END_MS, SHOWN, TimeRange
from streams.records import AuthorDeletions, Deletions, Envelope, Gaps, Progress, utc
from streams.render.progress_bar import bar
from streams.sources.ordered import LOUD_SHARE, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiokafka.structs import ConsumerRecord

    from streams.config import Config, WindowSettings
    from streams.kafka.topics import Topic
    from streams.offline.backtest.partition_files import Mentions
    from streams.records import Mention, MentionsContent

MARGIN_MS: Final = HOUR_MS
"""Largest lag of the broker's clock: reading begins at records that much older than the first event time."""


@contextmanager
def recorded(topic: str, config: Config, span: TimeRange) -> Iterator[Mentions]:
    """Copy the mentions of a range of event time from a topic to partition files, which are deleted afterwards.

    A mention is copied if its event time is within the range, and if it had arrived when the event time of its
    partition reached the end of the range: that is what a detector would have known by then. Detectors start to learn
    at the beginning of the range.

    Parameters
    ----------
    topic
        Full name of the topic.
    config
        Config with the address of Kafka, the number of partitions and the length of buckets.
    span
        Range of event time in whole buckets.

    Raises
    ------
    BrokerUnreachable
        If no broker answers.
    KafkaError
        If the topic does not exist, or its settings are not those of a topic of mentions.
    InputError
        If it holds no mentions of the range.
    OutputError
        If the disk is full.
    """
    name = topic if span == TimeRange() else f"{topic} from {span}"
    with partition_files(name, config.topics.partitions) as mentions:
        started = time.monotonic()
        with PartitionFileWriter(mentions) as files:
            copy = _Copy(config, mentions, files, span)
            asyncio.run(read_range(config, replace(Topics(config.topics).mentions, name=topic), span, copy.add))
        if not mentions.mentions:
            raise InputError(f"{topic}: {_nothing(copy, span)}")
        mentions.remarks = list(copy.remarks(topic))
        mentions.seconds = time.monotonic() - started
        yield mentions


def _nothing(copy: _Copy, span: TimeRange) -> str:
    if copy.newest_ms >= 0:
        span_read = f"{utc(copy.oldest_ms):{SHOWN}} to {utc(copy.newest_ms):{SHOWN}}"
        return f"no mentions from {span}; the mentions that were read are from {span_read}"
    if copy.refused:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(copy.refused.items()))
        return f"none of its records holds mentions ({reasons}): is it the right topic?"
    return f"no mentions from {span}"


async def read_range(
    config: Config, topic: Topic, span: TimeRange, add: Callable[[list[ConsumerRecord]], None]
) -> None:
    """Read the records of a topic that may be of a range of event time, up to now, and show a bar.

    Parameters
    ----------
    config
        Config with the address of Kafka.
    topic
        The topic, which must be as it is defined.
    span
        Range of event time.
    add
        Function that is called with each batch of records.
    """
    await ensure_topics(config, create=False, only=[topic])
    async with consumer(config.kafka, None) as client:
        reader = TopicReader(client, config.kafka, topic)
        await reader.seek(span.from_ms - MARGIN_MS)
        with bar(topic.name, "records") as show:
            async for records in reader.up_to_now():
                add(records)
                show(*reader.passed)


class _Copy:
    """A copy of the records of a range to the partition files, in progress."""

    def __init__(self, config: Config, mentions: Mentions, files: PartitionFileWriter, span: TimeRange) -> None:
        self._scored = MentionsValidator(config)
        self._files = files
        self._cut = Cut(span, config.windows)
        self._lateness_ms = config.windows.lateness_seconds * 1000
        self._read = self._far_behind = 0
        self._first_far_behind: tuple[ConsumerRecord, Mention] | None = None
        self.refused = mentions.rejected
        self.oldest_ms, self.newest_ms = END_MS, -1

    def add(self, records: list[ConsumerRecord]) -> None:
        for record in records:
            try:
                content = self._scored.read(record.partition, record.timestamp, record.value)
            except RecordError as error:
                self.refused[error.reason] = self.refused.get(error.reason, 0) + 1
                continue
            if isinstance(content, Envelope) and content.mentions:
                times = [mention.ts_ms for mention in content.mentions]
                self.oldest_ms, self.newest_ms = min(self.oldest_ms, *times), max(self.newest_ms, *times)
                self._note_order(record, content.mentions)
            kept = self._cut.within(content, record.partition)
            if kept is not None:
                self._files.write(kept, record.partition)
        self._files.end_batch()

    def _note_order(self, record: ConsumerRecord, mentions: list[Mention]) -> None:
        self._read += len(mentions)
        behind = [mention for mention in mentions if mention.behind_ms > self._lateness_ms]
        self._far_behind += len(behind)
        if behind and self._first_far_behind is None:
            self._first_far_behind = record, behind[0]

    def remarks(self, topic: str) -> Iterator[str]:
        """Yield a remark if many mentions arrived so far behind that they may be late."""
        if self._first_far_behind and self._far_behind > LOUD_SHARE * self._read:
            record, mention = self._first_far_behind
            yield (
                f"{self._far_behind:,} of {self._read:,} mentions arrived more than "
                f"windows.lateness_seconds={self._lateness_ms / 1000:g} behind the newest post of their partition, the "
                f"first at {topic}[{record.partition}]@{record.offset} ({shown(mention.ts_ms)} behind "
                f"{shown(mention.ts_ms + mention.behind_ms)}): they may be too late to be counted. A topic can't be "
                "sorted: name the file of the posts by --posts, which is"
            )


class Cut:
    """A filter that cuts records of `social.mentions` to a range of event time.

    Parameters
    ----------
    span
        Range of event time in whole buckets.
    settings
        Section `windows` of the config.
    """

    def __init__(self, span: TimeRange, settings: WindowSettings) -> None:
        self._span = span
        self._last_ms = span.to_ms - settings.check_seconds * 1000 - 1
        """Latest watermark passed on: a later one would also close the bucket after the range when the stream ends."""
        self._over: set[tuple[int, int, str]] = set()

    def within(self, record: MentionsContent, partition: int) -> MentionsContent | None:
        """Return the record of a partition without the parts outside the range, or None if nothing is left."""
        begin_ms, end_ms = self._span
        if isinstance(record, Envelope):
            mentions = [
                each for each in record.mentions if begin_ms <= each.ts_ms and each.ts_ms + each.behind_ms < end_ms
            ]
            return replace(record, mentions=mentions) if mentions else None
        if isinstance(record, Deletions):
            posts = [each for each in record.posts if each[0] < end_ms]
            return replace(record, posts=posts) if posts else None
        if isinstance(record, AuthorDeletions):
            authors = [each for each in record.authors if each[1] < end_ms]
            return replace(record, authors=authors) if authors else None
        if isinstance(record, Gaps):
            spans = [each for each in record.spans if each[1] < end_ms]
            return replace(record, spans=spans) if spans else None
        return self._progress(record, partition)

    def _progress(self, record: Progress, partition: int) -> Progress | None:
        begin_ms, end_ms = self._span
        of = (partition, record.partition, record.incarnation)
        if of in self._over:
            return None
        if record.watermark_ms >= end_ms:
            self._over.add(of)
        active = [
            (source, [start for start in starts if begin_ms <= start < end_ms]) for source, starts in record.active
        ]
        return replace(
            record,
            watermark_ms=min(record.watermark_ms, self._last_ms),
            newest_ms=min(record.newest_ms, self._last_ms),
            idle_as_of_ms=min(record.idle_as_of_ms, self._last_ms) if record.live else record.idle_as_of_ms,
            active=[(source, starts) for source, starts in active if starts],
            pulse=[(minute, counts) for minute, counts in record.pulse if begin_ms <= minute < end_ms],
        )
