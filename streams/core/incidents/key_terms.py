"""Key terms of an incident: those over-represented compared with the past of the brand and with posts in general.

The measure is that of Monroe et al.: the log-odds ratio of the share of mentions that carry a term, in the incident and
usually, in standard errors. Their Dirichlet prior has one weight for all terms. A brand of twenty mentions would get no
key terms with a small one, and those of its trade with a large one: an airline would read that people fly. So the
usual log-odds of a term has a prior of its own, around its share in posts in general: normal, with Huber's bounded pull
(`PULL`). The past of the brand outweighs it as it grows, and soon for a term that it has.

References
----------
Monroe, B. L., Colaresi, M. P., Quinn, K. M. (2008). Fightin' words: lexical feature selection and evaluation for
identifying the content of political conflict. Political Analysis 16(4), 372-403.

Huber, P. J. (1964). Robust estimation of a location parameter. Annals of Mathematical Statistics 35(1), 73-101.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.text.variants import are_variants, plain_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPREAD: Final = 1.1
"""Standard deviation of the log-odds of a term in the posts of a brand around that in general. Three quarters of the
words of collections of German and English posts occur up to 3.5 times as often as expected, nine tenths up to 8."""

PULL: Final = 3.0
"""Most mentions of a term in the past of a brand that the prior takes for chance."""

FEWEST: Final = 2
FEWEST_OF_MANY: Final = 3
MANY: Final = 30
LEAST_SHARE: Final = 0.01
"""Mentions that a key term has at least: two, in an incident of thirty mentions three, and a hundredth of them."""

MIN_Z: Final = 1.96
"""A term less certainly over-represented than this (95 %) is not a key term."""

LEAST_USUAL: Final = 0.001
"""Usual share below which a lift is not computed, unless the brand's own past is long enough to show a smaller one."""

_STEPS: Final = 30
"""Bisections of an interval of log-odds, which is at most some twenty wide."""

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
        Its share in the incident divided by its usual share.
    """

    term: str
    mentions: int
    z: float
    lift: float


def key_terms(
    counts: Mapping[str, int],
    mentions: int,
    usual: Mapping[str, float],
    usual_mentions: float,
    unlisted: float,
    general: Callable[[str], float],
) -> list[Key]:
    """Return the over-represented terms, the most certain first.

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
    general
        Returns the expected share of a term in posts in general, above 0 and below 1.

    Examples
    --------
    >>> shares = {"netz": 0.001, "kunde": 0.001, "leute": 0.01, "ausfall": 0.0005}
    >>> counts = {"netz": 19, "kunde": 4, "leute": 3, "ausfall": 12, "hallo": 1}
    >>> usual = {"netz": 900.0, "kunde": 200.0}
    >>> [(key.term, round(key.z, 1)) for key in key_terms(counts, 20, usual, 1_000.0, 0.0, shares.__getitem__)]
    [('ausfall', 8.2), ('leute', 5.6)]
    >>> [(key.term, round(key.z, 1)) for key in key_terms(counts, 20, {}, 0.0, 0.0, shares.__getitem__)]
    [('netz', 6.8), ('ausfall', 6.7), ('kunde', 4.6), ('leute', 2.4)]
    """
    fewest = FEWEST if mentions < MANY else max(FEWEST_OF_MANY, LEAST_SHARE * mentions)
    keys = []
    for term, count in counts.items():
        if count >= fewest:
            before = min(usual.get(term, unlisted), usual_mentions)
            log_odds, variance = _usual(before, usual_mentions, general(term))
            with_term, without = count + 0.5, max(0, mentions - count) + 0.5
            ratio = math.log(with_term / without) - log_odds
            z = ratio / math.sqrt(1 / with_term + 1 / without + variance)
            if z >= MIN_Z:
                share = max(_share(log_odds), min(LEAST_USUAL, 0.5 / (usual_mentions + 1)))
                keys.append(Key(term, count, z, count / mentions / share))
    keys.sort(key=lambda key: (-key.z, key.term))
    return _without_variants(_without_overlap(keys))


def _usual(before: float, mentions: float, general: float) -> tuple[float, float]:
    """Return the most probable log-odds of a term in the usual mentions, and its variance.

    Parameters
    ----------
    before, mentions
        Mentions with the term, and all mentions, in the past of the brand.
    general
        Share of the term in posts in general.
    """
    prior = math.log(general / (1 - general))
    own = math.log((before + 0.5) / (mentions - before + 0.5))
    low, high = (min(prior, own), max(prior, own)) if mentions else (prior, prior)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        pull = max(-PULL, min((middle - prior) / SPREAD**2, PULL))
        slope = before - mentions * _share(middle) - pull  # of the logarithm of the posterior
        low, high = (middle, high) if slope > 0 else (low, middle)
    log_odds = (low + high) / 2
    share = _share(log_odds)
    return log_odds, 1 / (mentions * share * (1 - share) + 1 / SPREAD**2)


def _share(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


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


def _without_variants(keys: list[Key]) -> list[Key]:
    """Keep the first of those that differ in spelling or inflection only, or in being a hashtag."""
    kept: list[tuple[Key, list[str]]] = []
    for key in keys:
        words = ["".join(plain_words(word)) for word in key.term.split(" ")]
        if not any(_are_same(words, others) for _, others in kept):
            kept.append((key, words))
    return [key for key, _ in kept]


def _are_same(words: list[str], others: list[str]) -> bool:
    return len(words) == len(others) and all(map(are_variants, words, others))
