"""The first half of one brand's detection: mentions become buckets, and its detectors score and learn them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from detectors.base import OutdatedSnapshot, Score, SnapshotError
from streams.core.detect.outcome import Detected, DroppedState
from streams.core.detect.source_mix import SourceMix, likely_coverage
from streams.core.rollup.high_water import HighWaterMarks
from streams.core.rollup.minute_counts import group_of
from streams.core.rollup.repetition import RepetitionMemory
from streams.core.rollup.windows import BucketStep, Windows
from streams.errors import ANY_TIME, Failure
from streams.records import Window, WindowGap, WindowScore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from detectors.base import Bucket, Detector
    from streams.config import BrandSettings, Config
    from streams.config.brands import DetectorSettings
    from streams.core.detect.outcome import Outcome
    from streams.core.detect.quarantine import Quarantine
    from streams.core.rollup.tally import Tally
    from streams.core.rollup.watermark import StreamProgress
    from streams.errors import Doing
    from streams.records import Deletions, Envelope, Mention

Answer = TypeVar("Answer")

_MOSTLY_MISSING: Final = 0.5
"""Share of a bucket that the gaps of a source cover, from which on the source does not show whether a storm is over."""


class Evaluation(NamedTuple):
    """A step of a bucket with its scores.

    Parameters
    ----------
    step
        The moment, the bucket and its counts. If it is late, only detectors that know how many mentions are usual score
        it, by its late mentions alone.
    end_ms
        End of the bucket.
    scores
        Scores by detector, without those of detectors in shadow mode.
    detections
        Scores, those in shadow mode included, that reached 1 for the first time in the bucket.
    window
        The record of the bucket if it closes.
    whole
        Whether all usual sources delivered, and none had a gap.
    bucket
        What the detectors were given; None if the step is late.
    absent
        Sources that were out when the bucket closed, or had a gap in half of it or more.
    """

    step: BucketStep
    end_ms: int
    scores: Mapping[str, Score]
    detections: list[Detected]
    window: Window | None
    whole: bool
    bucket: Bucket | None = None
    absent: AbstractSet[str] = frozenset()


class BrandScoring(ABC):
    """Counts the mentions of one brand, and lets its detectors score and learn the buckets.

    What becomes of the scores is up to the subclass: `BrandMonitor` raises incidents, and a tuning run raises those of
    many candidates at once.

    Parameters
    ----------
    config_version
        `Config.version`, which takes as long to compute as the config has brands.
    detectors
        Settings of the detectors to run for the brand.
    quarantine
        Decides what becomes of a detector that raises.

    Raises
    ------
    detectors.base.ParameterError
        If a detector can't be built; a loaded config has been checked for that.
    """

    def __init__(
        self,
        config: Config,
        config_version: str,
        brand: BrandSettings,
        detectors: Sequence[DetectorSettings],
        quarantine: Quarantine,
    ) -> None:
        self._id = brand.id
        self._group = group_of(brand.id)
        self._config_version = config_version
        self._windows = Windows(config.windows)
        self._detectors = {settings.name: settings.build(brand.usual_posts_per_day) for settings in detectors}
        self._shadow = frozenset(settings.name for settings in detectors if settings.mode == "shadow")
        self._quiet_times = config.quiet_times(brand.id)
        self._quarantine = quarantine
        self._quarantined: dict[str, Failure] = {}
        self._repetition = RepetitionMemory(config.windows.bucket_seconds)
        self._marks = HighWaterMarks()
        self._sources = SourceMix()
        self._closed_ms = -1
        self._detected: tuple[int, frozenset[str]] = (-1, frozenset())

    def absorb(self, envelope: Envelope) -> list[Mention]:
        """Count the mentions above the high-water mark of their partition, and return them."""
        mark = self._marks.of(envelope.partition, envelope.incarnation)
        if mark is None:
            return []
        fresh = [mention for mention in envelope.mentions if mention.offset > mark.offset]
        if not fresh:
            return []
        for mention in fresh:
            self._windows.add(mention)
        mark.offset = fresh[-1].offset
        return fresh

    @abstractmethod
    def forget(self, deletions: Deletions) -> bool:
        """Delete posts from everything that could show them; return whether any of them is held here."""

    @abstractmethod
    def forget_authors(self, at_ms: int, authors: AbstractSet[int], progress: StreamProgress) -> Outcome | None:
        """Advance to an event time, and delete the posts of authors that were visible by then from everything that
        could show them; return None if no post of them is held here."""

    def due(self, watermark_ms: int, progress: StreamProgress) -> bool:
        """Return whether `advance` would do anything."""
        return self._windows.due(watermark_ms, progress.buckets)

    def newest_ms(self) -> int:
        """Return the start of the newest bucket that is not settled, -1 if there is none."""
        return self._windows.newest_ms()

    @abstractmethod
    def advance(self, watermark_ms: int, progress: StreamProgress) -> Outcome:
        """Score and close the buckets that the watermark allows."""

    def _evaluations(self, watermark_ms: int, progress: StreamProgress) -> Iterator[Evaluation]:
        """Score each step up to the watermark; detectors learn a closed bucket after it has been yielded."""
        length_ms = self._windows.bucket_ms
        for step in self._windows.walk(watermark_ms, progress.buckets):
            end_ms = step.start_ms + length_ms
            if step.late is not None:
                yield Evaluation(step, end_ms, self._score_late(step, step.late, progress), [], None, whole=True)
                continue
            elapsed_ms = length_ms if step.closes else min(length_ms, step.at_ms - step.start_ms)
            platform = progress.load_of_others(min(step.at_ms, end_ms), self._group)
            repeated = self._repetition.repeated(step.tally)
            bucket = step.tally.bucket(step.start_ms, length_ms, elapsed_ms, 1.0, repeated, platform)
            has_gaps, absent = False, frozenset[str]()
            if step.closes:
                out = progress.out.get(step.start_ms, frozenset())
                missing = progress.gaps.missing(step.start_ms, end_ms, step.at_ms)
                has_gaps = any(map(self._sources.uses, missing))
                absent = out | {source for source, share in missing.items() if share >= _MOSTLY_MISSING}
                if out or has_gaps:
                    bucket = replace(bucket, coverage=self._coverage(bucket, out, missing, step.at_ms))
            scores = self._score(bucket, step.at_ms)
            detections = self._detections(step.start_ms, scores)
            live = {name: score for name, score in scores.items() if name not in self._shadow}
            window = self._window(step, bucket.coverage, scores, progress) if step.closes else None
            whole = bucket.coverage >= 1 and not has_gaps
            yield Evaluation(step, end_ms, live, detections, window, whole=whole, bucket=bucket, absent=absent)
            if step.closes:
                self._learn(bucket, step.at_ms)
                self._repetition.learn(step.tally)
                if whole:
                    self._sources.learn(step.tally)

    def _score_late(self, step: BucketStep, late: Tally, progress: StreamProgress) -> dict[str, Score]:
        """Score the late mentions of a bucket as if it were open again and had no others.

        It has others, or may have, so their number is a lower bound: what is anomalous about it is anomalous. Their
        tone is no bound, as it is that of the sources which are late; so detectors that compare shares have no say.
        """
        length_ms = self._windows.bucket_ms
        platform = progress.load_of_others(step.start_ms + length_ms, self._group)
        repeated = self._repetition.repeated(late)
        bucket = late.bucket(step.start_ms, length_ms, length_ms - 1, 1.0, repeated, platform)
        usual = self._of_each("score_one", step.at_ms, lambda detector: detector.usual_count(bucket))
        scores = self._score(bucket, step.at_ms)
        return {
            name: score for name, score in scores.items() if usual.get(name) is not None and name not in self._shadow
        }

    def _score(self, bucket: Bucket, at_ms: int) -> dict[str, Score]:
        scores = self._of_each("score_one", at_ms, lambda detector: _finite(detector.score_one(bucket)))
        self._suppress_in_quiet_times(bucket.start_ms, bucket.start_ms + bucket.length_ms, scores)
        return scores

    def _learn(self, bucket: Bucket, at_ms: int) -> None:
        self._of_each("learn_one", at_ms, lambda detector: detector.learn_one(bucket))

    def _of_each(self, doing: Doing, at_ms: int, do: Callable[[Detector], Answer]) -> dict[str, Answer]:
        """Call each detector and return the results by name; the quarantine decides about those that raise."""
        answers = {}
        for name, detector in list(self._detectors.items()):
            try:
                answers[name] = do(detector)
            except Exception as error:  # noqa: BLE001  a detector may raise anything
                self._failed(name, doing, at_ms, error)
        return answers

    def _failed(self, name: str, doing: Doing, at_ms: int, error: Exception) -> None:
        failure = Failure(self._id, name, doing, at_ms, type(error).__name__)
        self._quarantine.handle(failure, error)
        self._quarantined[name] = failure
        del self._detectors[name]

    def _suppress_in_quiet_times(self, start_ms: int, end_ms: int, scores: dict[str, Score]) -> None:
        """Suppress anomalous scores in maintenance windows and expected events of the config."""
        anomalous = [name for name, score in scores.items() if score.value >= 1]
        quiet = self._quiet_times.at(start_ms, end_ms) if anomalous else None
        if quiet is not None:
            for name in anomalous:
                scores[name] = scores[name]._replace(suppressed=quiet.suppressed, occasion=quiet.reason)

    def _detections(self, start_ms: int, scores: Mapping[str, Score]) -> list[Detected]:
        """Return the scores that reach 1 for the first time in their bucket."""
        anomalous = {name for name, score in scores.items() if score.value >= 1}
        if not anomalous:
            return []
        known = self._detected[1] if self._detected[0] == start_ms else frozenset()
        self._detected = (start_ms, known | anomalous)
        return [
            Detected(self._id, name, "shadow" if name in self._shadow else "live", scores[name].suppressed)
            for name in sorted(anomalous - known)
        ]

    def _window(
        self, step: BucketStep, coverage: float, scores: Mapping[str, Score], progress: StreamProgress
    ) -> Window:
        tally = step.tally
        end_ms = step.start_ms + self._windows.bucket_ms
        reported_ms = step.at_ms if self._closed_ms < 0 else self._closed_ms
        gaps = progress.gaps.between(step.start_ms, end_ms, reported_ms, step.at_ms)
        self._closed_ms = step.at_ms
        return Window(
            brand=self._id,
            start_ms=step.start_ms,
            length_ms=self._windows.bucket_ms,
            count=tally.count,
            late=self._windows.reset_late(),
            negative=tally.negative,
            positive=tally.positive,
            authors=tally.authors.distinct,
            reposts=tally.reposts,
            engagement=tally.engagement,
            coverage=round(coverage, 4),
            scores={
                name: WindowScore(
                    score.value,
                    score.observed,
                    score.expected,
                    score.lower,
                    score.upper,
                    score.suppressed,
                    name in self._shadow,
                )
                for name, score in scores.items()
            },
            config_version=self._config_version,
            authors_estimated=tally.authors.is_estimated,
            gaps=[WindowGap(*gap[:3]) for gap in gaps if self._sources.uses(gap.source)] or None,
        )

    def _coverage(self, bucket: Bucket, out: frozenset[str], missing: Mapping[str, float], at_ms: int) -> float:
        """Return the coverage of a closed bucket, with the gaps of sources as far as they explain a low count."""
        most = self._sources.coverage(out, {})
        least = self._sources.coverage(out, missing)
        if least == most:
            return most
        usual = self._of_each("score_one", at_ms, lambda detector: detector.usual_count(bucket))
        known = (count for count in usual.values() if count is not None)
        return likely_coverage(least, most, bucket.count, next(known, None))

    def changed_chunks(self) -> dict[int, bytes | None]:
        """Return the chunks of pending mentions that have changed, as `PendingMentions.changed_chunks` does."""
        return self._windows.pending.changed_chunks()

    def load_chunk(self, number: int, state: Mapping[str, Any]) -> None:
        """Restore a chunk of pending mentions, as `PendingMentions.load_chunk` does."""
        self._windows.pending.load_chunk(number, state)

    def _dump(self) -> dict[str, Any]:
        """Return the state as plain values for JSON, by name."""
        snapshots = self._of_each("snapshot", ANY_TIME, _snapshot)
        return {
            "marks": self._marks.dump(),
            "windows": self._windows.dump(),
            "detectors": [[name, *snapshot] for name, snapshot in snapshots.items()],
            "out": self._quarantine.dump(self._quarantined),
            "echo": self._repetition.dump(),
            "sources": self._sources.dump(),
            "closed": self._closed_ms,
        }

    def _load(self, state: Mapping[str, Any]) -> list[DroppedState]:
        """Restore the state that `_dump` returned, and return the learned states that can't be used any more."""
        self._marks.load(state["marks"])
        self._windows.load(state["windows"])
        self._quarantined = self._quarantine.load(state["out"])
        for name in self._quarantined:
            self._detectors.pop(name, None)
        dropped = [self._restore(name, kind, b64decode(snapshot)) for name, kind, snapshot in state["detectors"]]
        self._repetition.load(state["echo"])
        self._sources.load(state["sources"])
        self._closed_ms = state["closed"]
        return [each for each in dropped if each is not None]

    def _restore(self, name: str, kind: str, snapshot: bytes) -> DroppedState | None:
        detector = self._detectors.get(name)
        if detector is None:  # no longer in the config, or quarantined
            return None
        if detector.kind != kind:
            return DroppedState(self._id, name, "other_kind", f"of kind {kind!r}, now {detector.kind!r}", snapshot)
        try:
            detector.restore(snapshot)
        except OutdatedSnapshot as error:
            return DroppedState(self._id, name, "outdated_snapshot", str(error), snapshot)
        except SnapshotError:
            raise
        except Exception as error:  # noqa: BLE001  a detector may raise anything
            self._failed(name, "restore", ANY_TIME, error)
        return None


def _finite(score: Score) -> Score:
    """Return a score if its value is finite; anything else counts as raised by the detector."""
    if not math.isfinite(score.value):
        raise ValueError(f"a score of {score.value}")
    return score


def _snapshot(detector: Detector) -> tuple[str, str]:
    return detector.kind, b64encode(detector.snapshot()).decode()
