"""Read posts from their topic, and match and score them as the scorers do."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from streams.errors import InputError
from streams.kafka.topics import Topics
from streams.offline.backtest.from_topic import Cut, read_range
from streams.offline.backtest.partition_files import PartitionFileWriter, partition_files
from streams.offline.backtest.time_range import TimeRange
from streams.offline.replay import scorer_of_all
from streams.records import Envelope
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiokafka.structs import ConsumerRecord

    from streams.config import Config
    from streams.offline.backtest.partition_files import Mentions
    from streams.records import MentionsContent


@contextmanager
def scored_from_topic(topic: str, config: Config, span: TimeRange) -> Iterator[Mentions]:
    """Match and score the posts of a range of event time in a topic; the mentions are deleted afterwards.

    Unlike the mentions in their topic, these are matched by the terms of this config, and the topic keeps posts for
    longer than mentions.

    Parameters
    ----------
    topic
        Full name of the topic.
    config
        Config with the address of Kafka, the number of partitions, the brands and the model.
    span
        Range of event time in whole buckets.

    Raises
    ------
    BrokerUnreachable
        If no broker answers.
    KafkaError
        If the topic does not exist, or its settings are not those of the topic of posts.
    InputError
        If it holds no posts.
    OutputError
        If the disk is full.
    """
    name = topic if span == TimeRange() else f"{topic} from {span}"
    with partition_files(name, config.topics.partitions) as mentions:
        started = time.monotonic()
        with PartitionFileWriter(mentions) as files:
            scoring = _RangeScoring(config, mentions, files, Cut(span, config.windows))
            asyncio.run(read_range(config, Topics(config.topics).posts, span, scoring.add))
        if not mentions.posts:
            raise InputError(f"{topic}: holds no posts from {span}")
        mentions.seconds = time.monotonic() - started
        yield mentions


class _RangeScoring:
    """The scoring of the records of all partitions, in progress."""

    def __init__(self, config: Config, mentions: Mentions, files: PartitionFileWriter, cut: Cut) -> None:
        self._scorer = scorer_of_all(config, load_model(config.sentiment.weights))
        self._mentions = mentions
        self._files = files
        self._cut = cut
        mentions.posts = 0

    def add(self, records: list[ConsumerRecord]) -> None:
        by_partition = sorted(records, key=lambda record: (record.partition, record.offset))
        for partition, of_one in groupby(by_partition, key=lambda record: record.partition):
            rows = [(record.offset, record.timestamp, record.value) for record in of_one]
            batch = self._scorer.score(partition, rows)
            self._mentions.posts = (self._mentions.posts or 0) + batch.posts
            for reason in (*(reject.reason for reject in batch.rejects), *("quota" for _ in batch.over_quota)):
                self._mentions.rejected[reason] = self._mentions.rejected.get(reason, 0) + 1
            for envelope in batch.envelopes:
                kept = self._cut.within(envelope, 0)
                if isinstance(kept, Envelope):
                    self._files.write_envelope(kept.brand, len(kept.mentions), kept.to_bytes())
            for notice in batch.notices:
                self._write_to_all(self._cut.within(notice, 0))
            self._write_to_all(self._cut.within(batch.progress, 0))
        self._files.end_batch()

    def _write_to_all(self, record: MentionsContent | None) -> None:
        if record is not None:
            self._files.write_to_all(record.to_bytes())
