"""Compare the incidents of two configs: gained, lost, or raised at another moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from detectors.units import HOUR_MS, MINUTE_MS
from streams.offline.backtest.evaluation import paged_ms, pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from detectors.base import Severity
    from streams.offline.incident_matching import RaisedIncident

SAME_WITHIN_MS: Final = 6 * HOUR_MS
"""Incidents of a brand that begin to page within this time of each other count as the same incident."""


class Pair(NamedTuple):
    """An incident that both configs raise, and when each of them pages, milliseconds since the epoch."""

    current: RaisedIncident
    new: RaisedIncident
    current_ms: int
    new_ms: int

    @property
    def later_minutes(self) -> float:
        """Return how much later the new config pages; negative if it pages earlier."""
        return (self.new_ms - self.current_ms) / MINUTE_MS

    @property
    def moved(self) -> bool:
        """Return whether the configs page at different moments, or reach different severities."""
        return self.current_ms != self.new_ms or self.current.level != self.new.level


@dataclass(slots=True)
class ConfigComparison:
    """The paging incidents that only the new config raises, that only the current one raises, and that both raise."""

    gained: list[RaisedIncident] = field(default_factory=list)
    lost: list[RaisedIncident] = field(default_factory=list)
    both: list[Pair] = field(default_factory=list)

    @property
    def moved(self) -> list[Pair]:
        """Return the incidents that both configs raise, but differently."""
        return [pair for pair in self.both if pair.moved]


def compare(current: Iterable[RaisedIncident], new: Iterable[RaisedIncident], severity: Severity) -> ConfigComparison:
    """Pair the incidents of two configs, the nearest in time first.

    Examples
    --------
    >>> from streams.offline.incident_matching import RaisedIncident, Rise
    >>> early, late = (RaisedIncident("nordtel", "f", [Rise(at, "warning")]) for at in (0, 600_000))
    >>> found = compare([early], [late, RaisedIncident("acme", "g", [Rise(0, "critical")])], "warning")
    >>> [pair.later_minutes for pair in found.moved], [each.brand for each in found.gained], found.lost
    ([10.0], ['acme'], [])
    """
    left, right = (
        [(paged_ms(each, severity), each) for each in side if pages(each, severity)] for side in (current, new)
    )
    of_brand: dict[str, list[int]] = {}
    for place, (_, each) in enumerate(right):
        of_brand.setdefault(each.brand, []).append(place)
    candidates = sorted(
        (abs(right[j][0] - current_ms), i, j)
        for i, (current_ms, one) in enumerate(left)
        for j in of_brand.get(one.brand, ())
        if abs(right[j][0] - current_ms) <= SAME_WITHIN_MS
    )
    pairs: dict[int, int] = {}
    paired: set[int] = set()
    for _, i, j in candidates:
        if i not in pairs and j not in paired:
            pairs[i] = j
            paired.add(j)
    return ConfigComparison(
        gained=[each for j, (_, each) in enumerate(right) if j not in paired],
        lost=[each for i, (_, each) in enumerate(left) if i not in pairs],
        both=[Pair(left[i][1], right[j][1], left[i][0], right[j][0]) for i, j in sorted(pairs.items())],
    )
