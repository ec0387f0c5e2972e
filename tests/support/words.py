"""Words of the list by which hashtags are read."""

from __future__ import annotations

import lzma
from functools import cache

from streams.core.text.dictionary import FILE


@cache
def listed_words() -> tuple[str, ...]:
    """Return all words of the list."""
    lines = lzma.decompress(FILE.read_bytes()).decode().split("\n")
    cut = (line[at : at + length] for length, line in enumerate(lines) if length for at in range(0, len(line), length))
    return tuple(cut)


def words_with(letters: str) -> list[str]:
    """Return the words that contain some letters."""
    return [word for word in listed_words() if letters in word]
