"""One brand has four fifths of the traffic; the others must not wait for it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from streams.records import post_from_bytes, window_from_bytes
from streams.topics import Topics
from tests.integration.broker import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable
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


async def latencies(config: Config, but: str) -> list[float]:
    """Seconds from the arrival of the post that lets a window close to the window, of all brands but one.

    A window closes when every partition of the posts has one dated past its lateness.
    """
    topics = Topics(config.topics)
    reached: dict[int, list[tuple[int, int]]] = {}
    for record in await read_topic(config, topics.posts.name):
        steps = reached.setdefault(record.partition, [(-1, 0)])
        ts_ms = post_from_bytes(record.value).ts_ms
        if ts_ms > steps[-1][0]:
            steps.append((ts_ms, record.timestamp))
    found = []
    for record in await read_topic(config, topics.windows.name):
        window = window_from_bytes(record.value)
        closes_ms = window.start_ms + window.length_ms + config.windows.lateness_seconds * 1000
        passed = [next((at for ts_ms, at in steps if ts_ms >= closes_ms), None) for steps in reached.values()]
        if window.brand != but and None not in passed:
            found.append((record.timestamp - max(at for at in passed if at is not None)) / 1000)
    return found


async def test_the_others_keep_their_latency(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, load: Load, tmp_path: Path
) -> None:
    seconds: list[float] = []
    rows = []
    for name, posts in {"as usual": load, "skewed": load.skewed(tmp_path / "skewed", HOT, SHARE)}.items():
        async with trial(load=posts, seconds=LOAD_SECONDS) as stage:
            rows.append(await stage.verdict(f"a brand with {SHARE:.0%} of the traffic", 1))
            found = await latencies(stage.config, HOT)
            seconds.append(statistics.quantiles(found, n=20)[-1])
            print(f"{name}: 95 % of {len(found)} windows of the others within {seconds[-1]:.2f} s")
    usual, skewed = seconds
    row = rows[1]
    row.fault += f": the others' windows within {skewed:.1f} s (95 %), {usual:.1f} s without"
    row.problems += rows[0].problems
    if skewed > 2 * usual + SLACK_SECONDS:
        row.problems.append(f"the others wait {skewed:.1f} s where they waited {usual:.1f} s")
    record(row)
