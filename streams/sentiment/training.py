"""Weights from whole files of labelled posts at once: the start from which a stream's labels move a model on.

Softmax regression with a squared penalty on the distance from the weights it starts from, to the optimum by L-BFGS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from streams.sentiment.features import LANGUAGE_SLOTS, LEXICON_SLOTS, SLOTS
from streams.sentiment.model import LABELS
from streams.sentiment.snapshot import ROWS, Weights
from streams.sentiment.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from streams.sentiment.gold import GoldPost
    from streams.sentiment.model import QualityName

COLD_PENALTY: Final = 60.0
WARM_PENALTY: Final = 20.0
COMMON_PENALTY: Final = 0.01
"""Strengths of the squared penalty, against a loss summed over posts. Cold, for posts of other kinds than those learned
from: from 10 to 60 macro-F1 on such sets rises by up to two points. Warm, for a user's own kind: 20 beats 60 on later
tweets than those learned from (SemEval, average recall .630 against .626). The worth of the lexicon and the biases are
learned from all posts, and need a penalty only for a unique solution."""

SENTENCE_PENALTY: Final = 60.0
"""Of the weights of a sentence's dimensions."""

NEGATIVE_ENGLISH: Final = 2.2
"""How often a negative English post counts when learning begins from nothing. What ships is learned from sentences that
raters called positive more readily than people's complaints are: with it the mean recall on general tweets (SemEval
2013-2016, not learned) rises by nearly two points, macro-F1 on complaints to airlines from .62 to .65. German gains
nothing from the like, and who goes on from there has labels of the right kind (.604 without it, .567 with it on
SemEval)."""

ITERATIONS: Final = 200
"""At most; the shipped weights need about half."""


def train(sets: Sequence[Sequence[GoldPost]], start: Weights | None = None, quality: QualityName = "fast") -> Weights:
    """Weights learned from labelled posts; each set counts the three labels alike, however it was sampled.

    Parameters
    ----------
    sets
        One for each file, none of them empty.
    start
        What is known before; nothing by default.
    quality
        Of the weights, and of those to start from.
    """
    cold = start is None
    start = start or Weights.nothing(quality)
    posts = [post for posts in sets for post in posts]
    features = _matrix(posts, quality)
    used = np.unique(features.indices)
    features = features[:, used]
    known = np.vstack((start.table[used], [start.bias])).astype(np.float64)
    penalty = np.full(len(known), COLD_PENALTY if cold else WARM_PENALTY)
    penalty[-1] = COMMON_PENALTY
    penalty[:-1][used >= SLOTS] = SENTENCE_PENALTY
    penalty[:-1][np.isin(used, (*LEXICON_SLOTS, *LANGUAGE_SLOTS.values()))] = COMMON_PENALTY
    importance = np.concatenate([_balance(posts) for posts in sets])
    if cold:
        importance[[post.lang == "en" and post.label == "negative" for post in posts]] *= NEGATIVE_ENGLISH
    labels = np.array([LABELS.index(post.label) for post in posts])
    learned = _fit(features, labels, importance, penalty, known)
    table = start.table.copy()
    table[used] = learned[:-1]
    return Weights((float(learned[-1, 0]), float(learned[-1, 1])), table)


def _matrix(posts: Sequence[GoldPost], quality: QualityName) -> csr_matrix:
    vectors = Vectors(quality)
    rows = [vectors.of(post.text, post.lang) for post in posts]
    ends = np.cumsum([0, *(len(slots) for slots, _ in rows)])
    values = np.concatenate([values for _, values in rows]).astype(np.float64)
    matrix = csr_matrix((values, np.concatenate([slots for slots, _ in rows]), ends), shape=(len(posts), ROWS[quality]))
    matrix.sum_duplicates()
    return matrix


def _balance(posts: Sequence[GoldPost]) -> NDArray[np.float64]:
    labels = np.array([LABELS.index(post.label) for post in posts])
    share = np.bincount(labels, minlength=len(LABELS)) / len(labels)
    weights: NDArray[np.float64] = 1 / (len(LABELS) * share[labels])
    return weights


def _fit(
    features: csr_matrix,
    labels: NDArray[np.int64],
    importance: NDArray[np.float64],
    penalty: NDArray[np.float64],
    known: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Log-odds of negative and of positive for each feature and, last, the bias.

    They minimise the weighted cross-entropy plus half the penalty on their squared distance from `known`.
    """
    truth = np.eye(len(LABELS))[labels]
    transposed = features.T.tocsr()

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(known.shape)
        odds = features @ weights[:-1] + weights[-1]
        scores = np.column_stack((odds[:, 0], np.zeros(len(odds)), odds[:, 1]))
        scores -= scores.max(axis=1, keepdims=True)
        log_chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        moved = weights - known
        loss = -(importance @ (truth * log_chances).sum(axis=1)) + 0.5 * (penalty[:, None] * moved * moved).sum()
        errors = ((np.exp(log_chances) - truth) * importance[:, None])[:, [0, 2]]
        gradient = np.vstack((transposed @ errors, errors.sum(axis=0))) + penalty[:, None] * moved
        return float(loss), gradient.ravel()

    solution = minimize(loss_and_gradient, known.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    learned: NDArray[np.float64] = solution.x.reshape(known.shape)
    return learned
