"""How people type: all lower case, shouting, slips, stretched letters. Names of brands are never misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.offline.simulate.grammar import Uniform

_STRETCHED: Final = "aeiouäöü"


def with_typing_noise(text: str, protected: frozenset[str], uniform: Uniform) -> str:
    """Change one text in six.

    Parameters
    ----------
    text
        What was meant.
    protected
        Words in lower case that must stay as they are.
    uniform
        Where luck comes from.
    """
    luck = uniform()
    if luck > 0.17:
        return text
    if luck < 0.05:
        return text.lower()
    if luck < 0.065:
        return text.upper()
    words = text.split(" ")
    place = int(uniform() * len(words))
    word = words[place]
    if len(word) < 4 or not word.isalpha() or not word.islower() or word in protected:
        return text
    words[place] = _stretched(word, uniform) if luck < 0.1 else _slipped(word, uniform)
    return " ".join(words)


def _stretched(word: str, uniform: Uniform) -> str:
    """`so gut` becomes `so guuut`."""
    place = next((position for position in range(len(word) - 1, -1, -1) if word[position] in _STRETCHED), None)
    return word if place is None else word[:place] + word[place] * (3 + int(uniform() * 3)) + word[place + 1 :]


def _slipped(word: str, uniform: Uniform) -> str:
    """Two letters swapped, one lost, or one doubled; the first stays."""
    place = 1 + int(uniform() * (len(word) - 2))
    kind = int(uniform() * 3)
    if kind == 0:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + word[place + 1 :] if kind == 1 else word[:place] + word[place] + word[place:]
