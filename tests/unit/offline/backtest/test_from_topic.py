"""Mentions of a time range, cut out of a topic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from detectors.units import HOUR_MS, MINUTE_MS
from streams.core.detect.partition import PartitionMonitor
from streams.core.score.partitioning import partition_of
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.offline.backtest import TimeRange
from streams.offline.backtest.from_topic import Cut, _Copy
from streams.offline.backtest.partition_files import PartitionFileWriter, partition_files
from streams.records import Envelope
from tests.support.backtest import Row
from tests.support.two_brands import PARTITIONS, START, WordModel, config, story

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.config import Config
    from streams.records import MentionsContent, Post


def played_records(
    records: Iterable[MentionsContent], settings: Config, span: TimeRange
) -> tuple[list[bytes], list[bytes]]:
    """Alerts and windows; without a bucket behind the span, which closes where the last post stands at its very end."""
    monitor = PartitionMonitor(settings, 0)
    for record in records:
        monitor.absorb(record)
    outcome = monitor.finish()
    windows = [each for each in outcome.windows if each.start_ms != span.to_ms]
    return [each.to_bytes() for each in outcome.alerts], [each.to_bytes() for each in windows]


def scored_records(posts: Iterable[Post], settings: Config) -> list[MentionsContent]:
    scorer = Scorer(settings, WordModel())
    for partition in range(PARTITIONS):
        scorer.assign(partition, Position("topic-1"))
    records: list[MentionsContent] = []
    for offset, post in enumerate(posts):
        partition = offset % PARTITIONS
        batch = scorer.score(partition, [(offset, post.ts_ms + HOUR_MS, post.to_bytes())])
        records += [*batch.envelopes, batch.progress]
    return records


@pytest.mark.parametrize(("from_minute", "to_minute"), [(0, 600), (120, 480), (300, 420), (0, 410)])
def test_mentions_of_a_span_give_what_the_posts_of_the_span_give(from_minute: int, to_minute: int) -> None:
    settings = config()
    posts = sorted({post.id: post for post in story(1)}.values(), key=lambda post: post.ts_ms)
    span = TimeRange(START + from_minute * MINUTE_MS, START + to_minute * MINUTE_MS)
    cut = Cut(span, settings.windows)
    kept = [cut.within(record, 0) for record in scored_records(posts, settings)]
    alerts, windows = played_records([record for record in kept if record is not None], settings, span)
    within = [post for post in posts if span.from_ms <= post.ts_ms < span.to_ms]
    assert (alerts, windows) == played_records(scored_records(within, settings), settings, span)
    assert len(windows) == 2 * (to_minute - from_minute) / 5
    assert alerts or to_minute <= 400


@pytest.mark.parametrize("newest_first", [False, True])
def test_mentions_that_arrived_far_behind_are_remarked_with_the_first_place(newest_first: bool) -> None:
    """A topic can't be sorted, so its posts are named as the way out."""
    settings = config()
    posts = sorted(story(1), key=lambda post: post.ts_ms, reverse=newest_first)
    with partition_files("social.mentions", PARTITIONS) as mentions, PartitionFileWriter(mentions) as files:
        copy = _Copy(settings, mentions, files, TimeRange())
        for offset, record in enumerate(scored_records(posts, settings)):
            partition = partition_of(record.brand.encode(), PARTITIONS) if isinstance(record, Envelope) else 0
            copy.add([Row(partition, offset, START + 20 * HOUR_MS, record.to_bytes())])
        remarks = list(copy.remarks("social.mentions"))
    assert bool(remarks) == newest_first
    for remark in remarks:
        assert re.match(r"[\d,]+ of [\d,]+ mentions arrived more than windows.lateness_seconds=120 behind", remark)
        assert re.search(r"the first at social.mentions\[\d\]@\d+ \(2025-10-09T\S+Z behind 2025-10-09T\S+Z\)", remark)
        assert "name the file of the posts by --posts" in remark
