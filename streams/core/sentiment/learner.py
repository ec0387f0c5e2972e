"""Learn sentiment from one label at a time, with the interface of river: `learn_one` and `predict_proba_one`.

Softmax regression by AdaGrad (Duchi, Hazan & Singer, *Adaptive Subgradient Methods for Online Learning and Stochastic
Optimization*, JMLR 2011) over the hashed features of `streams.core.sentiment.features`. It starts from weights learned
elsewhere with fresh step sizes, so that the labels of a new domain move it quickly. Labels of rare classes count more.
With each label one of the latest is learned again (`experience_replay`), at half the weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from river.base import Classifier

from streams.core.sentiment import snapshot
from streams.core.sentiment.experience_replay import Example, ExperienceReplay
from streams.core.sentiment.model import LABELS, softmax
from streams.core.sentiment.snapshot import CLIP, Weights
from streams.core.sentiment.vectors import Vectors
from streams.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from river.base.typing import ClfTarget, FeatureName

    from streams.config import QualityName
    from streams.core.sentiment.model import Probabilities
    from streams.core.sentiment.vectors import Vector

RATE: Final = 0.07
"""Step size of AdaGrad. From 0.05 to 0.08 the streams differ by half a point of macro-F1 at most."""

FIRST_SQUARES: Final = 0.05
"""Sum of squared gradients of a feature that was never seen: the first step is three to four times `RATE` at a clear
error."""

BIAS_RATE: Final = 0.05
"""Step size of the two biases; ten times as much makes no difference."""

BALANCE: Final = 0.5
"""Exponent of (mean share / share of the class), by which a label is weighted. At 0, classes count as often as they
occur and rare ones are neglected; at 1, all classes count alike and rare ones are predicted too often. In between
macro-F1 gains a point and more on unbalanced streams, and probabilities stay within 0.05 of the observed
frequencies."""

FIRST_COUNT: Final = 10.0
"""Labels of each class that are assumed before the first one, since the balance of the first few is chance."""

REPLAY_WEIGHT: Final = 0.5
"""Weight of a label that is learned again. Compared with no replay, all four streams, shuffled and with all labels,
gain a tenth of a point of macro-F1 and are better calibrated; in their own order GermEval gains 0.3, airline loses 0.2.
At 1 PotTS loses 0.2."""

REPLAY_SEED: Final = 0


class OnlineSentiment(Classifier):
    """Sentiment model that learns from labels as they arrive.

    Parameters
    ----------
    rate
        Step size.
    quality
        Quality of the model: ``fast`` looks at words, ``best`` at sentence embeddings too.

    Examples
    --------
    >>> model = OnlineSentiment()
    >>> for _ in range(20):
    ...     model.learn_one({"text": "Das Gerät flimmert", "lang": "de"}, "negative")
    ...     model.learn_one({"text": "Das Gerät leuchtet", "lang": "de"}, "positive")
    >>> model.predict_one({"text": "es flimmert"})
    'negative'
    """

    def __init__(self, rate: float = RATE, quality: QualityName = "fast") -> None:
        self.rate = rate
        self.quality = quality
        self._start(Weights.zeros(quality))

    def _start(self, weights: Weights) -> None:
        self._bias = np.array(weights.bias)
        self._bias_squares = np.ones(2)
        self._rows = np.full(
            (len(weights.table), 3), FIRST_SQUARES, np.float32
        )  # weights of negative, of positive, squares
        self._rows[:, :2] = weights.table
        self._counts = [FIRST_COUNT] * len(LABELS)
        self._vectors = Vectors(self.quality)
        self._replay = ExperienceReplay(REPLAY_SEED)

    @classmethod
    def from_snapshot(cls, content: bytes, quality: QualityName = "fast", **parameters: Any) -> OnlineSentiment:
        """Start from a snapshot: with its weights, fresh step sizes, and no labels to replay.

        Parameters
        ----------
        content
            Snapshot, as `snapshot` returns it.
        quality
            Quality that the snapshot must have.
        parameters
            Other parameters of the class.

        Raises
        ------
        RecordError
            If the snapshot is damaged or made for other features, see `streams.core.sentiment.snapshot.decode`.
        """
        model = cls(quality=quality, **parameters)
        model._start(snapshot.decode(content, quality))
        return model

    def snapshot(self) -> bytes:
        """Return the snapshot that scorers load, of at most `streams.records.MAX_SNAPSHOT_BYTES`."""
        negative, positive = self._bias.tolist()
        return snapshot.encode(Weights((negative, positive), self._rows[:, :2]))

    @property
    def _multiclass(self) -> bool:
        return True

    def predict_proba_one(self, x: dict[FeatureName, Any], **_kwargs: Any) -> dict[ClfTarget, float]:
        """Return the probability of each label.

        Parameters
        ----------
        x
            ``text`` (normalised) and ``lang`` (``de``, ``en``; ``und`` if absent).
        """
        return dict(zip(LABELS, self._chances(self._vectors.of(x["text"], x.get("lang") or "und")), strict=True))

    def learn_one(self, x: dict[FeatureName, Any], y: ClfTarget) -> None:
        """Learn the label of a post.

        Parameters
        ----------
        x
            As for `predict_proba_one`.
        y
            Label, one of `streams.core.sentiment.model.LABELS`.

        Raises
        ------
        InputError
            If `y` is not a label.
        """
        if y not in LABELS:
            raise InputError(f"unknown sentiment label {y!r:.50}; there are {', '.join(LABELS)}")
        label = LABELS.index(y)
        self._counts[label] += 1
        example = Example(self._vectors.of(x["text"], x.get("lang") or "und"), label)
        self._step(example, 1.0)
        earlier = self._replay.sample()
        if earlier:
            self._step(earlier, REPLAY_WEIGHT)
        self._replay.add(example)

    def _step(self, example: Example, share: float) -> None:
        (slots, values), label = example
        rows = self._rows.take(slots, axis=0)
        chances = self._chances(example.vector, rows)
        weight = share * (sum(self._counts) / len(LABELS) / self._counts[label]) ** BALANCE
        negative = weight * (chances[0] - (label == 0))
        positive = weight * (chances[2] - (label == 2))
        gradient = np.array((negative, positive))
        self._bias_squares += gradient * gradient
        self._bias -= BIAS_RATE * gradient / np.sqrt(self._bias_squares)
        squares = rows[:, 2] + values * values * np.float32(negative * negative + positive * positive)
        steps = values * np.float32(self.rate) / np.sqrt(squares)
        rows[:, 0] = _clipped(rows[:, 0] - steps * np.float32(negative))
        rows[:, 1] = _clipped(rows[:, 1] - steps * np.float32(positive))
        rows[:, 2] = squares
        self._rows[slots] = rows

    def _chances(self, vector: Vector, rows: NDArray[np.float32] | None = None) -> Probabilities:
        slots, values = vector
        if rows is None:
            rows = self._rows.take(slots, axis=0)
        negative, positive, _ = (values @ rows).tolist()
        return softmax(negative + float(self._bias[0]), positive + float(self._bias[1]))


def _clipped(weights: NDArray[Any]) -> NDArray[Any]:
    """Clip in place, like `np.clip`, which takes ten times as long for two columns of a few hundred rows."""
    np.maximum(weights, -CLIP, out=weights)
    np.minimum(weights, CLIP, out=weights)
    return weights
