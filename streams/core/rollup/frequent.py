"""Counts by key, and the most frequent of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = TypeVar("Key", int, str)
Count = TypeVar("Count", int, float, tuple[int, int])

KEPT: Final = 128
"""Keys that trimmed counts keep. The share of the most frequent one is exact as long as it is kept, and being the most
frequent it is."""


def most_frequent(counts: dict[Key, Count], size: int = KEPT) -> dict[Key, Count]:
    """Return the most frequent keys with their counts, in no particular order; ties go to the smallest.

    >>> most_frequent({"b": 2, "d": 2, "a": 2, "c": 5}, 3)
    {'c': 5, 'a': 2, 'b': 2}
    """
    if len(counts) <= size:
        return counts
    least = sorted(counts.values())[-size]
    kept = {key: count for key, count in counts.items() if count > least}
    ties = sorted([key for key, count in counts.items() if count == least])
    for key in ties[: size - len(kept)]:
        kept[key] = least
    return kept


def add_counts(counts: dict[Key, int], others: Mapping[Key, int]) -> None:
    """Add counts to those of the same keys.

    >>> counts = {"a": 1}
    >>> add_counts(counts, {"a": 2, "b": 3})
    >>> counts
    {'a': 3, 'b': 3}
    """
    for key, count in others.items():
        counts[key] = counts.get(key, 0) + count


def most_frequent_terms(written: dict[str, int], size: int) -> dict[str, int]:
    """Return the most frequent terms in all their spellings, of which there are twice as many as terms at most.

    Parameters
    ----------
    written
        Count of each term as it is written.
    size
        Number of terms.

    Examples
    --------
    >>> most_frequent_terms({"Netz": 2, "netz": 2, "Ausfall": 3, "DSL": 1}, 1)
    {'Netz': 2, 'netz': 2}
    """
    terms: dict[str, int] = {}
    for spelling, count in written.items():
        term = spelling.lower()
        terms[term] = terms.get(term, 0) + count
    kept = most_frequent(terms, size)
    return most_frequent({spelling: count for spelling, count in written.items() if spelling.lower() in kept}, 2 * size)
