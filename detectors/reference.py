"""Load of the whole platform: the reference that distinguishes a surge of one brand from one of all brands."""

from __future__ import annotations

from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Final

from detectors.rhythm import Rhythm
from detectors.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GROUPS: Final = 16
"""Number of groups of brands. A storm at one brand raises only its own group, which the median of the others ignores;
more groups would hold too few mentions each."""

_FAST_HOURS: Final = 10 / 60
_SLOW_HOURS: Final = 24.0
"""Half-lives of the present and of the usual rate."""

_KNOWN_HOURS: Final = 6.0
"""Hours of observation before which the load is unknown."""

_FEWEST_GROUPS: Final = 4
_FEWEST_MENTIONS: Final = 2.0
"""Groups other than the brand's own, with so many expected mentions in the last minutes, that a median needs."""

_SHRINKAGE: Final = 2.0
"""Mentions added to both sides of a ratio: so few are never a multiple of anything."""


class Reference:
    """Mentions of all brands but those of one group, as a multiple of the usual.

    For each group the mentions of the last minutes are divided by those expected from its own last day and from the
    daily and weekly rhythm of all groups together (`Rhythm`). The result for a group is the median of the other groups.
    Time without any mention of any brand is skipped.

    The state is always 122 numbers.

    Examples
    --------
    >>> reference = Reference()
    >>> for minute in range(24 * 60):
    ...     reference.learn(minute * 60_000, 60_000, [5] * GROUPS)
    >>> one_brand = [500, *[5] * 15]
    >>> for minute in range(24 * 60, 24 * 60 + 30):
    ...     reference.learn(minute * 60_000, 60_000, one_brand)
    >>> round(reference.without(0), 1), round(reference.without(1), 1)
    (1.0, 1.0)
    >>> for minute in range(24 * 60 + 30, 25 * 60):
    ...     reference.learn(minute * 60_000, 60_000, [20] * GROUPS)
    >>> reference.without(0) > 3
    True
    """

    __slots__ = ("_fast", "_fast_hours", "_rhythm", "_slow", "_slow_hours", "_without")

    def __init__(self) -> None:
        self._rhythm = Rhythm()
        self._fast = [0.0] * GROUPS
        self._slow = [0.0] * GROUPS
        self._fast_hours = self._slow_hours = 0.0
        self._without = [1.0] * GROUPS

    def learn(self, start_ms: int, length_ms: int, counts: Sequence[int]) -> None:
        """Learn a span of time with the mentions of each group."""
        hours = length_ms / HOUR_MS
        factor = self._rhythm.factor(start_ms, length_ms)
        fast, slow = 0.5 ** (hours / _FAST_HOURS), 0.5 ** (hours / _SLOW_HOURS)
        self._fast_hours = self._fast_hours * fast + hours
        self._fast = [old * fast + count for old, count in zip(self._fast, counts, strict=True)]
        if self._slow_hours >= _KNOWN_HOURS:
            per_hour = [mentions / self._slow_hours for mentions in self._slow]
            self._rhythm.learn(start_ms, sum(counts), sum(per_hour) * hours)
            self._without = _medians_of_others(
                [
                    (now + _SHRINKAGE) / (expected + _SHRINKAGE) if expected >= _FEWEST_MENTIONS else None
                    for now, expected in zip(
                        self._fast, (rate * factor * self._fast_hours for rate in per_hour), strict=True
                    )
                ]
            )
        self._slow_hours = self._slow_hours * slow + hours
        self._slow = [old * slow + count / factor for old, count in zip(self._slow, counts, strict=True)]

    def without(self, group: int) -> float:
        """Return the mentions of the brands outside a group as a multiple of the usual; 1 while it is unknown."""
        return self._without[group]

    def dump(self) -> tuple[float, ...]:
        """Return the state as numbers."""
        return (
            self._fast_hours, self._slow_hours, *self._fast, *self._slow, *self._without, *self._rhythm.dump(),
        )  # fmt: skip

    def load(self, values: Iterator[float]) -> None:
        """Restore the state from the numbers that `dump` returned."""
        self._fast_hours, self._slow_hours = islice(values, 2)
        self._fast, self._slow, self._without = (list(islice(values, GROUPS)) for _ in range(3))
        self._rhythm.load(values)


def _medians_of_others(ratios: Sequence[float | None]) -> list[float]:
    others = (
        [ratio for at, ratio in enumerate(ratios) if ratio is not None and at != group] for group in range(GROUPS)
    )
    return [median(known) if len(known) >= _FEWEST_GROUPS else 1.0 for known in others]
