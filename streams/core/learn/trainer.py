"""What becomes of believed labels: tested, then learned or kept to judge by, and now and then a model to publish.

A text in `judge_every` (by its signature, so that reposts go together) is never learned: labels of such texts judge
whether a new model is as good as the one in use, and as the best before it, so that small losses can't add up. One that
is worse is held back; after `REFUSALS` of them in a row the trainer goes back to the model in use, and what it had
learned since then is dropped.
"""

from __future__ import annotations

import copy
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from river.drift import ADWIN

from streams.core.learn.trust import Trust
from streams.core.sentiment import LABELS, LinearModel
from streams.core.sentiment.f1 import quality
from streams.core.sentiment.learner import OnlineSentiment
from streams.core.text.clean import signature
from streams.records import JudgedQuality

if TYPE_CHECKING:
    from river.base.typing import FeatureName

    from streams.config import LearnSettings, QualityName
    from streams.core.learn.label_filter import Answer
    from streams.core.sentiment import Probabilities
    from streams.core.sentiment.f1 import Quality

REFUSALS: Final = 3
"""A good model is now and then refused by chance, while few labels judge it; three times in a row hardly ever."""

ANNOTATOR_SHARE: Final = 4
"""One annotator gives at most a fourth of the labels that judge."""

ALWAYS_HEARD: Final = 20
"""Labels by which an annotator judges in any case; beyond them nobody counts for more than the second most diligent,
so that whoever labels much alone is outvoted by two others."""

RUNNING: Final = 1_000
"""Latest labels over which running quality is measured: F1 is then known to about 0.03."""


class Candidate(NamedTuple):
    """A model that could be published.

    Parameters
    ----------
    snapshot
        Its bytes.
    model
        What scorers make of them.
    quality, parent_quality
        Of it and of the one in use, on the same labels, which neither has learned.
    good
        Whether it may be published.
    """

    snapshot: bytes
    model: LinearModel
    quality: JudgedQuality
    parent_quality: JudgedQuality
    good: bool


class Trainer:
    """Learns one label after the other.

    Parameters
    ----------
    settings
        When a model is due, and how it is judged.
    snapshot
        The model in use.
    base
        That of the weights of the config: nobody can teach it, so it tells whom to believe. Of quality ``fast`` always:
        all trainers believe the same people.
    quality
        Of the snapshot.

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
        self._trust = Trust()
        self._judges = Judges(settings.judges)
        self._refusals = 0
        self.pending = 0
        self.running = Running(RUNNING)

    def judges(self, answer: Answer) -> bool:
        """Whether a label judges rather than being learned."""
        return signature(answer.text) % self._settings.judge_every == 0

    def warm(self, answer: Answer) -> None:
        """Take in a label that was dealt with before a restart: what judges goes on judging."""
        if self._believes(answer) and self.judges(answer):
            self._judges.add(answer)

    def take(self, answer: Answer) -> Literal["learned", "judges", "distrusted"]:
        """Test on a label, then learn it, keep it to judge by, or neither, if its annotator is not believed."""
        if not self._believes(answer):
            return "distrusted"
        x: dict[FeatureName, Any] = {"text": answer.text, "lang": answer.lang}
        chances = self._learner.predict_proba_one(x)
        self.running.add(answer.label, (chances["negative"], chances["neutral"], chances["positive"]))
        if self.judges(answer):
            self._judges.add(answer)
            return "judges"
        self._learner.learn_one(x, answer.label)
        self.pending += 1
        return "learned"

    def _believes(self, answer: Answer) -> bool:
        chances = self._base.predict(answer.text, answer.lang)
        self._trust.add(answer.by, agrees=LABELS[chances.index(max(chances))] == answer.label)
        return self._trust.believes(answer.by)

    def due(self, waited_seconds: float) -> bool:
        """Whether a model is to be judged, `waited_seconds` after the last time."""
        enough = self.pending >= self._settings.publish_labels * (self._refusals + 1)
        late = self.pending > 0 and waited_seconds >= self._settings.publish_seconds
        return (enough or late) and len(self._judges) >= self._settings.min_judges

    def candidate(self) -> Candidate:
        """The model as it is now, judged; takes some tenths of a second."""
        snapshot = self._learner.snapshot()
        model = LinearModel.from_snapshot(snapshot, self._quality)
        own, other, best = (self._judges.on(each) for each in (model, self._in_use, self._best))
        good = _score(own) >= max(_score(other), _score(best)) - self._settings.max_loss
        if good and _score(own) >= _score(best):
            self._best = model
        return Candidate(snapshot, model, own, other, good)

    def published(self, candidate: Candidate) -> None:
        """The candidate is in use now."""
        self._in_use = candidate.model
        self._kept = copy.deepcopy(self._learner)
        self._refusals = self.pending = 0

    def refused(self) -> bool:
        """The candidate was not good; tells whether all that was learned since the one in use is dropped."""
        self._refusals += 1
        if self._refusals < REFUSALS:
            return False
        self._learner = copy.deepcopy(self._kept)
        self._refusals = self.pending = 0
        return True


class Judges:
    """Latest labels that judge models.

    Parameters
    ----------
    size
        At most so many, and a fourth of it from one annotator.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: deque[Answer] = deque()
        self._of_annotator: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._answers)

    def add(self, answer: Answer) -> None:
        """Take in a label; an old one goes, of the same annotator where that has its share."""
        if self._of_annotator[answer.by] >= self._size // ANNOTATOR_SHARE:
            self._drop(next(old for old in self._answers if old.by == answer.by))
        elif len(self._answers) == self._size:
            self._drop(self._answers[0])
        self._answers.append(answer)
        self._of_annotator[answer.by] += 1

    def _drop(self, answer: Answer) -> None:
        self._answers.remove(answer)
        self._of_annotator -= Counter((answer.by,))

    def on(self, model: LinearModel) -> JudgedQuality:
        """How good a model is on them; there must be at least one."""
        heard = self._heard()
        chances = [model.predict(answer.text, answer.lang) for answer in heard]
        measured = quality([answer.label for answer in heard], chances)
        return JudgedQuality(
            labels=len(heard),
            macro_f1=round(measured.macro_f1, 4),
            negative_rest_f1=round(measured.negative_rest_f1, 4),
        )

    def _heard(self) -> list[Answer]:
        most = self._of_annotator.most_common(2)
        limit = max(ALWAYS_HEARD, most[1][1]) if len(most) == 2 else self._size
        heard: list[Answer] = []
        left = dict.fromkeys(self._of_annotator, limit)
        for answer in reversed(self._answers):
            if left[answer.by]:
                left[answer.by] -= 1
                heard.append(answer)
        return heard


class Running:
    """Prequential quality over a window, and whether the error has changed.

    Change is told by ADWIN (Bifet & Gavaldà, *Learning from Time-Changing Data with Adaptive Windowing*, SDM 2007) at
    river's settings.

    Parameters
    ----------
    size
        Of the window, in labels.
    """

    def __init__(self, size: int) -> None:
        self._latest: deque[tuple[str, Probabilities]] = deque(maxlen=size)
        self._adwin = ADWIN()  # type: ignore[no-untyped-call]
        self.rises = self.falls = 0

    def add(self, label: str, chances: Probabilities) -> None:
        """Take in a label and what had been said before it was seen."""
        self._latest.append((label, chances))
        before = self._adwin.estimation
        self._adwin.update(float(LABELS[chances.index(max(chances))] != label))  # type: ignore[no-untyped-call]
        if self._adwin.drift_detected:
            if self._adwin.estimation > before:
                self.rises += 1
            else:
                self.falls += 1

    def quality(self) -> Quality | None:
        """Over the window; None before the first label."""
        if not self._latest:
            return None
        return quality([label for label, _ in self._latest], [chances for _, chances in self._latest])


def _score(measured: JudgedQuality) -> float:
    return (measured.macro_f1 + measured.negative_rest_f1) / 2
