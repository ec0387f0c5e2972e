"""Test accepted labels, learn them or hold them out for evaluation, and decide which models are published.

One text in `judge_every` (by its signature, so that reposts stay together) is never learned: the labels of such texts
are a holdout set, by which a new model must be as good as the one in use and as the best before it, so that small
losses can't add up. A worse model is not published; after `REFUSALS` of them in a row the trainer goes back to the
model in use and drops all that was learned since.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from river.drift import ADWIN

from streams.core.learn.annotator_agreement import AnnotatorAgreement
from streams.core.sentiment import LABELS, LinearModel
from streams.core.sentiment.f1 import quality
from streams.core.sentiment.learner import OnlineSentiment
from streams.core.text.clean import signature
from streams.records import HoldoutQuality

if TYPE_CHECKING:
    from river.base.typing import FeatureName

    from streams.config import LearnSettings, QualityName
    from streams.core.learn.label_filter import AcceptedLabel
    from streams.core.sentiment import Probabilities
    from streams.core.sentiment.f1 import Quality

REFUSALS: Final = 3
"""With few holdout labels a good model is refused by chance now and then, but hardly ever three times in a row."""

ANNOTATOR_SHARE: Final = 4
"""One annotator gives at most a fourth of the holdout labels."""

MIN_ANNOTATOR_LABELS: Final = 20
"""Holdout labels of an annotator that count in any case; beyond them no annotator counts for more than the second most
active one, so that two others outvote an annotator who labels much."""

RUNNING: Final = 1_000
"""Number of latest labels over which the running quality is measured: F1 is then known to about 0.03."""


class Candidate(NamedTuple):
    """A model that could be published.

    Parameters
    ----------
    snapshot
        Bytes of the model.
    model
        The model as scorers load it.
    quality, parent_quality
        Quality of the candidate and of the model in use on the same holdout labels.
    good
        Whether the candidate may be published.
    """

    snapshot: bytes
    model: LinearModel
    quality: HoldoutQuality
    parent_quality: HoldoutQuality
    good: bool


class Trainer:
    """Learn one label after the other.

    Parameters
    ----------
    settings
        Rules by which a model is due, evaluated and published.
    snapshot
        The model in use.
    base
        The model of the weights in the config, which no annotator can change: the reference for annotator agreement.
        Always of quality ``fast``, so that all trainers accept the same annotators.
    quality
        Quality of the snapshot.

    Attributes
    ----------
    pending
        Number of labels learned since the model in use.
    running
        Quality of the predictions for the latest labels, each made before the label was learned.

    Raises
    ------
    RecordError
        If the snapshot can't be read.
    """

    def __init__(
        self, settings: LearnSettings, snapshot: bytes, base: LinearModel, quality: QualityName = "fast"
    ) -> None:
        self._settings = settings
        self._quality = quality
        self._learner = OnlineSentiment.from_snapshot(snapshot, quality)
        self._kept = copy.deepcopy(self._learner)
        self._in_use = self._best = LinearModel.from_snapshot(snapshot, quality)
        self._base = base
        self._agreement = AnnotatorAgreement()
        self._holdout = HoldoutLabels(settings.judges)
        self._refusals = 0
        self.pending = 0
        self.running = RunningQuality(RUNNING)

    def is_holdout(self, label: AcceptedLabel) -> bool:
        """Return whether a label evaluates models instead of being learned."""
        return signature(label.text) % self._settings.judge_every == 0

    def restore(self, label: AcceptedLabel) -> None:
        """Add a label that was handled before a restart, so that the holdout labels are complete again."""
        if self._accepts(label) and self.is_holdout(label):
            self._holdout.add(label)

    def add(self, label: AcceptedLabel) -> Literal["learned", "judges", "distrusted"]:
        """Test the model on a label, then learn the label or hold it out.

        Returns
        -------
        Literal
            ``learned``; ``judges`` for a holdout label; ``distrusted`` if the annotator is rejected and the label has
            no effect.
        """
        if not self._accepts(label):
            return "distrusted"
        x: dict[FeatureName, Any] = {"text": label.text, "lang": label.lang}
        chances = self._learner.predict_proba_one(x)
        self.running.add(label.label, (chances["negative"], chances["neutral"], chances["positive"]))
        if self.is_holdout(label):
            self._holdout.add(label)
            return "judges"
        self._learner.learn_one(x, label.label)
        self.pending += 1
        return "learned"

    def _accepts(self, label: AcceptedLabel) -> bool:
        chances = self._base.predict(label.text, label.lang)
        self._agreement.add(label.by, agrees=LABELS[chances.index(max(chances))] == label.label)
        return self._agreement.accepts(label.by)

    def due(self, waited_seconds: float) -> bool:
        """Return whether a model should be evaluated, `waited_seconds` after the last evaluation."""
        enough = self.pending >= self._settings.publish_labels * (self._refusals + 1)
        late = self.pending > 0 and waited_seconds >= self._settings.publish_seconds
        return (enough or late) and len(self._holdout) >= self._settings.min_judges

    def candidate(self) -> Candidate:
        """Evaluate the model in its present state, which takes some tenths of a second."""
        snapshot = self._learner.snapshot()
        model = LinearModel.from_snapshot(snapshot, self._quality)
        own, other, best = (self._holdout.evaluate(each) for each in (model, self._in_use, self._best))
        good = _score(own) >= max(_score(other), _score(best)) - self._settings.max_loss
        if good and _score(own) >= _score(best):
            self._best = model
        return Candidate(snapshot, model, own, other, good)

    def published(self, candidate: Candidate) -> None:
        """Make a candidate the model in use."""
        self._in_use = candidate.model
        self._kept = copy.deepcopy(self._learner)
        self._refusals = self.pending = 0

    def refused(self) -> bool:
        """Count a candidate that was not good.

        Returns
        -------
        bool
            Whether all that was learned since the model in use has been dropped.
        """
        self._refusals += 1
        if self._refusals < REFUSALS:
            return False
        self._learner = copy.deepcopy(self._kept)
        self._refusals = self.pending = 0
        return True


class HoldoutLabels:
    """The latest labels by which models are evaluated.

    Parameters
    ----------
    size
        Largest number of labels; one annotator gives at most a fourth of it.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._labels: deque[AcceptedLabel] = deque()
        self._of_annotator: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, label: AcceptedLabel) -> None:
        """Add a label and evict an old one if there are too many: one of the same annotator if it has its share."""
        if self._of_annotator[label.by] >= self._size // ANNOTATOR_SHARE:
            self._drop(next(old for old in self._labels if old.by == label.by))
        elif len(self._labels) == self._size:
            self._drop(self._labels[0])
        self._labels.append(label)
        self._of_annotator[label.by] += 1

    def _drop(self, label: AcceptedLabel) -> None:
        self._labels.remove(label)
        self._of_annotator -= Counter((label.by,))

    def evaluate(self, model: LinearModel) -> HoldoutQuality:
        """Return the quality of a model on the labels, of which there must be at least one."""
        labels = self._counting()
        chances = [model.predict(label.text, label.lang) for label in labels]
        measured = quality([label.label for label in labels], chances)
        return HoldoutQuality(
            labels=len(labels),
            macro_f1=round(measured.macro_f1, 4),
            negative_rest_f1=round(measured.negative_rest_f1, 4),
        )

    def _counting(self) -> list[AcceptedLabel]:
        most = self._of_annotator.most_common(2)
        limit = max(MIN_ANNOTATOR_LABELS, most[1][1]) if len(most) == 2 else self._size
        counting: list[AcceptedLabel] = []
        left = dict.fromkeys(self._of_annotator, limit)
        for label in reversed(self._labels):
            if left[label.by]:
                left[label.by] -= 1
                counting.append(label)
        return counting


class RunningQuality:
    """Prequential quality over a window of labels, and the number of changes of the error.

    ADWIN (Bifet & Gavaldà, *Learning from Time-Changing Data with Adaptive Windowing*, SDM 2007) with river's settings
    detects the changes.

    Parameters
    ----------
    size
        Length of the window in labels.

    Attributes
    ----------
    rises, falls
        How often the error has risen and fallen.
    """

    def __init__(self, size: int) -> None:
        self._latest: deque[tuple[str, Probabilities]] = deque(maxlen=size)
        self._adwin = ADWIN()  # type: ignore[no-untyped-call]
        self.rises = self.falls = 0

    def add(self, label: str, chances: Probabilities) -> None:
        """Add a label and the probabilities that were predicted before it was learned."""
        self._latest.append((label, chances))
        before = self._adwin.estimation
        self._adwin.update(float(LABELS[chances.index(max(chances))] != label))  # type: ignore[no-untyped-call]
        if self._adwin.drift_detected:
            if self._adwin.estimation > before:
                self.rises += 1
            else:
                self.falls += 1

    def quality(self) -> Quality | None:
        """Return the quality over the window; None before the first label."""
        if not self._latest:
            return None
        return quality([label for label, _ in self._latest], [chances for _, chances in self._latest])


def _score(measured: HoldoutQuality) -> float:
    return (measured.macro_f1 + measured.negative_rest_f1) / 2
