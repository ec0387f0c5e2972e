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

LAG_MS: Final = 10_000
"""Time within which the stream delivers a post after it was written: usually six seconds (docs.x.com, *Filtered
stream*)."""


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
    newest_ms
        When the newest post that the stream has delivered was written, milliseconds since the epoch; 0 for none.
    alive_ms
        When the stream last gave a sign of life, or was first to be read; 0 for never.
    missed_ms
        Since when posts are to be recovered; 0 if nothing is missed.
    rules_ms
        When the rules were last seen as they have to be; 0 for never.
    rules
        Marks of the rules that were there then.
    reduced_ms
        Since when fewer than all posts have been read and that has not been reported; 0 if all are.
    spending
        What has been spent today.
    """

    def __init__(self, settings: XSettings, position: Position | None) -> None:
        saved = position or {}
        self._source = settings.id
        self.newest_ms = number_in(saved, "newest_ms")
        self.alive_ms = number_in(saved, "alive_ms")
        self.missed_ms = number_in(saved, "missed_ms")
        self.rules_ms = number_in(saved, "rules_ms")
        self.reduced_ms = number_in(saved, "reduced_ms")
        rules = saved.get("rules")
        self.rules = frozenset(rules.split() if isinstance(rules, str) else ())
        self._rules_text = " ".join(sorted(self.rules))
        spent = saved.get("spent")
        self.spending = Spending(settings, spent if isinstance(spent, dict) else None)

    def heard(self, now_ms: int, post_ms: int = 0) -> None:
        """Note a sign of life of the stream, and when the post in it was written."""
        self.alive_ms = max(self.alive_ms, now_ms)
        self.newest_ms = max(self.newest_ms, min(post_ms, now_ms))

    def begin(self, now_ms: int) -> None:
        """Note that posts since the last one are missed, unless earlier ones still are; the first start misses none."""
        if not self.alive_ms:
            self.alive_ms = now_ms
        elif not self.reduced_ms:
            self.missed_ms = self.missed_ms or self._last_ms()

    def recovered(self) -> None:
        """Note that nothing is missed any more."""
        self.missed_ms = 0

    def rules_seen(self, marks: frozenset[str], now_ms: int) -> None:
        """Note that the rules are as they have to be."""
        self.rules, self.rules_ms, self._rules_text = marks, now_ms, " ".join(sorted(marks))

    def rules_changed(self) -> None:
        """Note that somebody has changed the rules, so that posts since they were last seen may be missed."""
        if self.rules_ms and not self.reduced_ms:
            self.missed_ms = min(self.missed_ms or self.rules_ms, self.rules_ms)

    def reduce(self, now_ms: int) -> None:
        """Note that from now on fewer than all posts are read; what was missed before is not fetched any more."""
        if not self.reduced_ms:
            self.reduced_ms = self.missed_ms or self._last_ms() or now_ms
        self.recovered()

    def reduced_gap(self, now_ms: int, detail: str, *, ended: bool = False) -> Gap | None:
        """Return the span of reduced reading that has not been reported, if it has ended or is long enough; what is
        published after its end and before the stream is connected is missed."""
        if not self.reduced_ms or not (ended or now_ms - self.reduced_ms >= REPORT_MS):
            return None
        gap = Gap(self._source, self.reduced_ms, max(now_ms, self.reduced_ms), "paused", detail)
        self.reduced_ms, self.missed_ms = (0, gap.to_ms) if ended else (now_ms, 0)
        return gap

    def _last_ms(self) -> int:
        """Return the moment before which the stream has delivered all posts: that of the newest one, or later, as a
        stream that is alive delivers each within `LAG_MS`; 0 if it was never read."""
        return max(self.newest_ms, self.alive_ms - LAG_MS) if self.alive_ms else 0

    def as_position(self) -> Position:
        """Return the position."""
        numbers: dict[str, Any] = {
            name: value
            for name in ("newest_ms", "alive_ms", "missed_ms", "rules_ms", "reduced_ms")
            if (value := getattr(self, name))
        }
        return numbers | {"rules": self._rules_text, "spent": self.spending.as_json()}
