"""What the posts of a day cost, and whether further ones may be read; X charges for each post that it delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from detectors.units import DAY_MS
from streams.sources.live.saved import number_in

if TYPE_CHECKING:
    from streams.config.sources.x import XSettings

Pace = Literal["all", "sample", "stop"]
"""Whether all posts are read, a sample of them, or none until the next day of UTC."""


class Spending:
    """Counts the posts of the present day of UTC.

    Parameters
    ----------
    settings
        The limit, and what happens at it.
    saved
        What `as_json` returned in an earlier process; None if there is none.

    Examples
    --------
    >>> from streams.config.sources.x import XSettings
    >>> settings = XSettings(id="x", kind="x", spend_limit_usd_per_day=0.05, usd_per_post=0.005, sample_from=0.5)
    >>> spending = Spending(settings, None)
    >>> spending.add(5, now_ms=0), spending.pace(0), spending.add(5, now_ms=0), spending.pace(0)
    (None, 'sample', None, 'stop')
    >>> spending.pace(86_400_000), spending.resumes_ms(0)
    ('all', 86400000)
    """

    def __init__(self, settings: XSettings, saved: dict[str, Any] | None) -> None:
        self._settings = settings
        self._day = number_in(saved or {}, "day")
        self._posts = number_in(saved or {}, "posts")

    def add(self, posts: int, now_ms: int) -> None:
        """Count posts that have been delivered."""
        self._turn(now_ms)
        self._posts += posts

    def pace(self, now_ms: int) -> Pace:
        """Return whether to go on reading."""
        self._turn(now_ms)
        spent = self.usd(now_ms)
        if spent >= self._settings.spend_limit_usd_per_day:
            return "stop"
        may_sample = self._settings.at_limit == "sample"
        if may_sample and spent >= self._settings.spend_limit_usd_per_day * self._settings.sample_from:
            return "sample"
        return "all"

    def left(self, now_ms: int) -> int:
        """Return the number of posts that may still be read today."""
        self._turn(now_ms)
        if self._settings.usd_per_post <= 0:
            return 10**9
        dollars = self._settings.spend_limit_usd_per_day - self.usd(now_ms)
        return max(0, int(dollars / self._settings.usd_per_post + 1e-9))

    def usd(self, now_ms: int) -> float:
        """Return the US dollars that have been spent today."""
        self._turn(now_ms)
        return self._posts * self._settings.usd_per_post

    def resumes_ms(self, now_ms: int) -> int:
        """Return the beginning of the next day of UTC, milliseconds since the epoch."""
        return (now_ms // DAY_MS + 1) * DAY_MS

    def as_json(self) -> dict[str, int]:
        """Return what to save in the position."""
        return {"day": self._day, "posts": self._posts}

    def _turn(self, now_ms: int) -> None:
        day = now_ms // DAY_MS
        if day > self._day:  # a clock that is set back does not begin a new day
            self._day, self._posts = day, 0
