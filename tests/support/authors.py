"""Authors as scorers hash them, and how often each of them writes."""

from __future__ import annotations

import random
from typing import Final

AUTHOR_BITS: Final = 48


def hashes(number: int, seed: int = 0) -> list[int]:
    """Return as many different hashes of authors, uniform over 48 bits."""
    chance = random.Random(seed)
    drawn: dict[int, None] = {}
    while len(drawn) < number:
        drawn[chance.getrandbits(AUTHOR_BITS) or 1] = None
    return list(drawn)


def once_each(number: int, seed: int = 0) -> dict[int, int]:
    """Return authors who write one mention each."""
    return dict.fromkeys(hashes(number, seed), 1)


def heavy_tailed(number: int, seed: int = 0) -> dict[int, int]:
    """Return authors of whom few write much, as those of real incidents: the n-th writes ``number / (4 n)`` mentions,
    at least one."""
    return {author: max(1, number // (4 * rank)) for rank, author in enumerate(hashes(number, seed), 1)}
