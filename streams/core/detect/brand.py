"""The detection of one brand, from mentions to alerts, and its whole state as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.core.detect import state_versions
from streams.core.detect.outcome import Outcome
from streams.core.detect.pending import PendingDeletions
from streams.core.detect.scoring import BrandScoring
from streams.core.incidents.alert import AlertBuilder
from streams.core.incidents.lifecycle import Incidents
from streams.core.incidents.own_words import OwnWords
from streams.core.rollup.baseline import Baseline
from streams.core.text.brand_terms import BrandTerms
from streams.core.wording.formats import Formats
from streams.core.wording.languages import PHRASES

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from streams.config import BrandSettings, Config
    from streams.core.detect.outcome import DroppedState
    from streams.core.detect.quarantine import Quarantine
    from streams.core.incidents.incident import Change, Incident
    from streams.core.rollup.tally import Tally
    from streams.core.rollup.watermark import StreamProgress
    from streams.records import Alert, Deletions, Envelope, Mention

STATE_VERSION: Final = 14

STATE_FIELDS: Final = (
    "marks", "windows", "detectors", "out", "incidents", "echo", "sources", "calm", "model", "deletions", "closed",
)  # fmt: skip
"""Names in a state, in the order in which its bytes list them."""


class BrandMonitor(BrandScoring):
    """Scores the buckets of one brand, raises its incidents, and writes their alerts.

    Parameters
    ----------
    config, config_version, brand, quarantine
        As for `BrandScoring`.
    """

    def __init__(self, config: Config, config_version: str, brand: BrandSettings, quarantine: Quarantine) -> None:
        super().__init__(config, config_version, brand, config.detectors_of(brand), quarantine)
        detectors = self._detectors.items()
        self._incidents = Incidents(
            config.incidents, brand.id, config_version, {name: detector.aspect for name, detector in detectors}
        )
        self._alert_builder = AlertBuilder(
            config.alerts,
            brand.id,
            brand.name,
            OwnWords(brand.name, BrandTerms.of(brand)),
            Formats(PHRASES[brand.language or config.alerts.language], config.alerts.timezone),
            config_version,
            {name: detector.kind for name, detector in detectors},
            {name: detector.unit for name, detector in detectors},
        )
        self._baseline = Baseline()
        self._deletions = PendingDeletions()
        self._gone_authors: tuple[int, AbstractSet[int]] | None = None
        self._model = (-1, "")

    def absorb(self, envelope: Envelope) -> list[Mention]:
        """Count the mentions above the high-water mark of their partition, and return them."""
        fresh = super().absorb(envelope)
        if fresh:
            self._model = max(self._model, (envelope.ingested_ms, envelope.model))
        return fresh

    def forget(self, deletions: Deletions) -> bool:
        """Schedule the deletion of posts; return whether any of them is held here."""
        posts = {(source, id) for _, source, id in deletions.posts}
        held = self._windows.holds(posts)
        for tally in self._incidents.tallies():
            held |= tally.shows(posts)
        for arrival_ms, source, id in deletions.posts:
            if (source, id) in held:
                self._deletions.add(self._windows.visible_at(arrival_ms), (source, id))
        return bool(held)

    def forget_authors(self, at_ms: int, authors: AbstractSet[int], progress: StreamProgress) -> Outcome | None:
        """Advance to an event time, and remove the posts of authors that were visible by then from everything that
        could show them; return None if no post of them is held here."""
        shown = any(tally.shows_any_of(authors) for tally in self._incidents.tallies())
        if not shown and not self._windows.holds_any_of(authors):
            return None
        self._gone_authors = at_ms, authors
        outcome = self.advance(at_ms, progress)
        self._gone_authors = None
        return outcome

    def due(self, watermark_ms: int, progress: StreamProgress) -> bool:
        """Return whether `advance` would do anything."""
        return super().due(watermark_ms, progress) or self._deletions.due(watermark_ms)

    def advance(self, watermark_ms: int, progress: StreamProgress) -> Outcome:
        """Score and close the buckets that the watermark allows, and raise what follows from it."""
        outcome = Outcome()
        for evaluation in self._evaluations(watermark_ms, progress):
            step = evaluation.step
            self._delete_samples(step.at_ms, outcome, step.tally)
            changes = self._incidents.changes(
                step, evaluation.end_ms, evaluation.scores, self._windows, evaluation.absent
            )
            outcome.alerts += [self._alert(change) for change in changes]
            outcome.detections += evaluation.detections
            if evaluation.window is not None:
                calm = self._incidents.current is None
                length_ms = self._windows.bucket_ms
                self._baseline.learn(step.start_ms, length_ms, step.tally, calm=calm, whole=evaluation.whole)
                outcome.windows.append(evaluation.window)
        self._delete_samples(watermark_ms, outcome)
        self._deletions.settle(watermark_ms)
        return outcome

    def _delete_samples(self, at_ms: int, outcome: Outcome, *more: Tally) -> None:
        gone_ms, authors = self._gone_authors or (at_ms + 1, frozenset[int]())
        if at_ms >= gone_ms or self._deletions.due(at_ms):
            tallies = [*self._windows.tallies(), *self._incidents.tallies(), *more]
            outcome.samples_deleted[self._id] += self._deletions.apply(at_ms, tallies)
            if at_ms >= gone_ms:
                outcome.samples_deleted[self._id] += sum(tally.forget_authors(authors) for tally in tallies)

    def _alert(self, change: Change) -> Alert:
        return self._alert_builder.alert(change, self._baseline, self._model[1])

    def dismiss(self) -> list[Alert]:
        """Resolve the open incident because the brand is no longer watched, and return its last alert."""
        reached_ms = self._windows.reached_ms
        start_ms = reached_ms - reached_ms % self._windows.bucket_ms
        change = self._incidents.dismiss(reached_ms, start_ms, self._windows.unclosed)
        return [] if change is None else [self._alert(change)]

    @property
    def incident(self) -> Incident | None:
        """The open incident."""
        return self._incidents.current

    def to_bytes(self) -> bytes:
        """Return the whole state of the brand but for the chunks of its pending mentions, whose changes
        `changed_chunks` has to return before."""
        state = self._dump() | {
            "incidents": self._incidents.dump(),
            "calm": self._baseline.dump(),
            "model": self._model,
            "deletions": self._deletions.dump(),
        }
        return orjson.dumps({"v": STATE_VERSION, **{name: state[name] for name in STATE_FIELDS}})

    def load(self, value: bytes) -> list[DroppedState]:
        """Restore the state that `to_bytes` returned, under whatever config; `load_chunk` adds the chunks afterwards.

        What detectors have learned does not depend on their thresholds and is kept. A detector that is new, was off, is
        of another kind now, or learns differently since an earlier firewatch, starts from nothing.

        Returns
        -------
        list
            What detectors of this config had learned and can't use any more.

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
        with state_versions.readable(what):
            state: dict[str, Any] = state_versions.upgraded(
                orjson.loads(value), what, STATE_VERSION, state_versions.BRAND
            )
            dropped = self._load(state)
            self._incidents.load(state["incidents"])
            self._baseline.load(state["calm"])
            self._deletions.load(state["deletions"])
            ingested_ms, model = state["model"]
            self._model = (ingested_ms, model)
        return dropped
