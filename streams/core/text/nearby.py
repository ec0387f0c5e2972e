"""Search for places where several terms stand near one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Place = tuple[int, int, int]
"""First and last position of a term in a text, and its number."""


def are_within(text: str, places: Iterable[Place], terms: int, words: int | None) -> bool:
    """Return whether some successive words of a text contain all terms, in any order; the time is linear.

    Parameters
    ----------
    text
        Text with one blank between words.
    places
        All places of the terms.
    terms
        Number of terms, which are numbered from 0.
    words
        Number of successive words that must contain them, None for the whole text.

    Examples
    --------
    >>> text = "the gap sells blue jeans"
    >>> places = [(4, 6, 0), (19, 23, 1)]
    >>> are_within(text, places, terms=2, words=4), are_within(text, places, terms=2, words=3)
    (True, False)
    """
    latest: dict[int, tuple[int, int]] = {}  # first and last word of each term
    word = counted_to = 0
    for start, end, term in sorted(places):
        word += text.count(" ", counted_to, start)
        counted_to = start
        latest[term] = word, word + text.count(" ", start, end)
        if len(latest) == terms:
            first, last = min(first for first, _ in latest.values()), max(last for _, last in latest.values())
            if words is None or last - first < words:
                return True
    return False
