"""The baseline of a brand: its usual terms, pace, tone and authors, with which an incident is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from detectors.units import HOUR_MS
from streams.core.rollup.known_authors import KnownAuthors
from streams.core.rollup.past_peaks import PastPeaks
from streams.core.rollup.usual_terms import UsualTerms
from streams.records import SHARE

if TYPE_CHECKING:
    from streams.core.rollup.tally import Tally

_REMEMBERED: Final = 2_000.0
"""Mentions behind pace and tone; older ones fade."""

_FEWEST_AUTHORS: Final = 5
"""Authors below which a share of newcomers is meaningless."""

_SHORTEST_HOURS: Final = 6.0
"""Hours without an incident before a pace is known."""


class Baseline:
    """Averages over the time without an incident, and the busiest hours of all time.

    Attributes
    ----------
    usual_terms
        The terms that mentions usually carry.
    peaks
        The busiest hours, those of incidents included.
    """

    def __init__(self) -> None:
        self.usual_terms = UsualTerms()
        self.peaks = PastPeaks()
        self._known_authors = KnownAuthors()
        self._pace = [0.0, 0.0, 0.0]  # mentions, negative ones, hours
        self._newcomers = [0.0, 0.0]  # authors, new ones

    @property
    def mentions_per_hour(self) -> float | None:
        """The usual pace; None if too little is known."""
        mentions, _, hours = self._pace
        return mentions / hours if hours >= _SHORTEST_HOURS else None

    @property
    def negative_share(self) -> float | None:
        """The usual tone; None if too little is known."""
        mentions, negative, hours = self._pace
        return negative / mentions if mentions and hours >= _SHORTEST_HOURS else None

    @property
    def usual_newcomer_share(self) -> float | None:
        """Share of newcomers among the authors of a usual bucket; None if too little is known."""
        authors, new = self._newcomers
        return new / authors if authors >= _FEWEST_AUTHORS else None

    def newcomer_share(self, tally: Tally) -> float | None:
        """Return the share of the authors that have not written about the brand lately; None if too little is
        known."""
        authors = tally.authors.sample
        new = self._known_authors.newcomers(authors)
        return None if new is None or len(authors) < _FEWEST_AUTHORS else new / len(authors)

    def learn(self, start_ms: int, length_ms: int, tally: Tally, *, calm: bool, whole: bool) -> None:
        """Add a closed bucket.

        Parameters
        ----------
        start_ms, length_ms
            The bucket.
        tally
            Its counts.
        calm
            Whether no incident is open. During incidents only the busiest hours are learned.
        whole
            Whether all sources delivered; otherwise pace and tone are not learned.
        """
        self.peaks.count(start_ms, tally.count, calm=calm)
        if not calm:
            self.usual_terms.forget_recent(start_ms)
            return
        fade = max(0.0, 1 - tally.count / _REMEMBERED)
        if whole:
            bucket = (float(tally.count), tally.negative / SHARE, length_ms / HOUR_MS)
            self._pace = [past * fade + now for past, now in zip(self._pace, bucket, strict=True)]
        if not tally.count:
            return
        new = self._known_authors.newcomers(tally.authors.sample)
        if new is not None:
            authors = (float(len(tally.authors.sample)), new)
            self._newcomers = [past * fade + now for past, now in zip(self._newcomers, authors, strict=True)]
        self._known_authors.learn(start_ms, tally.authors.by_author)
        self.usual_terms.learn(start_ms, tally.count, tally.terms)

    def dump(self) -> list[Any]:
        """Return the state as plain values for JSON."""
        return [
            self.usual_terms.dump(), self._pace, self._newcomers, self._known_authors.dump(), self.peaks.dump()
        ]  # fmt: skip

    def load(self, values: list[Any]) -> None:
        """Restore the state that `dump` returned."""
        terms, self._pace, self._newcomers, known_authors, peaks = values
        self.usual_terms.load(terms)
        self._known_authors.load(known_authors)
        self.peaks.load(peaks)
