"""Change texts as hasty typing does: lower case, capitals, slips, stretched letters. Brand names are never misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.offline.simulate.grammar import Uniform

_STRETCHED: Final = "aeiouäöü"


def with_typing_noise(text: str, protected: frozenset[str], uniform: Uniform) -> str:
    """Return a text with typing noise; one in six is changed.

    Parameters
    ----------
    text
        Text without noise.
    protected
        Words in lower case that are not misspelt.
    uniform
        Generator of all choices.
    """
    chance = uniform()
    if chance > 0.17:
        return text
    if chance < 0.05:
        return text.lower()
    if chance < 0.065:
        return text.upper()
    words = text.split(" ")
    place = int(uniform() * len(words))
    word = words[place]
    if len(word) < 4 or not word.isalpha() or not word.islower() or word in protected:
        return text
    words[place] = _stretched(word, uniform) if chance < 0.1 else _slipped(word, uniform)
    return " ".join(words)


def _stretched(word: str, uniform: Uniform) -> str:
    """Return a word with a stretched vowel: `so gut` becomes `so guuut`."""
    place = next((position for position in range(len(word) - 1, -1, -1) if word[position] in _STRETCHED), None)
    return word if place is None else word[:place] + word[place] * (3 + int(uniform() * 3)) + word[place + 1 :]


def _slipped(word: str, uniform: Uniform) -> str:
    """Return a word with two letters swapped, one lost or one doubled; the first letter stays."""
    place = 1 + int(uniform() * (len(word) - 2))
    kind = int(uniform() * 3)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + word[place + 1 :] if kind == 1 else word[:place] + word[place] + word[place:]
