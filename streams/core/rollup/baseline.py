"""What is usual for a brand when nothing happens: what an incident is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from detectors.units import HOUR_MS
from streams.core.rollup.peaks import Peaks
from streams.core.rollup.regulars import Regulars
from streams.core.rollup.tally import KEPT, Tally, most_frequent
from streams.records import SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping

_REMEMBERED: Final = 2_000.0
"""Mentions whose terms and pace are remembered; older ones fade."""

_FEWEST_AUTHORS: Final = 5
"""Authors below which a share of newcomers would say nothing."""

_SHORTEST_HOURS: Final = 6.0
"""Of calm before a pace is told."""


class Calm:
    """Terms, pace, tone and authors of a brand's calm past, and its busiest hours.

    Attributes
    ----------
    terms
        Mentions of each term, fading; the `KEPT` most frequent.
    mentions
        Those they come from, fading likewise.
    peaks
        Of all times, calm or not.
    """

    def __init__(self) -> None:
        self.terms: dict[str, float] = {}
        self.mentions = 0.0
        self.peaks = Peaks()
        self._regulars = Regulars()
        self._timed = [0.0, 0.0, 0.0]  # mentions, negative ones, hours
        self._writers = [0.0, 0.0]  # authors, new ones

    @property
    def unlisted(self) -> float:
        """Mentions at most of a term that is not among `terms`."""
        return min(self.terms.values()) if len(self.terms) == KEPT else 0.0

    @property
    def mentions_per_hour(self) -> float | None:
        """The usual pace, None if too little is known."""
        mentions, _, hours = self._timed
        return mentions / hours if hours >= _SHORTEST_HOURS else None

    @property
    def negative_share(self) -> float | None:
        """The usual tone, None if too little is known."""
        mentions, negative, hours = self._timed
        return negative / mentions if mentions and hours >= _SHORTEST_HOURS else None

    @property
    def usual_newcomer_share(self) -> float | None:
        """Share of newcomers among the authors of a usual bucket, None if too little is known."""
        authors, new = self._writers
        return new / authors if authors >= _FEWEST_AUTHORS else None

    def newcomer_share(self, said: Tally) -> float | None:
        """Share of the authors that have not written about the brand lately, None if that can't be told."""
        new = self._regulars.newcomers(said.sketch)
        return None if new is None or len(said.sketch) < _FEWEST_AUTHORS else new / len(said.sketch)

    def learn(self, start_ms: int, length_ms: int, tally: Tally, *, calm: bool, whole: bool) -> None:
        """Take a closed bucket.

        Parameters
        ----------
        start_ms, length_ms
            The bucket.
        tally
            What it holds.
        calm
            Whether no incident is open.
        whole
            Whether all sources delivered.
        """
        self.peaks.count(start_ms, tally.count, calm=calm)
        if not calm:
            return
        fade = max(0.0, 1 - tally.count / _REMEMBERED)
        if whole:
            passed = (float(tally.count), tally.negative / SHARE, length_ms / HOUR_MS)
            self._timed = [past * fade + now for past, now in zip(self._timed, passed, strict=True)]
        if not tally.count:
            return
        new = self._regulars.newcomers(tally.sketch)
        if new is not None:
            seen = (float(len(tally.sketch)), new)
            self._writers = [past * fade + now for past, now in zip(self._writers, seen, strict=True)]
        self._regulars.learn(start_ms, tally.authors)
        self.mentions = self.mentions * fade + tally.count
        self.terms = most_frequent(_faded(self.terms, fade, tally.terms))

    def dump(self) -> list[Any]:
        """As plain values for JSON."""
        return [
            list(self.terms.items()), self.mentions, self._timed, self._writers, self._regulars.dump(),
            self.peaks.dump(),
        ]  # fmt: skip

    def load(self, values: list[Any]) -> None:
        """Take over what `dump` gave."""
        terms, self.mentions, self._timed, self._writers, regulars, peaks = values
        self.terms = dict(terms)
        self._regulars.load(regulars)
        self.peaks.load(peaks)


def _faded(past: Mapping[str, float], fade: float, counts: Mapping[str, int]) -> dict[str, float]:
    faded = {term: count * fade for term, count in past.items()}
    for term, count in counts.items():
        faded[term] = faded.get(term, 0.0) + count
    return faded
