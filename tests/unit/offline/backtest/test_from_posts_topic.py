"""Posts of a topic that are left out."""

from __future__ import annotations

from streams.offline.backtest import TimeRange
from streams.offline.backtest.from_posts_topic import _RangeScoring
from streams.offline.backtest.from_topic import Cut
from streams.offline.backtest.partition_files import PartitionFileWriter, partition_files
from streams.records import Post
from tests.support.backtest import Row
from tests.support.two_brands import PARTITIONS, START, config


def test_posts_that_are_no_mentions_are_counted_by_reason_over_all_batches() -> None:
    """A topic holds what its source sent beyond the quota, which the scorers drop: a reader of it drops it, too."""
    settings = config(score={"max_posts_per_source_per_minute": 2 * PARTITIONS})
    values = [Post(str(number), "forum", START, f"Nordtel {number}").to_bytes() for number in range(5)]
    rows = [Row(0, offset, START, value) for offset, value in enumerate([*values, b"no post"])]
    with partition_files("social.posts", PARTITIONS) as mentions, PartitionFileWriter(mentions) as files:
        scoring = _RangeScoring(settings, mentions, files, Cut(TimeRange(), settings.windows))
        scoring.add(rows[:4])
        scoring.add(rows[4:])
    assert mentions.rejected == {"quota": 3, "broken_json": 1}
    assert (mentions.posts, mentions.mentions) == (2, {"nordtel": 2})
