"""Detector of lasting changes of the usual negative share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Final

from detectors.drift import DAY_HOURS, Drift, Span
from detectors.units import NEGATIVE_SHARE

if TYPE_CHECKING:
    from detectors.base import Aspect
    from detectors.reasons import ReasonCode

_SHARE_SPREAD: Final = 0.05
"""Prior standard deviation of the share from day to day: that of `sentiment_shift` from hour to hour."""

_FEW_MENTIONS: Final = 10.0
"""Mentions below which the negative share of a span is meaningless; the span is then extended."""


class ToneDrift(Drift):
    """A change of the brand's usual negative share, up or down: `Drift` on the share instead of the count.

    A step of the test takes at least an hour and 10 mentions. The share has no time of day.

    Parameters
    ----------
    once_in_days, refractory_hours, usual_posts_per_day
        As for `Drift`.

    Notes
    -----
    ``asin(sqrt(share))`` of `n` mentions has a variance of about ``1 / (4 n)``, with ``(x + 3/8) / (n + 3/4)`` for the
    share (Anscombe, *Biometrika* 35, 1948). The snapshot takes 232 bytes.
    """

    kind: ClassVar[str] = "tone_drift"
    unit: ClassVar[str] = NEGATIVE_SHARE
    aspect: ClassVar[Aspect] = "tone"

    _slots: ClassVar[int] = 1
    _finding: ClassVar[ReasonCode] = "tone_level"

    def _is_enough(self, span: Span) -> bool:
        return span.hours > 0 and span.mentions >= _FEW_MENTIONS

    def _value(self, span: Span) -> float:
        return math.asin(math.sqrt((span.negative + 0.375) / (span.mentions + 0.75)))

    def _back(self, value: float) -> float:
        return math.sin(min(value, math.pi / 2)) ** 2

    def _prior(self) -> float:
        usual = self._back(self._usual[0])
        noise = max(usual * (1 - usual), 0.01)
        return 1 / (4 * max(self._level.per_hour, 0.01)) + DAY_HOURS * _SHARE_SPREAD**2 / (4 * noise)
