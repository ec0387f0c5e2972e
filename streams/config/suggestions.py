"""Name the word that a mistyped one was probably meant to be."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """Return ``; did you mean ...?`` for the end of a message, empty if no word is like the given one.

    >>> did_you_mean("volum", ["tone", "volume"]), did_you_mean("crisis", ["volume"])
    ('; did you mean volume?', '')
    """
    by_lower = {each.lower(): each for each in known}
    similar = get_close_matches(word.lower(), by_lower, n=1) if isinstance(word, str) else []
    return f"; did you mean {by_lower[similar[0]]}?" if similar else ""


def shortened(words: Iterable[str], most: int = 20) -> str:
    """Return words separated by commas, and the number of those beyond the first `most`.

    >>> shortened("abcd", 2)
    'a, b and 2 more'
    """
    every = list(words)
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + rest
