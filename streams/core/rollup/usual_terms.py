"""The terms that a brand's mentions usually carry.

A firestorm is found after it has begun. Were its first posts counted as usual at once, they would make its own words
usual: at a brand of few mentions, more so than all words before. So an hour counts once it is `SETTLED_HOURS` old, and
what was said shortly before an incident never does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from detectors.units import HOUR_MS
from streams.core.rollup.frequent import KEPT, most_frequent

if TYPE_CHECKING:
    from collections.abc import Mapping

REMEMBERED: Final = 2_000.0
"""Mentions behind the terms; older ones fade."""

SETTLED_HOURS: Final = 2
"""Clock hours after whose beginning one counts, so that what counts is one to two hours old at least."""

Hour = tuple[int, int, dict[str, float]]
"""Start of a clock hour, its mentions, and those of its `KEPT` most frequent terms."""


class UsualTerms:
    """Fading counts of the mentions by term, in small letters.

    Attributes
    ----------
    terms
        Count of the `KEPT` most frequent terms.
    mentions
        Count of all mentions.
    """

    def __init__(self) -> None:
        self.terms: dict[str, float] = {}
        self.mentions = 0.0
        self._recent: list[Hour] = []

    @property
    def unlisted(self) -> float:
        """Upper bound of the mentions of a term that is not among `terms`."""
        return min(self.terms.values()) if len(self.terms) == KEPT else 0.0

    def learn(self, start_ms: int, mentions: int, terms: Mapping[str, int]) -> None:
        """Add a bucket; terms may be in any case."""
        hour_ms = start_ms - start_ms % HOUR_MS
        self._settle(hour_ms)
        if self._recent and self._recent[-1][0] >= hour_ms:
            hour_ms, before, known = self._recent.pop()
        else:
            before, known = 0, {}
        self._recent.append((hour_ms, before + mentions, most_frequent(_sum(known, terms))))

    def forget_recent(self, start_ms: int) -> None:
        """Leave out the hours that do not count yet as of a bucket: an incident may have begun in them."""
        self._settle(start_ms - start_ms % HOUR_MS)
        self._recent.clear()

    def _settle(self, hour_ms: int) -> None:
        while self._recent and self._recent[0][0] <= hour_ms - SETTLED_HOURS * HOUR_MS:
            _, mentions, terms = self._recent.pop(0)
            fade = max(0.0, 1 - mentions / REMEMBERED)
            self.mentions = self.mentions * fade + mentions
            self.terms = most_frequent(_sum({term: count * fade for term, count in self.terms.items()}, terms))

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        recent = [[hour_ms, mentions, list(terms.items())] for hour_ms, mentions, terms in self._recent]
        return [list(self.terms.items()), self.mentions, recent]

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        terms, self.mentions, recent = values
        self.terms = dict(terms)
        self._recent = [(hour_ms, mentions, dict(terms)) for hour_ms, mentions, terms in recent]


def _sum(counts: Mapping[str, float], others: Mapping[str, float]) -> dict[str, float]:
    total = dict(counts)
    for spelling, count in others.items():
        term = spelling.lower()
        total[term] = total.get(term, 0.0) + count
    return total
