"""Draw authors: known ones with a heavy tail of activity, and newcomers. All handles are invented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.offline.simulate.grammar import LANGUAGES, phrases

if TYPE_CHECKING:
    from random import Random

    from streams.offline.simulate.world import SimulatedBrand

_RING: Final = 1 << 24
_SCATTER: Final = 0x9E3779B1  # odd: multiplying by it is a bijection of the ring (Knuth's multiplicative hashing)
_FIRST_NEWCOMER: Final = 1 << 22
_KNOWN_AUTHORS_PER_DAILY_POST: Final = 4
_FEWEST_KNOWN_AUTHORS: Final = 40


class Authors:
    """All authors on the platform.

    Parameters
    ----------
    rng
        Generator of all choices.
    """

    def __init__(self, rng: Random) -> None:
        self._uniform = rng.random
        self._newcomers = _FIRST_NEWCOMER
        banks = {language: phrases(language)["authors"] for language in LANGUAGES}
        self._words = {language: (bank["first"], bank["second"]) for language, bank in banks.items()}

    def author(self, language: str, first_known: int, known_authors: int, newcomer_share: float) -> str:
        """Draw the handle of an author.

        Parameters
        ----------
        language
            Language of the handle.
        first_known, known_authors
            Number of the first known author who may write, and count of those; the k-th of them writes in proportion
            to 1/sqrt(k).
        newcomer_share
            Probability of a handle that was never used before.
        """
        if self._uniform() < newcomer_share:
            return self.newcomer(language)
        return self.handle(language, first_known + int(known_authors * self._uniform() ** 2))

    def newcomer(self, language: str) -> str:
        """Return a handle that was never used before."""
        self._newcomers += 1
        return self.handle(language, self._newcomers)

    def handle(self, language: str, person: int) -> str:
        """Return the handle of a person; different persons below 2**24 have different handles."""
        first, second = self._words[language]
        rest, tail = divmod((person * _SCATTER) % _RING, len(second))
        number, head = divmod(rest, len(first))
        return f"{first[head]}_{second[tail]}{number}"


def known_authors_of(brand: SimulatedBrand) -> int:
    """Return the number of authors who write about a brand now and then."""
    return max(_FEWEST_KNOWN_AUTHORS, brand.posts_per_day * _KNOWN_AUTHORS_PER_DAILY_POST)
