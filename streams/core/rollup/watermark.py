"""How far `social.posts` has been read, as one partition of `social.mentions` learns of it: the watermark, which
sources deliver, and how busy the platform is."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from detectors.units import HOUR_MS
from streams.core.rollup.busyness import Busyness
from streams.core.rollup.high_water import Mark

if TYPE_CHECKING:
    from streams.config import WindowSettings
    from streams.records import Progress

IDLE_MARGIN_MS: Final = 5_000
"""How long after a post the broker may still be taking posts that its producer read before it: batching, retries, clock
skew."""

TIMELINE: Final = 256
"""Steps of broker time to event time that are remembered, at least one second apart: longer than idleness takes to be
claimed."""

MAX_FOLLOWED_SOURCES: Final = 64
"""Sources whose delivery is followed; more share one entry."""

OTHER_SOURCES: Final = "other"

_ALPHA: Final = 0.02
"""Weight of one bucket in a source's share of buckets with deliveries: about four hours of five-minute buckets."""

_SURPRISE: Final = 1e-3
"""A source is out when a silence this long had at most this probability."""


@dataclass(slots=True)
class _Partition:
    mark: Mark
    watermark_ms: int = -1
    idle_as_of_ms: int = -1
    live: bool = False


@dataclass(slots=True)
class _Source:
    delivers: float = 0.0
    silent: int = 0

    @property
    def out(self) -> bool:
        return (1 - min(self.delivers, 0.95)) ** self.silent < _SURPRISE

    def take(self, delivered: bool) -> None:
        self.silent = 0 if delivered else self.silent + 1
        if not self.out:
            self.delivers += _ALPHA * (delivered - self.delivers)


class StreamProgress:
    """Watermark, source health and busyness over all partitions of `social.posts`.

    Parameters
    ----------
    partitions
        How many partitions `social.posts` has.
    settings
        Lengths of time.

    Attributes
    ----------
    buckets
        Ascending starts of the buckets that have passed. Buckets in which every source was out are left out: no data is
        not zero.
    out
        By bucket start, the sources that were silent although they hardly ever are.
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
        self._busyness = Busyness()
        self._finished = False
        self.buckets: list[int] = []
        self.out: dict[int, frozenset[str]] = {}

    def update(self, progress: Progress) -> None:
        """Take one progress record; repeats and overtaken ones change nothing."""
        state = self._partitions.setdefault(progress.partition, _Partition(Mark(progress.incarnation)))
        if not state.mark.admits(progress.incarnation) or progress.offset < state.mark.offset:
            return
        state.mark.offset = progress.offset
        state.watermark_ms = max(state.watermark_ms, progress.watermark_ms)
        state.live = progress.live
        state.idle_as_of_ms = progress.idle_as_of_ms
        for source, starts in progress.active:
            name = source if source in self._sources or len(self._sources) < MAX_FOLLOWED_SOURCES else OTHER_SOURCES
            self._sources.setdefault(name, _Source())
            for start in starts:
                self._deliver(name, start)
        self._busyness.tell(progress.partition, progress.pulse)
        self._note_time(progress.ingested_ms, progress.watermark_ms)

    def _deliver(self, source: str, start: int) -> None:
        start -= start % self._bucket_ms  # another bucket length may have been in force, or anybody have written it
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
        """Event time up to which everything has arrived, ms; -1 while a partition has told nothing.

        A partition that was read to its end as of some broker time holds nobody back beyond what the others had reached
        by then, less `IDLE_MARGIN_MS`; while it is live, event time passes for it as broker time does. When the whole
        stream has been idle for `windows.end_of_stream_seconds`, its last bucket closes too.
        """
        partitions = self._partitions.values()
        newest = max((state.watermark_ms for state in partitions), default=-1)
        if self._finished:
            return newest + self._tail_ms if newest >= 0 else -1
        if len(self._partitions) < self._expected or newest < 0:
            return -1
        watermark_ms = min(self._reach(state) for state in partitions)
        if watermark_ms >= newest and self._timeline:
            quiet_ms = min(state.idle_as_of_ms for state in partitions) - self._timeline[-1][0]
            if quiet_ms >= self._end_of_stream_ms:
                return max(watermark_ms, newest + self._tail_ms)
        return watermark_ms

    def _reach(self, state: _Partition) -> int:
        if state.idle_as_of_ms < 0:
            return state.watermark_ms
        settled = state.idle_as_of_ms - IDLE_MARGIN_MS
        reached = max((event for broker, event in self._timeline if broker <= settled), default=-1)
        return max(state.watermark_ms, reached, settled if state.live else -1)

    def finish(self) -> None:
        """Declare the stream over: nothing will follow."""
        self._finished = True

    def assess(self, watermark_ms: int) -> None:
        """Walk the buckets that end by the watermark, in order, and judge the sources over each; and the platform by
        the minute."""
        self._busyness.advance(watermark_ms)
        if self._next_ms < 0 and self._deliveries:
            self._next_ms = min(self._deliveries)
        while 0 <= self._next_ms <= watermark_ms - self._bucket_ms:
            start = self._next_ms
            delivering = self._deliveries.pop(start, set())
            for name, source in self._sources.items():
                source.take(name in delivering)
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
        """Drop what was kept about buckets that start before."""
        keep = bisect_left(self.buckets, before_ms)
        for start in self.buckets[:keep]:
            del self.out[start]
        del self.buckets[:keep]
        self._busyness.forget(before_ms)

    def busyness(self, at_ms: int, group: int) -> float:
        """How many times the usual was said of the brands outside a group, as of some moment before the watermark."""
        return self._busyness.of_others(at_ms, group)

    def source_up(self) -> dict[str, bool]:
        """Whether each source delivers as it usually does."""
        return {name: not source.out for name, source in self._sources.items()}

    def dump(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return {
            "partitions": [
                [number, state.mark.dump(), state.watermark_ms, state.live]
                for number, state in self._partitions.items()
            ],
            "sources": [[name, source.delivers, source.silent] for name, source in self._sources.items()],
            "deliveries": [[start, sorted(sources)] for start, sources in self._deliveries.items()],
            "newest": self._timeline[-1] if self._timeline else None,
            "next_ms": self._next_ms,
            "out": [[start, sorted(self.out[start])] for start in self.buckets],
            "busyness": self._busyness.dump(),
        }

    def load(self, values: dict[str, Any]) -> None:
        """Take over what `dump` gave; idleness is claimed anew by the scorers."""
        self._partitions = {
            number: _Partition(Mark(*mark), watermark_ms, live=live)
            for number, mark, watermark_ms, live in values["partitions"]
        }
        self._sources = {name: _Source(delivers, silent) for name, delivers, silent in values["sources"]}
        self._deliveries = {start: set(sources) for start, sources in values["deliveries"]}
        self._timeline.clear()
        if values["newest"]:
            self._note_time(*values["newest"])
        self._next_ms = values["next_ms"]
        self.out = {start: frozenset(sources) for start, sources in values["out"]}
        self.buckets = sorted(self.out)
        self._busyness.load(values["busyness"])
