"""One brand has four fifths of the traffic; the others must not wait for it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

from streams.core.score.partitioning import partition_of
from streams.kafka.topics import Topics
from streams.records import post_from_bytes, window_from_bytes
from tests.support.broker import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from streams.config import Config
    from tests.faults.conftest import Recorder
    from tests.faults.load import Load
    from tests.faults.trial import Trial

LOAD_SECONDS = 60.0
HOT = "nordtel"
SHARE = 0.8
SLACK_SECONDS = 1.0
"""Twice the batch time of detect: what two runs may differ by on a busy machine."""

MIN_WINDOWS = 100
"""From which a 95th percentile says something."""


class Latency(NamedTuple):
    """Of windows, in seconds."""

    median: float
    high: float
    windows: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """The median and the 95th percentile."""
        return cls(statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1], len(seconds))

    def __str__(self) -> str:
        return f"{self.median:.1f} s (95 %: {self.high:.1f} s)"

    def problems(self, usual: Latency, whose: str) -> list[str]:
        """In what it is worse than it usually is."""
        found = [f"only {each.windows} windows {whose}" for each in (self, usual) if each.windows < MIN_WINDOWS]
        if self.median > 2 * usual.median + SLACK_SECONDS or self.high > 2 * usual.high + SLACK_SECONDS:
            found.append(f"{whose} wait {self} where they waited {usual}")
        return found


async def latencies(config: Config) -> tuple[Latency, Latency]:
    """How long windows take from the arrival of the post that lets them close: those of all brands but the hot one, and
    of these only the ones whose detect partition is the hot one's too.

    A window closes when every partition of the posts has one dated past its lateness.
    """
    topics = Topics(config.topics)
    reached: dict[int, list[tuple[int, int]]] = {}
    for record in await read_topic(config, topics.posts.name):
        steps = reached.setdefault(record.partition, [(-1, 0)])
        ts_ms = post_from_bytes(record.value).ts_ms
        if ts_ms > steps[-1][0]:
            steps.append((ts_ms, record.timestamp))
    crowded = partition_of(HOT.encode(), topics.mentions.partitions)
    others, neighbours = [], []
    for record in await read_topic(config, topics.windows.name):
        window = window_from_bytes(record.value)
        closes_ms = window.start_ms + window.length_ms + config.windows.lateness_seconds * 1000
        passed = [next((at for ts_ms, at in steps if ts_ms >= closes_ms), None) for steps in reached.values()]
        if window.brand == HOT or None in passed:
            continue
        seconds = (record.timestamp - max(at for at in passed if at is not None)) / 1000
        others.append(seconds)
        if partition_of(window.brand.encode(), topics.mentions.partitions) == crowded:
            neighbours.append(seconds)
    return Latency.of(others), Latency.of(neighbours)


def share_of_hot(stage: Trial) -> float:
    """Of all that was counted."""
    counted = stage.oracle.counted()
    return counted[HOT] / counted.total()


async def test_the_others_keep_their_latency(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, load: Load, tmp_path: Path
) -> None:
    async with trial(load=load, seconds=LOAD_SECONDS) as stage:
        problems = (await stage.verdict("as usual", 1)).problems
        usual, usual_beside = await latencies(stage.config)
        print(f"{share_of_hot(stage):.0%} of the mentions: others {usual}, in its partition {usual_beside}")
    async with trial(load=load.skewed(tmp_path / "skewed", HOT, SHARE), seconds=LOAD_SECONDS) as stage:
        row = await stage.verdict(f"a brand with {SHARE:.0%} of the traffic", 1)
        skewed, skewed_beside = await latencies(stage.config)
        share = share_of_hot(stage)
        print(f"{share:.0%} of the mentions: others {skewed}, in its partition {skewed_beside}")
    row.fault += (
        f": the others' windows within {skewed}, those in its partition within {skewed_beside}; "
        f"without it {usual} and {usual_beside}"
    )
    row.problems += problems
    row.problems += skewed.problems(usual, "of the others")
    row.problems += skewed_beside.problems(usual_beside, "of its partition")
    if not 0.95 * SHARE < share < 1.05 * SHARE:
        row.problems.append(f"the brand had {share:.0%} of the mentions")
    record(row)
