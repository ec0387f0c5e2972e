"""Progress of reading `social.posts`, as reported in one partition of `social.mentions`: the watermark, the health of
the sources and the platform load."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from detectors.units import HOUR_MS
from streams.core.rollup.high_water import HighWaterMark
from streams.core.rollup.platform_load import PlatformLoad
from streams.core.rollup.source_gaps import SourceGaps

if TYPE_CHECKING:
    from streams.config import WindowSettings
    from streams.records import Progress

IDLE_MARGIN_MS: Final = 5_000
"""Time after a post during which the broker may still receive posts that its producer read before it: batching,
retries, clock skew."""

TIMELINE: Final = 256
"""Remembered pairs of broker time and event time, at least one second apart: they reach further back than the time
after which a scorer reports a partition as idle."""

MAX_FOLLOWED_SOURCES: Final = 64
"""Sources whose deliveries are tracked; further ones share one entry."""

OTHER_SOURCES: Final = "other"

_ALPHA: Final = 0.02
"""Weight of one bucket in a source's share of buckets with deliveries: about four hours of five-minute buckets."""

_SURPRISE: Final = 1e-3
"""A source counts as out when a silence this long has at most this probability."""


@dataclass(slots=True)
class _Partition:
    mark: HighWaterMark
    watermark_ms: int = -1
    idle_as_of_ms: int = -1
    live: bool = False
    newest_ms: int = -1
    delay_ms: int = 0


@dataclass(slots=True)
class _Source:
    delivers: float = 0.0
    silent: int = 0

    @property
    def out(self) -> bool:
        return (1 - min(self.delivers, 0.95)) ** self.silent < _SURPRISE

    def update(self, delivered: bool) -> None:
        self.silent = 0 if delivered else self.silent + 1
        if not self.out:
            self.delivers += _ALPHA * (delivered - self.delivers)


class StreamProgress:
    """Watermark, source health and platform load over all partitions of `social.posts`.

    Parameters
    ----------
    partitions
        Number of partitions of `social.posts`.
    settings
        Section `windows`.

    Attributes
    ----------
    buckets
        Ascending starts of the buckets that have passed, without those in which every source was out: no data is not
        zero.
    out
        By bucket start, the sources that were silent although they hardly ever are.
    gaps
        Gaps of the sources.
    """

    def __init__(self, partitions: int, settings: WindowSettings) -> None:
        self._expected = partitions
        self._bucket_ms = settings.bucket_seconds * 1000
        self._tail_ms = self._bucket_ms + (settings.lateness_seconds + settings.check_seconds) * 1000
        self._max_gap_ms = settings.max_gap_hours * HOUR_MS
        self._end_of_stream_ms = settings.end_of_stream_seconds * 1000
        self._partitions: dict[int, _Partition] = {}
        self._sources: dict[str, _Source] = {}
        self._deliveries: dict[int, set[str]] = {}
        self._timeline: deque[tuple[int, int]] = deque(maxlen=TIMELINE)
        self._next_ms = -1
        self._load = PlatformLoad()
        self._finished_ms: int | None = None
        self._slot_ms = settings.check_seconds * 1000
        self._reached_ms = -1
        self.gaps = SourceGaps()
        self.buckets: list[int] = []
        self.out: dict[int, frozenset[str]] = {}

    def update(self, progress: Progress) -> None:
        """Apply one progress record; repeated and outdated ones change nothing."""
        state = self._partitions.setdefault(progress.partition, _Partition(HighWaterMark(progress.incarnation)))
        if not state.mark.admits(progress.incarnation) or progress.offset < state.mark.offset:
            return
        state.mark.offset = progress.offset
        state.watermark_ms = max(state.watermark_ms, progress.watermark_ms)
        state.newest_ms = max(state.watermark_ms, progress.newest_ms)
        state.delay_ms = progress.delay_ms
        state.live = progress.live
        state.idle_as_of_ms = progress.idle_as_of_ms
        for source, starts in progress.active:
            name = source if source in self._sources or len(self._sources) < MAX_FOLLOWED_SOURCES else OTHER_SOURCES
            self._sources.setdefault(name, _Source())
            for start in starts:
                self._deliver(name, start)
        self._load.report(progress.partition, progress.pulse)
        self._note_time(progress.ingested_ms, progress.watermark_ms)

    def _deliver(self, source: str, start: int) -> None:
        start -= start % self._bucket_ms  # the bucket length may have changed, or a foreign client have written it
        if start >= self._next_ms:
            self._deliveries.setdefault(start, set()).add(source)

    def _note_time(self, ingested_ms: int, watermark_ms: int) -> None:
        if ingested_ms < 0:
            return
        newest = self._timeline[-1] if self._timeline else None
        if newest is None or ingested_ms - newest[0] >= 1000:
            self._timeline.append((ingested_ms, max(watermark_ms, newest[1] if newest else -1)))
        else:
            self._timeline[-1] = (max(ingested_ms, newest[0]), max(watermark_ms, newest[1]))

    def watermark(self) -> int:
        """Return the event time up to which everything has arrived, ms; -1 while a partition has reported nothing.

        A partition that was read to its end as of some broker time does not hold the watermark back behind the event
        time that the others had reached by then, less `IDLE_MARGIN_MS`; while it is live, event time passes for it as
        broker time does, less the delay that its posts usually have. When the whole stream has been idle for
        `windows.end_of_stream_seconds`, the last bucket of an archive closes too; that of a live stream closes as
        broker time passes.
        """
        partitions = self._partitions.values()
        newest = max((state.newest_ms for state in partitions), default=-1)
        if self._finished_ms is not None:
            newest = max(newest, self._finished_ms)
            return newest + self._tail_ms if newest >= 0 else -1
        if len(self._partitions) < self._expected or newest < 0:
            return -1
        watermark_ms = min(self._reach(state) for state in partitions)
        if self._timeline:
            quiet_ms = min(state.idle_as_of_ms for state in partitions) - self._timeline[-1][0]
            if quiet_ms >= self._end_of_stream_ms:
                live = [self._reach(state) for state in partitions if state.live]
                return max(watermark_ms, min(live, default=newest + self._tail_ms))
        return watermark_ms

    def _reach(self, state: _Partition) -> int:
        if state.idle_as_of_ms < 0:
            return state.watermark_ms
        settled = state.idle_as_of_ms - IDLE_MARGIN_MS
        reached = max((event for broker, event in self._timeline if broker <= settled), default=-1)
        passed = state.idle_as_of_ms - max(IDLE_MARGIN_MS, state.delay_ms) if state.live else -1
        return max(state.watermark_ms, reached, passed)

    def finish(self, newest_ms: int = -1) -> None:
        """Declare the stream over: nothing will follow, and everything is to be settled up to the newest post and up to
        `newest_ms`, however far ahead of the other posts that is."""
        self._finished_ms = newest_ms

    def visible_at(self, arrival_ms: int) -> int:
        """Return the event time at which a notice counts that arrives at some event time: not before the mentions that
        arrived before it, for any brand."""
        now_ms = max(arrival_ms, self._reached_ms, self.watermark())
        return now_ms - now_ms % self._slot_ms + self._slot_ms

    def evaluate(self, watermark_ms: int) -> None:
        """Update the health of the sources for each bucket that ends by the watermark, and the platform load for each
        minute."""
        self._reached_ms = max(self._reached_ms, watermark_ms)
        self._load.advance(watermark_ms)
        if self._next_ms < 0 and self._deliveries:
            self._next_ms = min(self._deliveries)
        while 0 <= self._next_ms <= watermark_ms - self._bucket_ms:
            start = self._next_ms
            delivering = self._deliveries.pop(start, set())
            for name, source in self._sources.items():
                source.update(name in delivering)
            self.out[start] = frozenset(name for name, source in self._sources.items() if source.out)
            self.buckets.append(start)
            self._next_ms = self._after(start)

    def _after(self, start: int) -> int:
        following = start + self._bucket_ms
        if following in self._deliveries:
            return following
        silent_ms = min(source.silent for source in self._sources.values()) * self._bucket_ms
        if silent_ms < self._max_gap_ms and not all(source.out for source in self._sources.values()):
            return following
        return min(self._deliveries, default=following)

    def forget(self, before_ms: int) -> None:
        """Drop the records of buckets that start before `before_ms`."""
        keep = bisect_left(self.buckets, before_ms)
        for start in self.buckets[:keep]:
            del self.out[start]
        del self.buckets[:keep]
        self._load.forget(before_ms)
        self.gaps.forget(before_ms)

    def load_of_others(self, at_ms: int, group: int) -> float:
        """Return the load of the brands outside a group as a multiple of the usual, at a moment before the
        watermark."""
        return self._load.of_others(at_ms, group)

    def source_up(self) -> dict[str, bool]:
        """Return by source whether it delivers as it usually does."""
        return {name: not source.out for name, source in self._sources.items()}

    def dump(self) -> dict[str, Any]:
        """Return the state as plain values for JSON."""
        return {
            "partitions": [
                [number, state.mark.dump(), state.watermark_ms, state.live, state.newest_ms, state.delay_ms]
                for number, state in self._partitions.items()
            ],
            "sources": [[name, source.delivers, source.silent] for name, source in self._sources.items()],
            "deliveries": [[start, sorted(sources)] for start, sources in self._deliveries.items()],
            "newest": self._timeline[-1] if self._timeline else None,
            "next_ms": self._next_ms,
            "out": [[start, sorted(self.out[start])] for start in self.buckets],
            "busyness": self._load.dump(),
            "reached_ms": self._reached_ms,
            "gaps": self.gaps.dump(),
        }

    def load(self, values: dict[str, Any]) -> None:
        """Restore the state that `dump` returned; scorers report again which partitions are idle."""
        self._partitions = {
            number: _Partition(HighWaterMark(*mark), watermark_ms, -1, live, newest_ms, delay_ms)
            for number, mark, watermark_ms, live, newest_ms, delay_ms in values["partitions"]
        }
        self._sources = {name: _Source(delivers, silent) for name, delivers, silent in values["sources"]}
        self._deliveries = {start: set(sources) for start, sources in values["deliveries"]}
        self._timeline.clear()
        if values["newest"]:
            self._note_time(*values["newest"])
        self._next_ms = values["next_ms"]
        self.out = {start: frozenset(sources) for start, sources in values["out"]}
        self.buckets = sorted(self.out)
        self._load.load(values["busyness"])
        self._reached_ms = values["reached_ms"]
        self.gaps.load(values["gaps"])
