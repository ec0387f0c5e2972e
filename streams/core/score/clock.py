"""The event time of one partition of `social.posts`: the newest of its posts, unless too few others support it.

Event time must not follow a handful of posts whose dates are wrong: every post of the right date would be late from
then on. No single post shows whether its date is wrong or the archive has a gap. So there are two times:

- The *clock* is the newest event time. A post that lies ahead of most others moves it at once, but the next post that
  is not near it moves it back. A post arrives at the time of the clock, or at its own if that is later.
- The *watermark* never goes back, and follows the clock no further than `NEEDED` of the last `RECENT` posts support it.
  Live, where no post is dated ahead of the broker's clock, a third of them suffices, and it stays no further than
  `HOLD_MS` behind the clock: a collector that lags by some minutes is not late, and one that lags more does not delay
  the others.

In a partition that is in order, each post arrives at its own time whatever the watermark is; the watermark only decides
how soon that is evaluated. So the support that a gap or a quiet partition waits for changes no result.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Final, NamedTuple

RECENT: Final = 64
"""Posts that may support the watermark. They are saved with the position, in less than 1.5 kB of metadata; Kafka
allows 4 kB."""

NEEDED: Final = 48
"""How many of them must reach a time less the tolerance before the watermark reaches it: fewer than 48 wrong dates
among 64 posts do not move it. A quarter of the posts that lag holds it back in an archive."""

HOLD_MS: Final = 900_000
"""How far a collector that delivers most posts of a live stream may lag without being late."""

_NEEDED_LIVE: Final = RECENT // 3
"""How many are needed live: posts on time must not wait for as many that are not, but a few of them must not make all
others late."""

_HALF: Final = RECENT // 2
"""More of them than this must have been received soon after they were written for the stream to count as live."""

_SPARE: Final = RECENT - NEEDED
"""Posts after which the support must be computed again: each may replace one that supports."""


class RecentPosts(NamedTuple):
    """What a clock saves besides its time, as plain values for JSON.

    Parameters
    ----------
    watermark_ms
        The watermark, -1 if there is none.
    turns
        How often the clock was moved back.
    since_turn
        Posts since then, at most `RECENT`.
    behind_ms
        By how much each of the last `RECENT` posts lies behind the clock; negative if ahead of it.
    delays
        Seconds between event time and broker time of each of them, at most those of `import_after_seconds`.
    """

    watermark_ms: int
    turns: int
    since_turn: int
    behind_ms: list[int]
    delays: list[int]


class PartitionClock:
    """The clock and the watermark of one partition, a function of its posts alone.

    Parameters
    ----------
    tolerance_ms
        How far apart the times of posts may lie without a contradiction: as far as no post is late.
    import_after_ms
        How far a post may lie behind the clock, or behind the broker's, before it says nothing about the present.
    now_ms
        Where the clock stands, -1 if there was no post.
    recent
        What was saved of the posts before; None if there is nothing.
    live
        Whether the partition was live, if nothing was saved of its posts.

    Attributes
    ----------
    now_ms
        The clock; -1 before the first post.
    watermark_ms
        The watermark; -1 until `NEEDED` posts support one.
    turns
        How often the clock was moved back.

    Examples
    --------
    >>> clock = PartitionClock(tolerance_ms=60_000, import_after_ms=3_600_000)
    >>> for ts_ms in range(0, 100_000, 1_000):
    ...     arrived_ms = clock.advance(ts_ms, broker_ms=10**12)
    >>> clock.advance(10**9, broker_ms=10**12), clock.watermark_ms  # a wrong date
    (1000000000, 99000)
    >>> clock.advance(100_000, broker_ms=10**12), clock.watermark_ms
    (100000, 100000)
    """

    def __init__(
        self,
        tolerance_ms: int,
        import_after_ms: int,
        now_ms: int = -1,
        recent: RecentPosts | None = None,
        *,
        live: bool = False,
    ) -> None:
        self._tolerance_ms = tolerance_ms
        self._import_after_ms = import_after_ms
        if recent is None:
            known = RECENT if now_ms >= 0 else 0
            recent = RecentPosts(now_ms, 0, RECENT, [0] * known, [0 if live else import_after_ms // 1000] * known)
        self.now_ms = now_ms
        self.watermark_ms = recent.watermark_ms
        self.turns = recent.turns
        self._since_turn = recent.since_turn
        self._recent = deque((now_ms - behind for behind in recent.behind_ms), RECENT)
        self._delays = deque(recent.delays, RECENT)
        self._sure_ms = self._left = 0
        self._longest = import_after_ms // 1000
        self._fresh = sum(delay < self._longest for delay in self._delays)

    @property
    def steady(self) -> bool:
        """Whether none of the last posts moved the clock back."""
        return self._since_turn == RECENT

    @property
    def live(self) -> bool:
        """Whether the broker received most of the last posts soon after they were written."""
        return 2 * self._fresh > len(self._delays)

    def is_import(self, ts_ms: int) -> bool:
        """Return whether a post is dated back so far that it says nothing about the present."""
        return ts_ms < self.watermark_ms - self._import_after_ms

    def advance(self, ts_ms: int, broker_ms: int) -> int:
        """Consider the next post, and return the event time at which it arrives, which is not before its own.

        Parameters
        ----------
        ts_ms
            Event time of the post.
        broker_ms
            When the broker received it, in milliseconds since the epoch.
        """
        if self.is_import(ts_ms):
            return self.now_ms
        self._remember(ts_ms, broker_ms)
        if ts_ms >= self.now_ms:
            self.now_ms = ts_ms
        elif self.now_ms - self._tolerance_ms > max(self.watermark_ms, ts_ms):
            self.now_ms = max(self.watermark_ms, ts_ms)
            self.turns += 1
            self._since_turn = -1
        self._since_turn = min(self._since_turn + 1, RECENT)
        self._follow(ts_ms)
        return self.now_ms

    def _remember(self, ts_ms: int, broker_ms: int) -> None:
        delay = min(max(0, broker_ms - ts_ms) // 1000, self._longest)
        if len(self._delays) == RECENT:
            self._fresh -= self._delays[0] < self._longest
        self._fresh += delay < self._longest
        self._recent.append(ts_ms)
        self._delays.append(delay)

    def _follow(self, ts_ms: int) -> None:
        """Move the watermark as far as the last posts support it."""
        needed = _NEEDED_LIVE if self._fresh > _HALF else NEEDED
        if self._left and ts_ms <= self._sure_ms + self._tolerance_ms:
            self._left -= 1
            self.watermark_ms = max(self.watermark_ms, ts_ms)
        elif len(self._recent) >= NEEDED:
            ranked = sorted(self._recent)
            supported = ranked[bisect_right(ranked, ranked[-needed] + self._tolerance_ms) - 1]
            if needed < NEEDED:
                supported = max(supported, self.now_ms - HOLD_MS)
            self.watermark_ms = max(self.watermark_ms, supported)
            self.now_ms = max(self.now_ms, self.watermark_ms)
            all_support = len(ranked) == RECENT and ranked[-1] <= self.watermark_ms
            self._sure_ms, self._left = ranked[0], _SPARE if all_support else 0

    @property
    def delay_ms(self) -> int:
        """By how much event time lies behind broker time, at least, for two thirds of the last posts."""
        return sorted(self._delays)[len(self._delays) // 3] * 1000 if self._delays else 0

    def dump(self) -> RecentPosts:
        """Return what to save besides `now_ms`."""
        behind_ms = [self.now_ms - ts_ms for ts_ms in self._recent]
        return RecentPosts(self.watermark_ms, self.turns, self._since_turn, behind_ms, list(self._delays))
