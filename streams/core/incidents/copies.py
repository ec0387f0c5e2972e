"""Copies of posts, whose terms count once: a wave of spam in a firestorm is not what it is about.

Texts of a few words are not counted as copies, for many people write "Boykott!". Reposts are not copies either: many
people repeat what one has said. Where most mentions are copies, they are what the incident is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.rollup.tally import SAMPLE_TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.core.rollup.tally import Tally

FEWEST_TERMS: Final = 4
"""Terms of a text from which another one like it is a copy."""

_MOST: Final = 0.5


class Distinct(NamedTuple):
    """Counts without the copies of texts.

    Parameters
    ----------
    mentions
        Number of mentions.
    terms
        Mentions by term.
    """

    mentions: int
    terms: dict[str, int]


def without_copies(mentions: Tally, terms: Mapping[str, int]) -> Distinct:
    """Return the counts of a tally without the copies of the texts that it has samples of.

    Parameters
    ----------
    mentions
        The tally.
    terms
        Its mentions by term in small letters.
    """
    copied: list[tuple[int, frozenset[str]]] = []
    for signature, (count, _) in mentions.signatures.items():
        sample = mentions.samples.get(signature)
        words = frozenset(term.lower() for term in sample.terms[:SAMPLE_TERMS]) if sample else frozenset()
        if count > 1 and len(words) >= FEWEST_TERMS:
            copied.append((count - 1, words))
    copies = sum(count for count, _ in copied)
    if not copies or copies >= _MOST * mentions.count:
        return Distinct(mentions.count, dict(terms))
    return Distinct(
        mentions.count - copies,
        {
            term: max(1, total - sum(count for count, words in copied if words.issuperset(term.split(" "))))
            for term, total in terms.items()
        },
    )
