"""Learn weights from whole files of labelled posts; a stream of labels refines them later.

The method is softmax regression with a squared penalty on the distance from the initial weights, optimised by L-BFGS.
Without initial weights, words and sentences are learned separately and their log-odds added, because learned together
they carry over less well to posts of another kind. With initial weights they are learned together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, issparse
from threadpoolctl import threadpool_limits

from streams.core.sentiment import sentences
from streams.core.sentiment.features import LANGUAGE_SLOTS, LEXICON_SLOTS, LINK_SLOT, SLOTS
from streams.core.sentiment.model import LABELS
from streams.core.sentiment.snapshot import Weights
from streams.core.sentiment.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from streams.config import QualityName
    from streams.sources.labelled_posts import GoldPost

COLD_PENALTY: Final = 60.0
WARM_PENALTY: Final = 20.0
COMMON_PENALTY: Final = 0.01
"""Strengths of the squared penalty, relative to a loss summed over posts. The cold one suits posts of other kinds than
the training posts: from 10 to 60, macro-F1 on such sets rises by up to two points. The warm one suits a user's own kind
of posts: 20 beats 60 on tweets later than the training posts (SemEval, average recall .630 against .626). The weight of
the lexicon and the biases are learned from all posts, and need a penalty only for a unique solution."""

COLD_SENTENCE_PENALTY: Final = 50.0
WARM_SENTENCE_PENALTY: Final = 5.0
"""Strengths of the penalty on the weights of sentence dimensions. A twentieth or three times the cold one, and a tenth
or ten times the warm one, change macro-F1 by a point at most."""

SENTENCE_SHARE: Final = 0.5
"""Share of a sentence's log-odds that is added to those of its words when both are learned without initial weights. At
1, English gains another point of macro-F1 and German loses one."""

NEGATIVE_ENGLISH: Final = 2.2
"""Weight of a negative English post in learning without initial weights. The shipped weights are learned from sentences
that raters called positive more readily than they would complaints: with this weight the mean recall on general tweets
(SemEval 2013-2016, not learned) rises by nearly two points, and macro-F1 on complaints to airlines from .62 to .65.
German does not gain from such a weight, and neither does learning from initial weights, which has labels of the right
kind (.604 without it, .567 with it on SemEval)."""

ITERATIONS: Final = 200
"""Largest number of iterations; the shipped weights need about half."""


def train(sets: Sequence[Sequence[GoldPost]], start: Weights | None = None, quality: QualityName = "fast") -> Weights:
    """Learn weights from labelled posts; in each set the three labels count equally, however it was sampled.

    Parameters
    ----------
    sets
        Posts of each file, none of them empty.
    start
        Initial weights; none by default.
    quality
        Quality of the weights, and of the initial ones.
    """
    labelled = _Labelled(sets, cold=start is None)
    if quality == "fast":
        return _learned(labelled, start or Weights.zeros(), _words(labelled.posts), None)
    if start:
        return _learned(labelled, start, _words(labelled.posts), _sentences(labelled.posts))
    zeros = Weights.zeros("best")
    words = _learned(labelled, zeros, _words(labelled.posts), None)
    whole = _learned(labelled, zeros, None, _sentences(labelled.posts))
    negative, positive = (a + SENTENCE_SHARE * b for a, b in zip(words.bias, whole.bias, strict=True))
    return Weights((negative, positive), words.table + np.float32(SENTENCE_SHARE) * whole.table)


class _Labelled:
    """Posts with their labels and weights in the loss."""

    def __init__(self, sets: Sequence[Sequence[GoldPost]], *, cold: bool) -> None:
        self.cold = cold
        self.posts = [post for posts in sets for post in posts]
        self.labels = np.array([LABELS.index(post.label) for post in self.posts])
        self.importance = np.concatenate([_balance(posts) for posts in sets])
        if cold:
            self.importance[[post.lang == "en" and post.label == "negative" for post in self.posts]] *= NEGATIVE_ENGLISH


def _balance(posts: Sequence[GoldPost]) -> NDArray[np.float64]:
    labels = np.array([LABELS.index(post.label) for post in posts])
    share = np.bincount(labels, minlength=len(LABELS)) / len(labels)
    weights: NDArray[np.float64] = 1 / (len(LABELS) * share[labels])
    return weights


def _words(posts: Sequence[GoldPost]) -> csr_matrix:
    vectors = Vectors()
    rows = [vectors.of(post.text, post.lang) for post in posts]
    ends = np.cumsum([0, *(len(slots) for slots, _ in rows)])
    values = np.concatenate([values for _, values in rows]).astype(np.float64)
    matrix = csr_matrix((values, np.concatenate([slots for slots, _ in rows]), ends), shape=(len(posts), SLOTS))
    matrix.sum_duplicates()
    return matrix


def _sentences(posts: Sequence[GoldPost]) -> NDArray[np.float64]:
    return np.array([sentences.embedding(post.text) for post in posts], np.float64)


def _learned(
    labelled: _Labelled, start: Weights, words: csr_matrix | None, whole: NDArray[np.float64] | None
) -> Weights:
    """Return weights that differ from `start` in the entries of these features."""
    blocks: list[Any] = []
    used: list[NDArray[np.int64]] = []
    penalties: list[NDArray[np.float64]] = []
    if words is not None:
        slots = np.unique(words.indices)
        slots = slots[slots != LINK_SLOT]
        penalty = np.full(len(slots), COLD_PENALTY if labelled.cold else WARM_PENALTY)
        penalty[np.isin(slots, (*LEXICON_SLOTS, *LANGUAGE_SLOTS.values()))] = COMMON_PENALTY
        blocks.append(words[:, slots])
        used.append(slots)
        penalties.append(penalty)
    if whole is not None:
        blocks.append(whole)
        used.append(np.arange(SLOTS, SLOTS + sentences.DIMENSIONS))
        strength = COLD_SENTENCE_PENALTY if labelled.cold else WARM_SENTENCE_PENALTY
        penalties.append(np.full(sentences.DIMENSIONS, strength))
    rows = np.concatenate(used)
    known = np.vstack((start.table[rows], [start.bias])).astype(np.float64)
    learned = _fit(blocks, labelled, np.concatenate((*penalties, [COMMON_PENALTY])), known)
    table = start.table.copy()
    table[rows] = learned[:-1]
    return Weights((float(learned[-1, 0]), float(learned[-1, 1])), table)


def _fit(
    blocks: Sequence[Any], labelled: _Labelled, penalty: NDArray[np.float64], known: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log-odds of negative and of positive for each feature of the blocks, and last the bias.

    They minimise the weighted cross-entropy plus half the penalty on their squared distance from `known`.
    """
    truth = np.eye(len(LABELS))[labelled.labels]
    importance = labelled.importance
    transposed = [block.T.tocsr() if issparse(block) else block.T for block in blocks]
    ends = np.cumsum([block.shape[1] for block in blocks])

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(known.shape)
        parts = np.split(weights, ends)
        odds = sum(block @ part for block, part in zip(blocks, parts[:-1], strict=True)) + weights[-1]
        scores = np.column_stack((odds[:, 0], np.zeros(len(odds)), odds[:, 1]))
        scores -= scores.max(axis=1, keepdims=True)
        log_chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        moved = weights - known
        loss = -(importance @ (truth * log_chances).sum(axis=1)) + 0.5 * (penalty[:, None] * moved * moved).sum()
        errors = ((np.exp(log_chances) - truth) * importance[:, None])[:, [0, 2]]
        gradient = np.vstack((*(block @ errors for block in transposed), errors.sum(axis=0)))
        return float(loss), (gradient + penalty[:, None] * moved).ravel()

    with threadpool_limits(1):  # the last bits depend on how many threads share a sum
        solution = minimize(
            loss_and_gradient, known.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}
        )
    learned: NDArray[np.float64] = solution.x.reshape(known.shape)
    return learned
