"""Which posts to show of an incident: such as say what most say, and not the same thing three times.

References
----------
Carbonell, J., Goldstein, J. (1998). The use of MMR, diversity-based reranking for reordering documents and producing
summaries. SIGIR '98, 335-336.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.rollup.tally import RANK, SAMPLE_TERMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.core.rollup.tally import Sample

RELEVANCE: Final = 0.7
"""Weight of what a post says of the incident; the rest is that of its likeness to posts chosen before."""

COPY: Final = 0.75
"""Likeness from which a post is a copy with a word changed, and not shown."""

_FEWEST_TERMS: Final = 3
"""Terms of two posts together below which their likeness means nothing."""


def representative(samples: Iterable[Sample], weights: Mapping[str, float], limit: int) -> list[Sample]:
    """Posts by maximal marginal relevance; of equals, the most negative, then the one with most engagement.

    Parameters
    ----------
    samples
        To choose from, each with another signature.
    weights
        How much each term stands out.
    limit
        Posts to choose at most.
    """
    left = sorted(samples, key=RANK, reverse=True)
    terms = {sample.signature: frozenset(sample.terms[:SAMPLE_TERMS]) for sample in left}
    sums = {sample.signature: sum(weights.get(term, 0.0) for term in sample.terms[:SAMPLE_TERMS]) for sample in left}
    most = max(sums.values(), default=0.0) or 1.0
    likeness = dict.fromkeys(terms, 0.0)
    chosen: list[Sample] = []
    while left and len(chosen) < limit:
        best = max(
            left,
            key=lambda sample: RELEVANCE * sums[sample.signature] / most - (1 - RELEVANCE) * likeness[sample.signature],
        )
        chosen.append(best)
        left.remove(best)
        said = terms[best.signature]
        for sample in left:
            likeness[sample.signature] = max(likeness[sample.signature], _likeness(said, terms[sample.signature]))
        left = [sample for sample in left if likeness[sample.signature] < COPY or not _tells(said, terms, sample)]
    return chosen


def _tells(said: frozenset[str], terms: Mapping[int, frozenset[str]], sample: Sample) -> bool:
    return len(said | terms[sample.signature]) >= _FEWEST_TERMS


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Terms in both among those in either (Jaccard)."""
    either = len(one | other)
    return len(one & other) / either if either else 0.0
