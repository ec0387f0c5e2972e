"""Event-time buckets of the mentions of one brand.

Time is the watermark: the event time up to which every partition of `social.posts` has been read. It advances in slots
of `check_seconds`. A mention belongs to the slot of its partition's event time at its arrival, which does not depend on
how partitions are interleaved, and becomes visible when the watermark passes that slot. So the checks of an open bucket
and the contents of a closed one are the same in every run.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

from streams.core.rollup.late_buckets import LateBuckets
from streams.core.rollup.pending_mentions import PendingMentions
from streams.core.rollup.tally import Tally
from streams.records import IMPORT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from streams.config import WindowSettings
    from streams.core.rollup.tally import Identity
    from streams.records import Mention


class BucketStep(NamedTuple):
    """A moment at which a bucket is evaluated.

    Parameters
    ----------
    at_ms
        Event time of the moment.
    start_ms
        Start of the bucket.
    tally
        The counts of the bucket at that moment.
    closes
        Whether the bucket is complete, so that detectors learn from it.
    late
        Counts of all late mentions of the bucket if it had closed before; None otherwise. `tally` then holds only those
        that arrive in this step. Neither counts imports, which must not change what was known of that time.
    """

    at_ms: int
    start_ms: int
    tally: Tally
    closes: bool
    late: Tally | None = None


class Windows:
    """The buckets of one brand that are not closed yet.

    Attributes
    ----------
    reached_ms
        Event time up to which all steps were taken; -1 before the first mention.
    late
        Mentions since the last closed bucket whose own bucket had closed.
    pending
        Mentions that are not visible yet.
    """

    def __init__(self, settings: WindowSettings) -> None:
        self.bucket_ms = settings.bucket_seconds * 1000
        self._slot_ms = settings.check_seconds * 1000
        self._lateness_ms = -(-settings.lateness_seconds // settings.check_seconds) * self._slot_ms
        self.reached_ms = -1
        self.late = 0
        self.pending = PendingMentions()
        self._open: dict[int, Tally] = {}
        self._late = LateBuckets()

    def add(self, mention: Mention) -> None:
        """Keep a mention until the watermark reaches the slot it arrived in."""
        arrival = mention.ts_ms + mention.behind_ms
        slot = self.visible_at(arrival) - self._slot_ms
        bucket = mention.ts_ms - mention.ts_ms % self.bucket_ms
        self.pending.add(slot, bucket, mention)

    def closes_at(self, start_ms: int) -> int:
        """Return the event time from which mentions of a bucket are late."""
        return start_ms + self.bucket_ms + self._lateness_ms

    def walk(self, watermark_ms: int, passed: Sequence[int]) -> Iterator[BucketStep]:
        """Advance to the watermark, with a step for each bucket that got mentions, in time or late, or that closes.

        Parameters
        ----------
        watermark_ms
            The event time to advance to.
        passed
            Ascending starts of the buckets that have passed for the whole stream. A bucket that is not among them and
            has no mentions is skipped: no data is not zero.
        """
        closed_ms = self.reached_ms
        for slot in self.pending.until(watermark_ms - self._slot_ms):
            slot_end = slot + self._slot_ms
            yield from self._close(closed_ms, slot_end - 1, passed)
            closed_ms = slot_end - 1 if self.reached_ms >= 0 else slot_end
            yield from self._open_slot(slot, slot_end)
        yield from self._close(closed_ms, watermark_ms, passed)
        if self.reached_ms >= 0:
            self.reached_ms = max(self.reached_ms, watermark_ms - watermark_ms % self._slot_ms)

    def due(self, watermark_ms: int, passed: Sequence[int]) -> bool:
        """Return whether `walk` would yield a step."""
        slot = self.pending.first()
        if slot is not None and slot + self._slot_ms <= watermark_ms:
            return True
        closing = self._next_to_close(self.reached_ms, passed)
        return closing is not None and self.closes_at(closing) <= watermark_ms

    def newest_ms(self) -> int:
        """Return the start of the newest bucket that is open or in which pending mentions arrived, -1 without any."""
        newest = max(self._open, default=-1)
        slot = self.pending.last()
        return newest if slot is None else max(newest, slot - slot % self.bucket_ms)

    def holds(self, posts: AbstractSet[Identity]) -> set[Identity]:
        """Return those of these posts that are pending for their slot or among the samples of a bucket."""
        return self.pending.holds(posts).union(*(tally.shows(posts) for tally in self.tallies()))

    def holds_any_of(self, authors: AbstractSet[int]) -> bool:
        """Return whether a mention by any of these authors is pending or among the samples of a bucket."""
        return self.pending.holds_any_of(authors) or any(tally.shows_any_of(authors) for tally in self.tallies())

    def visible_at(self, arrival_ms: int) -> int:
        """Return the event time at which a record that arrives at some event time becomes visible."""
        return max(arrival_ms - arrival_ms % self._slot_ms, self.reached_ms) + self._slot_ms

    def unclosed(self, since_ms: int) -> list[Tally]:
        """Return the counts of the unclosed buckets that start at `since_ms` or later, the current step's included."""
        return [tally for start, tally in self._open.items() if start >= since_ms]

    def late_since(self, start_ms: int) -> list[tuple[int, Tally]]:
        """Return start and late mentions of the buckets that start at `start_ms` or later and had closed before."""
        return list(self._late.since(start_ms))

    def tallies(self) -> list[Tally]:
        """Return all counts that are held."""
        return [*self._open.values(), *(tally for _, tally in self._late.since(0))]

    def reset_late(self) -> int:
        """Return the number of late mentions and set it to zero."""
        late, self.late = self.late, 0
        return late

    def _open_slot(self, slot: int, slot_end: int) -> Iterator[BucketStep]:
        if self.reached_ms < 0:
            self.reached_ms = slot
        for start, mentions in sorted(self.pending.take(slot).items()):
            if self.closes_at(start) <= slot:
                self.late += len(mentions)
                dated = [mention for mention in mentions if not mention.flags & IMPORT]
                if dated:
                    late = Tally()
                    late.add(dated)
                    gathered = self._late.add(start, slot_end, dated)
                    yield BucketStep(slot_end, start, late, closes=False, late=gathered)
                continue
            tally = self._open.get(start)
            if tally is None:
                tally = self._open[start] = Tally()
            tally.add(mentions)
            self.reached_ms = slot_end
            yield BucketStep(slot_end, start, tally, closes=False)
        self.reached_ms = slot_end

    def _close(self, closed_ms: int, until_ms: int, passed: Sequence[int]) -> Iterator[BucketStep]:
        """Close the buckets that close after one moment and until another."""
        while (start := self._next_to_close(closed_ms, passed)) is not None and self.closes_at(start) <= until_ms:
            at_ms = self.reached_ms = self.closes_at(start)
            tally = self._open.setdefault(start, Tally())
            yield BucketStep(at_ms, start, tally, closes=True)
            del self._open[start]
            self._late.forget(at_ms - self.bucket_ms - self._lateness_ms)
            closed_ms = at_ms

    def _next_to_close(self, closed_ms: int, passed: Sequence[int]) -> int | None:
        first = min(self._open, default=None)
        if closed_ms < 0:
            return first
        earliest = closed_ms - self.bucket_ms - self._lateness_ms + 1
        index = bisect_left(passed, earliest)
        if index == len(passed):
            return first
        return passed[index] if first is None else min(first, passed[index])

    def dump(self) -> list[Any]:
        """Return the state but for the chunks of `pending` as plain values for JSON."""
        opened = [[start, tally.dump()] for start, tally in self._open.items()]
        return [self.reached_ms, self.late, self.pending.dump(), opened, self._late.dump()]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned; chunks are added to `pending` afterwards."""
        self.reached_ms, self.late, pending, opened, late = values
        self.pending.load(pending)
        self._open = {start: Tally.load(tally) for start, tally in opened}
        self._late.load(late)
