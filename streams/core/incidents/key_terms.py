"""Key terms of an incident: those over-represented compared with the baseline of the brand.

References
----------
Monroe, B. L., Colaresi, M. P., Quinn, K. M. (2008). Fightin' words: lexical feature selection and evaluation for
identifying the content of political conflict. Political Analysis 16(4), 372-403.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

PRIOR: Final = 10.0
"""Weight of the prior in mentions, which carry each term as often as all mentions do, usual and new."""

FLOOR: Final = 0.5
"""Mentions that each term has in the prior at least: a term never seen before stands out, and not beyond measure."""

MIN_MENTIONS: Final = 2
MIN_Z: Final = 1.96
"""A term less certainly over-represented than this (95 %) is not a key term."""

_CARRIED: Final = 0.7
"""Share of a word's mentions from which a pair of words replaces it."""


class Key(NamedTuple):
    """A term that stands out.

    Parameters
    ----------
    term
        A word, a hashtag, or two words.
    mentions
        Mentions with the term.
    z
        Its log-odds ratio in standard errors.
    lift
        Its share in the incident divided by its usual share, with half a mention added to each side of the latter.
    """

    term: str
    mentions: int
    z: float
    lift: float


def key_terms(
    counts: Mapping[str, int], mentions: int, usual: Mapping[str, float], usual_mentions: float, unlisted: float = 0.0
) -> list[Key]:
    """Return the over-represented terms, the most certain first.

    The measure is the log-odds ratio, with an informative Dirichlet prior, of the share of mentions that carry a term.

    Parameters
    ----------
    counts
        Mentions of each term in the incident.
    mentions
        All mentions in the incident.
    usual, usual_mentions
        The same of the baseline.
    unlisted
        Upper bound of the mentions in the baseline of a term that is not in `usual`, which has only the most frequent.

    Examples
    --------
    >>> usual = {"netz": 900.0, "kunde": 200.0}
    >>> keys = key_terms({"netz": 19, "kunde": 4, "ausfall": 12, "hallo": 1}, 20, usual, 1_000.0)
    >>> [(key.term, round(key.z, 1)) for key in keys]
    [('ausfall', 5.4)]
    """
    keys = []
    for term, count in counts.items():
        if count >= MIN_MENTIONS:
            before = usual.get(term, unlisted)
            z = _z(count, mentions, before, usual_mentions)
            if z >= MIN_Z:
                lift = (count / mentions) / ((before + 0.5) / (usual_mentions + 1))
                keys.append(Key(term, count, z, lift))
    keys.sort(key=lambda key: (-key.z, key.term))
    return _without_overlap(keys)


def _z(count: float, mentions: float, before: float, usual_mentions: float) -> float:
    prior = FLOOR + PRIOR * (count + before) / (mentions + usual_mentions)
    total = PRIOR + 2 * FLOOR
    odds = (count + prior) / (mentions - count + total - prior)
    usual_odds = (before + prior) / (max(0.0, usual_mentions - before) + total - prior)
    return (math.log(odds) - math.log(usual_odds)) / math.sqrt(1 / (count + prior) + 1 / (before + prior))


def _without_overlap(keys: list[Key]) -> list[Key]:
    """Keep either a pair or its words: the pair where it carries most of a word's mentions, else the words."""
    count = {key.term: key.mentions for key in keys}
    pairs = {key.term: key.term.split(" ") for key in keys if " " in key.term}
    strong = {
        pair
        for pair, words in pairs.items()
        if count[pair] >= _CARRIED * min(count.get(word, count[pair]) for word in words)
    }
    covered = {word for pair in strong for word in pairs[pair] if count[pair] >= _CARRIED * count.get(word, 0)}
    return [key for key in keys if key.term in strong or (key.term not in pairs and key.term not in covered)]
