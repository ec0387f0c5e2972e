"""A brand's detection that can be asked why its detectors fired, or did not."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple

from streams.core.detect.brand import BrandMonitor
from streams.core.detect.lacking import lacking
from streams.core.incidents.lifecycle import people_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from detectors.base import Bucket, Explanation
    from streams.config import BrandSettings, Config
    from streams.config.calendar import QuietTime
    from streams.core.detect.quarantine import Quarantine
    from streams.core.detect.scoring import Evaluation
    from streams.core.incidents.incident import Incident
    from streams.core.rollup.watermark import StreamProgress
    from streams.core.rollup.windows import BucketStep


class ExplainedDetector(NamedTuple):
    """A detector at some moment.

    Parameters
    ----------
    name, kind
        Its name in the config, and its kind.
    shadow
        Whether it runs in shadow mode.
    explanation
        Its score and what led to it; maintenance and expected events are not yet applied.
    lacking
        Further mentions that would have given a score of 1 (`streams.core.detect.lacking`).
    wants_negative
        Whether these are negative ones.
    """

    name: str
    kind: str
    shadow: bool
    explanation: Explanation
    lacking: int | None
    wants_negative: bool

    @property
    def value(self) -> float:
        """Return its score."""
        return self.explanation.score.value


class Evidence(NamedTuple):
    """Mentions, and the people by whom they are."""

    mentions: int
    people: int


class Emerging(NamedTuple):
    """An incident that has not enough evidence to open (`streams.core.incidents.lifecycle`).

    Parameters
    ----------
    start_ms
        Start of its first anomalous bucket.
    evidence
        Its evidence so far.
    """

    start_ms: int
    evidence: Evidence


class ExplainedMoment(NamedTuple):
    """Everything that decided about a brand when a bucket was evaluated.

    Parameters
    ----------
    at_ms
        Event time of the evaluation.
    bucket
        The counts that the detectors were given.
    closes
        Whether the bucket was complete.
    detectors
        Its detectors, those in shadow mode included.
    quiet
        The maintenance or expected event that suppresses what fires in the bucket, or None.
    incident
        The open incident after the evaluation, or None.
    emerging
        The incident that has not enough evidence to open, or None.
    needed
        The least evidence that an incident takes to open.
    quarantined
        Names of detectors that were put out of use because they raised an exception.
    """

    at_ms: int
    bucket: Bucket
    closes: bool
    detectors: Sequence[ExplainedDetector]
    quiet: QuietTime | None
    incident: Incident | None
    emerging: Emerging | None
    needed: Evidence
    quarantined: Sequence[str]

    def suppression_of(self, detector: ExplainedDetector) -> str | None:
        """Return why a score of a detector does not page, a maintenance or an expected event first; None if it does."""
        return self.quiet.suppressed if self.quiet else detector.explanation.score.suppressed


class ExplainingMonitor(BrandMonitor):
    """A `BrandMonitor` that calls a function after each evaluation, before its detectors learn the bucket.

    Parameters
    ----------
    config, config_version, brand, quarantine
        As for `BrandMonitor`.
    on_evaluation
        Function of the evaluation and the monitor, which may call `values` and `explain`.
    """

    def __init__(
        self,
        config: Config,
        config_version: str,
        brand: BrandSettings,
        quarantine: Quarantine,
        on_evaluation: Callable[[Evaluation, ExplainingMonitor], None],
    ) -> None:
        super().__init__(config, config_version, brand, quarantine)
        self._on_evaluation = on_evaluation
        self._needed = Evidence(config.incidents.min_mentions, config.incidents.min_authors)

    def _evaluations(self, watermark_ms: int, progress: StreamProgress) -> Iterator[Evaluation]:
        for evaluation in super()._evaluations(watermark_ms, progress):
            yield evaluation
            self._on_evaluation(evaluation, self)

    def values(self, evaluation: Evaluation, bucket: Bucket) -> dict[str, float]:
        """Return the score of each detector in the evaluation of a bucket, those in shadow mode included."""
        scores = evaluation.scores
        return {
            name: (scores[name] if name in scores else detector.score_one(bucket)).value
            for name, detector in self._detectors.items()
        }

    def explain(self, evaluation: Evaluation) -> ExplainedMoment | None:
        """Explain the evaluation that `on_evaluation` is called with; None if it is of late mentions, which are not
        scored."""
        bucket = evaluation.bucket
        if bucket is None:
            return None
        detectors = [
            ExplainedDetector(
                name,
                detector.kind,
                name in self._shadow,
                detector.explain(bucket),
                lacking(detector, bucket),
                detector.aspect != "attention",
            )
            for name, detector in self._detectors.items()
        ]
        return ExplainedMoment(
            evaluation.step.at_ms,
            bucket,
            evaluation.step.closes,
            detectors,
            self._quiet_times.at(bucket.start_ms, bucket.start_ms + bucket.length_ms),
            deepcopy(self.incident),
            self._emerging(evaluation.step),
            self._needed,
            list(self._quarantined),
        )

    def _emerging(self, step: BucketStep) -> Emerging | None:
        emerging = self._incidents.emerging
        if emerging is None:
            return None
        unclosed = self._windows.unclosed(emerging.start_ms)
        if step.closes:  # the incident has got the mentions of the bucket already
            unclosed = [tally for tally in unclosed if tally is not step.tally]
        tallies = [emerging.tally, emerging.quiet, *unclosed]
        evidence = Evidence(sum(tally.count for tally in tallies), people_of(tallies))
        return Emerging(emerging.start_ms, evidence)
