"""How far a source of X has been read, what it has spent, and since when it reads less than all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from detectors.units import MINUTE_MS
from streams.records import Gap
from streams.sources.live.saved import number_in
from streams.sources.live.x.spending import Spending

if TYPE_CHECKING:
    from streams.config.sources.x import XSettings
    from streams.sources.live.base import Position

REPORT_MS: Final = 5 * MINUTE_MS
"""Longest part of a reduced span that is not reported yet: detection must learn of it while it lasts."""


class XProgress:
    """The state that becomes the position of a batch.

    Parameters
    ----------
    settings
        Settings of the source.
    position
        The position of an earlier batch; None for a source that has never been read.

    Attributes
    ----------
    newest_id
        Largest id of a post that has been read; 0 for none.
    alive_ms
        When the stream last gave a sign of life, milliseconds since the epoch; 0 for never.
    missed_id, missed_ms
        Id and time since which posts are to be recovered; 0 if nothing is missed.
    reduced_ms
        Since when fewer than all posts have been read and that has not been reported; 0 if all are.
    spending
        What has been spent today.
    """

    def __init__(self, settings: XSettings, position: Position | None) -> None:
        saved = position or {}
        self._source = settings.id
        self.newest_id = number_in(saved, "newest_id")
        self.alive_ms = number_in(saved, "alive_ms")
        self.missed_id = number_in(saved, "missed_id")
        self.missed_ms = number_in(saved, "missed_ms")
        self.reduced_ms = number_in(saved, "reduced_ms")
        spent = saved.get("spent")
        self.spending = Spending(settings, spent if isinstance(spent, dict) else None)

    def begin(self) -> None:
        """Note that posts since the last sign of life are missed, unless earlier ones still are or none were read."""
        if self.alive_ms and not self.missed_ms and not self.reduced_ms:
            self.missed_id, self.missed_ms = self.newest_id, self.alive_ms

    def recovered(self) -> None:
        """Note that nothing is missed any more."""
        self.missed_id = self.missed_ms = 0

    def reduce(self, now_ms: int) -> None:
        """Note that from now on fewer than all posts are read; what was missed before is not fetched any more."""
        if not self.reduced_ms:
            self.reduced_ms = self.missed_ms or now_ms
        self.recovered()

    def reduced_gap(self, now_ms: int, detail: str, *, ended: bool = False) -> Gap | None:
        """Return the span of reduced reading that has not been reported, if it has ended or is long enough."""
        if not self.reduced_ms or not (ended or now_ms - self.reduced_ms >= REPORT_MS):
            return None
        gap = Gap(self._source, self.reduced_ms, max(now_ms, self.reduced_ms), "paused", detail)
        self.reduced_ms = 0 if ended else now_ms
        return gap

    def as_position(self) -> Position:
        """Return the position."""
        numbers: dict[str, Any] = {
            name: value
            for name in ("newest_id", "alive_ms", "missed_id", "missed_ms", "reduced_ms")
            if (value := getattr(self, name))
        }
        return numbers | {"spent": self.spending.as_json()}
