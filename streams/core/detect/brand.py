"""One brand's way from mentions to alerts; everything that is known of the brand, and its bytes."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import orjson

from detectors.base import OutdatedSnapshot, Score, SnapshotError
from streams.core.detect import state_versions
from streams.core.detect.outcome import Detected, Outcome
from streams.core.detect.pending import PendingDeletions
from streams.core.incidents.alert import AlertBuilder
from streams.core.incidents.lifecycle import Incidents, MakeIncidents
from streams.core.rollup.baseline import Baseline
from streams.core.rollup.high_water import HighWaterMark
from streams.core.rollup.minute_counts import group_of
from streams.core.rollup.repetition import RepetitionMemory
from streams.core.rollup.tally import KEPT, Tally
from streams.core.rollup.windows import BucketStep, Windows
from streams.errors import ANY_TIME, Failure, RecordError
from streams.records import Deletions, Envelope, Window, WindowScore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from detectors.base import Detector
    from streams.config import BrandSettings, Config
    from streams.core.detect.quarantine import Quarantine
    from streams.core.incidents.incident import Change, Incident
    from streams.errors import Doing
    from streams.records import Alert, Mention

STATE_VERSION: Final = 4

Answer = TypeVar("Answer")

_SHARE_ALPHA: Final = 0.01
"""Weight of one bucket in a brand's usual mix of sources: about eight hours of five-minute buckets."""


class Delivery(Protocol):
    """What a brand must know of the stream."""

    buckets: list[int]
    out: dict[int, frozenset[str]]

    def load_of_others(self, at_ms: int, group: int) -> float:
        """How many times the usual was said of the brands outside a group."""


class BrandMonitor:
    """Counts, scores, learns and raises the incidents of one brand.

    Parameters
    ----------
    config_version
        `Config.version`, which takes as long to compute as the config has brands.
    quarantine
        Decides what becomes of a detector that raises.
    incidents
        Makes what judges the scores.

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
        quarantine: Quarantine,
        incidents: MakeIncidents = Incidents,
    ) -> None:
        self._id = brand.id
        self._group = group_of(brand.id)
        self._config_version = config_version
        self._windows = Windows(config.windows)
        self._deletions = PendingDeletions()
        running = config.detectors_of(brand)
        self._detectors = {settings.name: settings.build(brand.usual_posts_per_day) for settings in running}
        self._shadow = frozenset(settings.name for settings in running if settings.mode == "shadow")
        self._quiet_times = config.quiet_times(brand.id)
        self._quarantine = quarantine
        self._out: dict[str, Failure] = {}
        self._incidents = incidents(
            config.incidents,
            brand.id,
            self._config_version,
            {name: detector.aspect for name, detector in self._detectors.items()},
        )
        self._alert_builder = AlertBuilder(
            config.alerts,
            brand.id,
            brand.name,
            brand.language or config.alerts.language,
            self._config_version,
            {name: detector.kind for name, detector in self._detectors.items()},
            {name: detector.unit for name, detector in self._detectors.items()},
        )
        self._repetition = RepetitionMemory(config.windows.bucket_seconds)
        self._marks: dict[int, HighWaterMark] = {}
        self._source_shares: dict[str, float] = {}
        self._baseline = Baseline()
        self._model = (-1, "")
        self._detected: tuple[int, frozenset[str]] = (-1, frozenset())

    def absorb(self, envelope: Envelope) -> list[Mention]:
        """Count the mentions above the high-water mark of their partition, and return them."""
        mark = self._marks.setdefault(envelope.partition, HighWaterMark(envelope.incarnation))
        if not mark.admits(envelope.incarnation):
            return []
        fresh = [mention for mention in envelope.mentions if mention.offset > mark.offset]
        if not fresh:
            return []
        for mention in fresh:
            self._windows.add(mention)
        mark.offset = fresh[-1].offset
        self._model = max(self._model, (envelope.ingested_ms, envelope.model))
        return fresh

    def forget(self, deletions: Deletions) -> bool:
        """Take back posts; tells whether any of them is held here."""
        posts = {(source, id) for _, source, id in deletions.posts}
        held = self._windows.holds(posts)
        for tally in self._incidents.tallies():
            held |= tally.shows(posts)
        for arrival_ms, source, id in deletions.posts:
            if (source, id) in held:
                self._deletions.add(self._windows.visible_at(arrival_ms), (source, id))
        return bool(held)

    def due(self, watermark_ms: int, delivery: Delivery) -> bool:
        """Whether `advance` would do anything."""
        return self._windows.due(watermark_ms, delivery.buckets) or self._deletions.due(watermark_ms)

    def advance(self, watermark_ms: int, delivery: Delivery) -> Outcome:
        """Score and close what the watermark allows."""
        outcome = Outcome()
        for step in self._windows.walk(watermark_ms, delivery.buckets):
            self._apply_deletions(step.at_ms, outcome, step.tally)
            if step.late:
                unclosed = self._windows.unclosed
                outcome.alerts += self._alerts(self._incidents.correct(step.at_ms, step.start_ms, step.tally, unclosed))
                continue
            out = delivery.out.get(step.start_ms, frozenset())
            coverage = self._coverage(out) if step.closes else 1.0
            platform = delivery.load_of_others(min(step.at_ms, step.start_ms + self._windows.bucket_ms), self._group)
            self._evaluate(step, coverage, platform, outcome)
        self._apply_deletions(watermark_ms, outcome)
        self._deletions.settle(watermark_ms)
        return outcome

    def _apply_deletions(self, at_ms: int, outcome: Outcome, *more: Tally) -> None:
        if self._deletions.due(at_ms):
            tallies = [*self._windows.unclosed(0), *self._incidents.tallies(), *more]
            outcome.samples_deleted[self._id] += self._deletions.apply(at_ms, tallies)

    def _evaluate(self, step: BucketStep, coverage: float, platform: float, outcome: Outcome) -> None:
        length = self._windows.bucket_ms
        end_ms = step.start_ms + length
        elapsed = length if step.closes else min(length, step.at_ms - step.start_ms)
        bucket = step.tally.bucket(
            step.start_ms, length, elapsed, coverage, self._repetition.repeated(step.tally), platform
        )
        scores = self._of_each("score_one", step.at_ms, lambda detector: _finite(detector.score_one(bucket)))
        self._hold_back(step.start_ms, end_ms, scores)
        outcome.detections += self._detections(step.start_ms, scores)
        live = {name: score for name, score in scores.items() if name not in self._shadow}
        checked = self._incidents.check(step.at_ms, step.start_ms, end_ms, step.tally, live, self._windows.unclosed)
        outcome.alerts += self._alerts(checked)
        if not step.closes:
            return
        self._of_each("learn_one", step.at_ms, lambda detector: detector.learn_one(bucket))
        outcome.alerts += self._alerts(self._incidents.close(step.at_ms, step.start_ms, end_ms, step.tally))
        self._repetition.learn(step.tally)
        self._learn_sources(step.tally, coverage)
        calm = self._incidents.current is None
        self._baseline.learn(step.start_ms, length, step.tally, calm=calm, whole=coverage >= 1)
        outcome.windows.append(self._window(step, coverage, scores))

    def _of_each(self, doing: Doing, at_ms: int, do: Callable[[Detector], Answer]) -> dict[str, Answer]:
        """What each detector answers, by name; the quarantine decides about those that raise."""
        answers = {}
        for name, detector in list(self._detectors.items()):
            try:
                answers[name] = do(detector)
            except Exception as error:  # noqa: BLE001  whatever it is
                self._failed(name, doing, at_ms, error)
        return answers

    def _restore(self, name: str, kind: str, snapshot: bytes) -> None:
        detector = self._detectors.get(name)
        if detector is None or detector.kind != kind:
            return
        try:
            detector.restore(snapshot)
        except OutdatedSnapshot:
            pass
        except SnapshotError:
            raise
        except Exception as error:  # noqa: BLE001
            self._failed(name, "restore", ANY_TIME, error)

    def _failed(self, name: str, doing: Doing, at_ms: int, error: Exception) -> None:
        failure = Failure(self._id, name, doing, at_ms, type(error).__name__)
        self._quarantine.take(failure, error)
        self._out[name] = failure
        del self._detectors[name]

    def dismiss(self) -> list[Alert]:
        """Resolve the open incident because the brand is no longer watched, and return its last alert."""
        reached_ms = self._windows.reached_ms
        start_ms = reached_ms - reached_ms % self._windows.bucket_ms
        return self._alerts(self._incidents.dismiss(reached_ms, start_ms, self._windows.unclosed))

    def _alerts(self, change: Change | None) -> list[Alert]:
        return [] if change is None else [self._alert_builder.alert(change, self._baseline, self._model[1])]

    def _hold_back(self, start_ms: int, end_ms: int, scores: dict[str, Score]) -> None:
        """Suppress what is anomalous in a time of which people have said that it will be."""
        anomalous = [name for name, score in scores.items() if score.value >= 1]
        quiet = self._quiet_times.at(start_ms, end_ms) if anomalous else None
        if quiet is not None:
            for name in anomalous:
                reason = f"{scores[name].reason} ({quiet.suppressed}: {quiet.reason})".lstrip()
                scores[name] = scores[name]._replace(suppressed=quiet.suppressed, reason=reason)

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

    def _window(self, step: BucketStep, coverage: float, scores: Mapping[str, Score]) -> Window:
        tally = step.tally
        return Window(
            brand=self._id,
            start_ms=step.start_ms,
            length_ms=self._windows.bucket_ms,
            count=tally.count,
            late=self._windows.reset_late(),
            negative=tally.negative,
            positive=tally.positive,
            authors=tally.distinct_authors,
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
        )

    def _coverage(self, out: frozenset[str]) -> float:
        """Share of the usual sources that are not out; `fsum` gives the same whatever the order they were met in."""
        if not out:
            return 1.0
        total = math.fsum(self._source_shares.values())
        delivered = math.fsum(share for source, share in self._source_shares.items() if source not in out)
        return delivered / total if total else 1.0

    def _learn_sources(self, tally: Tally, coverage: float) -> None:
        if coverage < 1 or not tally.count:
            return
        shares = self._source_shares
        for source in shares.keys() | tally.sources.keys():
            share = shares.get(source, 0.0)
            shares[source] = share + _SHARE_ALPHA * (tally.sources.get(source, 0) / tally.count - share)
        if len(shares) > KEPT:
            del shares[min(shares, key=lambda source: (shares[source], source))]

    @property
    def incident(self) -> Incident | None:
        """The open incident."""
        return self._incidents.current

    def to_bytes(self) -> bytes:
        """All that is known of the brand."""
        snapshots = self._of_each("snapshot", ANY_TIME, _snapshot)
        return orjson.dumps(
            {
                "v": STATE_VERSION,
                "marks": [[partition, *mark.dump()] for partition, mark in self._marks.items()],
                "windows": self._windows.dump(),
                "detectors": [[name, *snapshot] for name, snapshot in snapshots.items()],
                "out": self._quarantine.dump(self._out),
                "incidents": self._incidents.dump(),
                "echo": self._repetition.dump(),
                "sources": list(self._source_shares.items()),
                "calm": self._baseline.dump(),
                "model": self._model,
                "deletions": self._deletions.dump(),
            }
        )

    def load(self, value: bytes) -> None:
        """Take over what `to_bytes` gave, whatever the config was then.

        What detectors have learned does not depend on their thresholds and is kept. A detector that is new, was off, is
        of another kind now, or learns otherwise since an earlier firewatch, starts anew.

        Raises
        ------
        OutdatedState, UnknownVersion
            If a firewatch too old or too new wrote it.
        DetectorFailed
            If a detector raises what it should not.
        RecordError
            If it is damaged.
        """
        what = f"the state of brand {self._id!r}"
        try:
            state: dict[str, Any] = state_versions.upgraded(
                orjson.loads(value), what, STATE_VERSION, state_versions.BRAND
            )
            self._marks = {partition: HighWaterMark(*mark) for partition, *mark in state["marks"]}
            self._windows.load(state["windows"])
            self._out = self._quarantine.load(state["out"])
            for name in self._out:
                self._detectors.pop(name, None)
            for name, kind, snapshot in state["detectors"]:
                self._restore(name, kind, b64decode(snapshot))
            self._incidents.load(state["incidents"])
            self._repetition.load(state["echo"])
            self._source_shares = dict(state["sources"])
            self._baseline.load(state["calm"])
            self._deletions.load(state["deletions"])
            ingested_ms, model = state["model"]
            self._model = (ingested_ms, model)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, SnapshotError) as error:
            raise RecordError("damaged_state", f"{what} can't be read ({error})") from error


def _finite(score: Score) -> Score:
    """The score, if it is a number: another is as good as raised by the detector."""
    if not math.isfinite(score.value):
        raise ValueError(f"a score of {score.value}")
    return score


def _snapshot(detector: Detector) -> tuple[str, str]:
    return detector.kind, b64encode(detector.snapshot()).decode()
