"""Times without a zone: the wall time of one zone, whose clocks change twice a year.

In autumn an hour occurs twice. Which of the two a post belongs to follows from the order of its source: time does not
go back by an hour between two posts. In spring an hour is missing; a post dated in it is by a clock that was not
changed, or was changed too early, and the order decides that too.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MAX_SOURCES: Final = 1_024
"""Sources whose order is followed; the one that was silent for longest is forgotten first."""

_RECENT: Final = 4
"""Latest times of a source that are remembered: one post with a wrong date does not hide the order."""

_NEAR_MS: Final = 3 * 3_600_000
"""A time that is further away says nothing about the hour of a clock change."""

_LEAST_DISORDER_MS: Final = 5 * 60_000
_LARGEST_DISORDER_MS: Final = 30 * 60_000
"""How far a post may lie behind the one before it without being taken for one of the second hour: at least the first,
otherwise as far as posts of this source have lain behind, and at most half of the hour that is in question."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class _Order:
    """Latest times of a source, and how far a post of it has lain behind the one before it, in milliseconds."""

    __slots__ = ("disorder_ms", "recent")

    def __init__(self) -> None:
        self.recent: deque[int] = deque(maxlen=_RECENT)
        self.disorder_ms = _LEAST_DISORDER_MS


class WallClock:
    """Resolves the wall times of one zone.

    Parameters
    ----------
    zone
        The zone.

    Examples
    --------
    Clocks in Berlin went from 3:00 back to 2:00 on 25 October 2026, at 1:00 UTC:

    >>> from zoneinfo import ZoneInfo
    >>> clock = WallClock(ZoneInfo("Europe/Berlin"))
    >>> walls = [datetime(2026, 10, 25, 2, minute) for minute in (10, 50, 10, 50)]
    >>> [(clock.resolve_ms(wall, "forum") - 1_792_886_400_000) // 60_000 for wall in walls]
    [10, 50, 70, 110]
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._orders: dict[str, _Order] = {}

    def resolve_ms(self, wall: datetime, source: str, now_ms: int | None = None) -> int:
        """Return the time in milliseconds since the epoch.

        Parameters
        ----------
        wall
            Wall time without a zone.
        source
            Source of the post; the posts of each source are given in their order.
        now_ms
            The present, milliseconds since the epoch, if it is known; no post is from later than a few minutes after.
        """
        order = self._orders.pop(source, None) or _Order()
        self._orders[source] = order
        if len(self._orders) > MAX_SOURCES:
            del self._orders[next(iter(self._orders))]
        usual, other = self._instant_ms(wall, 0), self._instant_ms(wall, 1)
        if usual != other:
            moment = _chosen(usual, other, order, now_ms)
        else:
            moment = usual
            if order.recent:
                behind = order.recent[-1] - moment
                if behind <= _LARGEST_DISORDER_MS:
                    order.disorder_ms = max(order.disorder_ms, behind)
        order.recent.append(moment)
        return moment

    def _instant_ms(self, wall: datetime, fold: int) -> int:
        return (wall.replace(tzinfo=self._zone, fold=fold) - _EPOCH) // _MILLISECOND


def _chosen(usual: int, other: int, order: _Order, now_ms: int | None) -> int:
    early, late = min(usual, other), max(usual, other)
    if now_ms is not None and late > now_ms + _LEAST_DISORDER_MS:
        return early
    before = next((time for time in reversed(order.recent) if early - _NEAR_MS <= time <= late + _NEAR_MS), None)
    if before is not None:
        return early if early >= before - order.disorder_ms else late
    return late if now_ms is not None and now_ms <= late + _NEAR_MS else usual
