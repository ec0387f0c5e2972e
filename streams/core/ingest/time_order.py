"""Whether posts come in order of time."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

Place = TypeVar("Place")


class Disorder(NamedTuple, Generic[Place]):
    """A post that comes after a later one: the place and the event time (ms since the epoch) of both."""

    place: Place
    ts_ms: int
    after: Place
    after_ms: int


class TimeOrder(Generic[Place]):
    """Compares each post with the latest one before it.

    Parameters
    ----------
    lateness_ms
        By how much a post may lie behind and still be counted in its bucket, in milliseconds.

    Attributes
    ----------
    posts
        Number of posts.
    behind, beyond
        Number of posts that lie behind, and of those that lie behind by more than `lateness_ms`.
    first_behind, first_beyond
        The first of each.

    Examples
    --------
    >>> order = TimeOrder[int](lateness_ms=10)
    >>> for line, ts_ms in enumerate((100, 200, 195, 150), start=1):
    ...     order.add(ts_ms, line)
    >>> order.behind, order.beyond, order.first_behind
    (2, 1, Disorder(place=3, ts_ms=195, after=2, after_ms=200))
    >>> order.first_beyond
    Disorder(place=4, ts_ms=150, after=2, after_ms=200)
    """

    def __init__(self, lateness_ms: int = 0) -> None:
        self._lateness_ms = lateness_ms
        self._newest: Place | None = None
        self.newest_ms: int | None = None
        self.posts = 0
        self.behind = 0
        self.beyond = 0
        self.first_behind: Disorder[Place] | None = None
        self.first_beyond: Disorder[Place] | None = None

    def add(self, ts_ms: int, place: Place) -> None:
        """Add the next post.

        Parameters
        ----------
        ts_ms
            Its event time, in milliseconds since the epoch.
        place
            Where it is, for messages.
        """
        self.posts += 1
        if self.newest_ms is None or self._newest is None or ts_ms >= self.newest_ms:
            self.newest_ms, self._newest = ts_ms, place
            return
        self.behind += 1
        if self.first_behind is None:
            self.first_behind = Disorder(place, ts_ms, self._newest, self.newest_ms)
        if self.newest_ms - ts_ms > self._lateness_ms:
            self.beyond += 1
            if self.first_beyond is None:
                self.first_beyond = Disorder(place, ts_ms, self._newest, self.newest_ms)
