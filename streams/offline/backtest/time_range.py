"""The range of event time that a backtest is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.records import utc

if TYPE_CHECKING:
    from datetime import datetime

    from streams.config import WindowSettings

END_MS: Final = 2**53
"""A moment after all event times."""

SHOWN: Final = "%Y-%m-%d %H:%M UTC"


class TimeRange(NamedTuple):
    """A range of event times: from `from_ms` to before `to_ms`, milliseconds since the epoch."""

    from_ms: int = 0
    to_ms: int = END_MS

    @classmethod
    def given(cls, from_ms: int | None, to_ms: int | None) -> TimeRange:
        """Return the range between two moments; it is open on a side for which None is given."""
        return cls(from_ms or 0, END_MS if to_ms is None else to_ms)

    def holds(self, moment: datetime) -> bool:
        """Return whether a moment lies within the range."""
        return self.from_ms <= moment.timestamp() * 1000 < self.to_ms

    def whole_buckets(self, settings: WindowSettings) -> TimeRange:
        """Return the range widened to whole buckets: half a bucket would look like a drop of volume.

        >>> from streams.config import WindowSettings
        >>> TimeRange(310_000, 599_999).whole_buckets(WindowSettings(bucket_seconds=300))
        TimeRange(from_ms=300000, to_ms=600000)
        """
        bucket_ms = settings.bucket_seconds * 1000
        end_ms = self.to_ms if self.to_ms == END_MS else -(-self.to_ms // bucket_ms) * bucket_ms
        return TimeRange(self.from_ms - self.from_ms % bucket_ms, end_ms)

    def __str__(self) -> str:
        begin = f"{utc(self.from_ms):{SHOWN}}" if self.from_ms else "the beginning"
        return f"{begin} to {f'{utc(self.to_ms):{SHOWN}}' if self.to_ms < END_MS else 'the end'}"
