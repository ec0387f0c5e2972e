"""Choice of the sample posts of an incident: representative ones that differ from one another.

References
----------
Carbonell, J., Goldstein, J. (1998). The use of MMR, diversity-based reranking for reordering documents and producing
summaries. SIGIR '98, 335-336.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.rollup.tally import RANK, SAMPLE_TERMS
from streams.records import SHARE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.core.rollup.tally import Sample

RELEVANCE: Final = 0.7
"""Weight of a post's relevance to the incident; the rest is that of its similarity to posts chosen before."""

COPY: Final = 0.75
"""Similarity from which a post is a copy with a word changed, and not shown."""

_FEWEST_TERMS: Final = 3
"""Number of different terms in two posts below which their similarity is meaningless."""


def representative(
    samples: Iterable[Sample], weights: Mapping[str, float], limit: int, tone: float = 0.0
) -> list[Sample]:
    """Choose posts by maximal marginal relevance; ties go to the most negative, then to the highest engagement.

    Parameters
    ----------
    samples
        Posts to choose from, each with another signature.
    weights
        Weight by term in small letters: how much it stands out.
    limit
        Maximum number of posts.
    tone
        Weight of a post's probability of being negative in its relevance, such as the negative share of the incident;
        the rest is that of its terms.
    """
    left = sorted(samples, key=RANK, reverse=True)
    in_order = {sample.signature: [term.lower() for term in sample.terms[:SAMPLE_TERMS]] for sample in left}
    sums = {signature: sum(weights.get(term, 0.0) for term in own) for signature, own in in_order.items()}
    terms = {signature: frozenset(own) for signature, own in in_order.items()}
    highest = max(sums.values(), default=0.0) or 1.0
    similarity = dict.fromkeys(terms, 0.0)  # to the most similar post chosen so far

    def marginal_relevance(sample: Sample) -> float:
        key = sample.signature
        relevance = (1 - tone) * sums[key] / highest + tone * sample.negative / SHARE
        return RELEVANCE * relevance - (1 - RELEVANCE) * similarity[key]

    def is_copy(sample: Sample, of: Sample) -> bool:
        different = len(terms[sample.signature] | terms[of.signature])
        return similarity[sample.signature] >= COPY and different >= _FEWEST_TERMS

    chosen: list[Sample] = []
    while left and len(chosen) < limit:
        best = max(left, key=marginal_relevance)
        chosen.append(best)
        left.remove(best)
        for sample in left:
            key = sample.signature
            similarity[key] = max(similarity[key], _similarity(terms[best.signature], terms[key]))
        left = [sample for sample in left if not is_copy(sample, best)]
    return chosen


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard index: terms in both divided by terms in either."""
    either = len(one | other)
    return len(one & other) / either if either else 0.0
