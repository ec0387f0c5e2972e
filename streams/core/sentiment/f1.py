"""Measure predictions against labels: F1, recall, and calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.sentiment.model import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.sentiment.model import Probabilities

BINS: Final = 10
"""Number of bins of equal width, by the probability of the prediction: the usual choice for the calibration error."""


class LabelQuality(NamedTuple):
    """Quality of the predictions of one label.

    Parameters
    ----------
    precision, recall, f1
        Usual definitions; 0 where undefined.
    posts
        Number of posts with this label.
    """

    precision: float
    recall: float
    f1: float
    posts: int


class Quality(NamedTuple):
    """Quality of a model on labelled posts, with the likeliest label as the prediction.

    Parameters
    ----------
    macro_f1
        Mean F1 of the labels that occur.
    negative_rest_f1
        Mean F1 of *negative* and of *the rest* taken as one label, so also where hardly anything is negative.
    average_recall
        Mean recall of the labels that occur, the measure of SemEval (Rosenthal et al., SemEval-2017 Task 4).
    by_label
        Quality of each label, in the order of `LABELS`.
    calibration_error
        Expected calibration error (Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017): mean gap, over
        posts, between the probability of the prediction and how often such predictions are right.
    mean_negative
        Mean probability of negative.
    """

    macro_f1: float
    negative_rest_f1: float
    average_recall: float
    by_label: tuple[LabelQuality, ...]
    calibration_error: float
    mean_negative: float


def quality(gold: Sequence[str], chances: Sequence[Probabilities]) -> Quality:
    """Measure the predictions `chances` for as many posts as there are `gold` labels, at least one.

    Examples
    --------
    >>> measured = quality(["negative", "neutral"], [(0.8, 0.1, 0.1), (0.6, 0.3, 0.1)])
    >>> round(measured.macro_f1, 3), round(measured.calibration_error, 3)
    (0.333, 0.4)
    """
    answers = [LABELS[chance.index(max(chance))] for chance in chances]
    by_label = tuple(_found(gold, answers, label) for label in LABELS)
    occurring = [label for label in by_label if label.posts]
    rest = ["rest" if label != LABELS[0] else label for label in gold]
    rest_answers = ["rest" if label != LABELS[0] else label for label in answers]
    return Quality(
        macro_f1=sum(label.f1 for label in occurring) / len(occurring),
        negative_rest_f1=sum(_found(rest, rest_answers, label).f1 for label in set(rest)) / len(set(rest)),
        average_recall=sum(label.recall for label in occurring) / len(occurring),
        by_label=by_label,
        calibration_error=_calibration_error(gold, answers, [max(chance) for chance in chances]),
        mean_negative=sum(chance[0] for chance in chances) / len(chances),
    )


def _found(gold: Sequence[str], answers: Sequence[str], label: str) -> LabelQuality:
    hits = sum(truth == answer == label for truth, answer in zip(gold, answers, strict=True))
    posts, answered = gold.count(label), answers.count(label)
    return LabelQuality(
        precision=hits / answered if answered else 0.0,
        recall=hits / posts if posts else 0.0,
        f1=2 * hits / (posts + answered) if posts + answered else 0.0,
        posts=posts,
    )


def _calibration_error(gold: Sequence[str], answers: Sequence[str], confidences: Sequence[float]) -> float:
    gaps = [0.0] * BINS
    for truth, answer, confidence in zip(gold, answers, confidences, strict=True):
        gaps[min(int(confidence * BINS), BINS - 1)] += (truth == answer) - confidence
    return sum(map(abs, gaps)) / len(gold)
