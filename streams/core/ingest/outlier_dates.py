"""Posts of an archive whose dates stand apart from all others, such as twelve of July in an archive of March.

An archive in order of time is replayed in its own time. A few posts whose dates are wrong, years before all others or
months behind them, would give it a beginning or an end that it does not have: detectors would learn from years without
posts, and call the first ordinary hour a crisis.

A group of posts at one end of the archive stands apart if

- it holds at most ``ingest.outlier_share`` of all posts,
- the gap between it and the others is at least `MIN_GAP_MS`, and `GAP_FACTOR` times as long as any gap among these,
- it is no period of its own: posts of a quiet beginning follow one another in gaps like the one before the others
  (`QUIET_GAPS`), and a time that was really collected fills hour after hour (`PERIOD_HOURS`).

The rule depends on the dates alone and not on their order, so every order of the same posts gives the same result.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MIN_GAP_MS: Final = DAY_MS
"""Shortest gap that sets posts apart. Posts that are off by less do not harm an archive that is sorted."""

GAP_FACTOR: Final = 10
"""How many times as long as any gap among the other posts the gap must be: an archive of office hours has nights of 15
hours and weekends of 63."""

QUIET_GAPS: Final = 4
"""Gaps within a group, each at least a third of the gap to the others, that make it a quiet period."""

MAX_QUIET_GAP_MS: Final = 100 * DAY_MS
"""Longest gap of a quiet period. Posts that are years apart have wrong dates, or were imported from elsewhere."""

PERIOD_HOURS: Final = 24
"""Hours with posts, none a day from the next, that make a group a period of its own."""


class DateSpan(NamedTuple):
    """First and last event time of some posts, in milliseconds since the epoch."""

    first_ms: int
    last_ms: int


class QuietBeginning(NamedTuple):
    """A group of posts that is far before all others, and is kept because it is a period of its own.

    Parameters
    ----------
    posts
        Number of posts.
    last_ms, next_ms
        Event times of the last of them and of the first of the others, in milliseconds since the epoch.
    """

    posts: int
    last_ms: int
    next_ms: int


class DateCounts:
    """Counts posts by the hour, and finds those that stand apart.

    It holds one entry for each hour with posts: at most 9,000 a year, however many posts there are.

    Examples
    --------
    Three posts a minute for a day, and one that is dated four months later:

    >>> counts = DateCounts()
    >>> for second in range(0, 86_400, 20):
    ...     counts.add(1_700_000_000_000 + second * 1000)
    >>> counts.add(1_710_000_000_000)
    >>> counts.span()
    DateSpan(first_ms=1700000000000, last_ms=1710000000000)
    >>> counts.without_outliers(share=0.01)
    DateSpan(first_ms=1700000000000, last_ms=1700086380000)
    """

    def __init__(self) -> None:
        self._hours: dict[int, list[int]] = {}

    def add(self, ts_ms: int) -> None:
        """Count a post with an event time in milliseconds since the epoch."""
        hour = self._hours.get(ts_ms // HOUR_MS)
        if hour is None:
            self._hours[ts_ms // HOUR_MS] = [ts_ms, ts_ms, 1]
            return
        hour[2] += 1
        if ts_ms < hour[0]:
            hour[0] = ts_ms
        elif ts_ms > hour[1]:
            hour[1] = ts_ms

    def span(self) -> DateSpan | None:
        """Return the span of all posts, None without any."""
        if not self._hours:
            return None
        return DateSpan(self._hours[min(self._hours)][0], self._hours[max(self._hours)][1])

    def without_outliers(self, share: float) -> DateSpan | None:
        """Return the span of the posts that do not stand apart, None without any.

        Parameters
        ----------
        share
            Largest share of the posts that may stand apart at either end; 0 finds none.
        """
        if not self._hours:
            return None
        begin, end, core_gap_ms = self._ends(share)
        return DateSpan(begin[_first(begin, core_gap_ms)].first_ms, -end[_first(end, core_gap_ms)].first_ms)

    def quiet_beginning(self, share: float) -> QuietBeginning | None:
        """Return the posts that would stand apart at the beginning if they were no period of their own."""
        if not self._hours:
            return None
        begin, _, core_gap_ms = self._ends(share)
        index = next((index for index in _after_long_gaps(begin, core_gap_ms) if _is_period(begin[: index + 1])), None)
        if index is None or index <= _first(begin, core_gap_ms):
            return None
        posts = sum(hour.posts for hour in begin[_first(begin, core_gap_ms) : index])
        return QuietBeginning(posts, begin[index - 1].last_ms, begin[index].first_ms)

    def _ends(self, share: float) -> tuple[list[_Hour], list[_Hour], int]:
        """Return the hours at both ends whose posts may stand apart, the last ones mirrored in time, each with the hour
        after them, and the longest gap between these two hours."""
        hours = [_Hour(*self._hours[hour]) for hour in sorted(self._hours)]
        mirrored = [_Hour(-hour.last_ms, -hour.first_ms, hour.posts) for hour in reversed(hours)]
        budget = int(share * sum(hour.posts for hour in hours))
        begin, end = _beyond(hours, budget), _beyond(mirrored, budget)
        core_gap_ms = max(_gaps(hours[begin : len(hours) - end]), default=0)
        return hours[: begin + 1], mirrored[: end + 1], core_gap_ms


class _Hour(NamedTuple):
    first_ms: int
    last_ms: int
    posts: int


def _beyond(hours: Sequence[_Hour], budget: int) -> int:
    """Return the index of the first hour up to which there are more than `budget` posts."""
    return next(index for index, count in enumerate(accumulate(hour.posts for hour in hours)) if count > budget)


def _gaps(hours: Iterable[_Hour]) -> list[int]:
    return [later.first_ms - earlier.last_ms for earlier, later in pairwise(hours)]


def _first(hours: Sequence[_Hour], core_gap_ms: int) -> int:
    """Return the index of the first hour that does not stand apart; the last one never does."""
    return next((index for index in _after_long_gaps(hours, core_gap_ms) if not _is_period(hours[: index + 1])), 0)


def _after_long_gaps(hours: Sequence[_Hour], core_gap_ms: int) -> Iterator[int]:
    """Yield the index of each hour before which the gap is much longer than all later ones, the last one first."""
    longest_ms = core_gap_ms
    for index in range(len(hours) - 1, 0, -1):
        gap_ms = hours[index].first_ms - hours[index - 1].last_ms
        if gap_ms >= max(MIN_GAP_MS, GAP_FACTOR * longest_ms):
            yield index
        longest_ms = max(longest_ms, gap_ms)


def _is_period(hours: Sequence[_Hour]) -> bool:
    """Return whether all hours but the last one, which follows a long gap, are a period of their own."""
    *gaps, gap_ms = _gaps(hours)
    if sum(gap_ms / 3 <= each <= MAX_QUIET_GAP_MS for each in gaps) >= QUIET_GAPS:
        return True
    filled = 1
    for each in gaps:
        filled = filled + 1 if each < DAY_MS else 1
        if filled >= PERIOD_HOURS:
            return True
    return False
