"""The severity of an incident at some moment: how urgent it is that somebody looks."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Final

from detectors.shares import NEGATIVE
from streams.core.rollup.tally import is_coarse
from streams.records import SEVERITIES, SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from detectors.base import Aspect, Score, Severity
    from streams.core.incidents.incident import Incident
    from streams.core.rollup.tally import Tally

SHRINKAGE: Final = 10
"""Mentions at the brand's usual share that are added before a negative share is evaluated: two negative of three mean
little."""

HIGHEST_IF_COARSE: Final[Severity] = "warning"
"""Highest severity of an incident most of whose mentions state their time no finer than a bucket: how fast they came is
not known."""


class SeverityRule:
    """Determines severities from labels, tone, and what the detectors watch.

    Parameters
    ----------
    negative_share
        Share of negative mentions from which an incident is negative.
    aspects
        Aspect of each detector by name.
    """

    def __init__(self, negative_share: float, aspects: Mapping[str, Aspect]) -> None:
        self._negative_share = negative_share
        self._aspects = aspects

    def of(
        self, incident: Incident, anomalous: Mapping[str, Score], tallies: Sequence[Tally], scores: Mapping[str, Score]
    ) -> Severity:
        """Return the severity.

        Parameters
        ----------
        incident
            The incident, with its label and the detectors that have fired.
        anomalous, scores
            Scores of the present bucket by detector: those of 1 and more, and all.
        tallies
            Counts of the incident.
        """
        relevant = incident.fired or incident.peaks.keys()
        scored = [score.severity for name, score in anomalous.items() if score.severity and name in relevant]
        if incident.label not in {None, "crisis"}:
            return max([*scored, "watch"], key=SEVERITIES.index)
        aspects = {self._aspects[name] for name in relevant if name in self._aspects}
        count = sum(tally.count for tally in tallies) + SHRINKAGE
        negative_count = sum(tally.negative for tally in tallies) / SHARE + SHRINKAGE * self._usual_share(scores)
        negative = negative_count >= self._negative_share * count
        if is_coarse(*tallies):
            scored = [min(severity, HIGHEST_IF_COARSE, key=SEVERITIES.index) for severity in scored]
        elif negative and aspects >= {"attention", "tone"}:
            return "critical"
        upset = "tone" in aspects or ("attention" in aspects and negative)
        return max([*scored, "warning" if upset else "watch"], key=SEVERITIES.index)

    def _usual_share(self, scores: Mapping[str, Score]) -> float:
        """Return the brand's own negative share as its tone detectors expect it."""
        known = [score.expected for name, score in scores.items() if self._aspects[name] == "tone"]
        return fmean(known) if known else NEGATIVE
