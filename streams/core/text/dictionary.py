"""The words by which hashtags are read that nothing divides, such as ``#dhlfail``: German and English, folded.

The file is written by `deploy.words.build`, and read once.
"""

from __future__ import annotations

import lzma
from bisect import bisect_left, bisect_right
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "words.xz"
"""Line N has all words of N letters in order, without anything between them: 6 MB, where a set would take 48."""

MAX_LETTERS: Final = 20
"""Longest word of the file; fewer than 2 % of the words of its sources are longer."""


@cache
def _by_length() -> list[str]:
    return lzma.decompress(FILE.read_bytes()).decode("ascii").split("\n")


def preload() -> None:
    """Read the file now, which takes 0.1 s, and not while a post waits."""
    _by_length()


@lru_cache(maxsize=16_384)
def _range(length: int, beginning: str) -> tuple[int, int]:
    """Return where the words of a length that begin with three letters start and end in their line."""
    words = _by_length()[length]
    places = range(0, len(words), length)

    def beginning_of(place: int) -> str:
        return words[place : place + len(beginning)]

    first = bisect_left(places, beginning, key=beginning_of)
    return first * length, bisect_right(places, beginning, lo=first, key=beginning_of) * length


def is_word(letters: str) -> bool:
    """Return whether folded letters are a word.

    Examples
    --------
    >>> is_word("bahnhof"), is_word("skandal"), is_word("hof"), is_word("dhlfail")
    (True, True, True, False)
    """
    length = len(letters)
    if not 0 < length <= MAX_LETTERS or not letters.isascii():
        return False
    words = _by_length()[length]
    start, end = _range(length, letters[:3])
    found = words.find(letters, start, end)
    while found >= 0 and found % length:  # across two words
        found = words.find(letters, found + 1, end)
    return found >= 0


def is_inside_a_word(letters: str) -> bool:
    """Return whether a longer word contains folded letters; their plural or genitive in ``s`` does not count.

    Examples
    --------
    >>> is_inside_a_word("apple"), is_inside_a_word("nordtel")
    (True, False)
    """
    for length in range(len(letters) + 1, MAX_LETTERS + 1):
        words = _by_length()[length]
        found = words.find(letters)
        while found >= 0:
            start = found - found % length
            word = words[start : start + length]
            if found + len(letters) <= start + length and word != f"{letters}s":
                return True
            found = words.find(letters, found + 1)
    return False


@lru_cache(maxsize=4096)
def fewest_words(letters: str) -> int | None:
    """Return the smallest number of words that folded letters can be divided into; None if they can't.

    Examples
    --------
    >>> [fewest_words(letters) for letters in ("bahnhof", "bahnhofchaos", "isdownagain", "nordtel", "")]
    [1, 2, 3, None, 0]
    """
    fewest: list[int | None] = [0] + [None] * len(letters)
    for end in range(1, len(letters) + 1):
        for start in range(max(0, end - MAX_LETTERS), end):
            before = fewest[start]
            so_far = fewest[end]
            better = before is not None and (so_far is None or before + 1 < so_far)
            if better and is_word(letters[start:end]):
                fewest[end] = (before or 0) + 1
    return fewest[-1]
