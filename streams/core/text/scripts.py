"""Where words end, by the script of the characters around the place.

Most scripts put blanks between words. Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese and similar ones do not, or
put endings directly behind a name: there a term may begin and end anywhere, but not within a syllable, which a vowel
sign or a tone mark would continue.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import Final

from streams.core.text.characters import is_mark

_UNSPACED: Final = (
    (0x0E00, 0x10A0),  # Thai, Lao, Tibetan, Burmese
    (0x1100, 0x1200),  # parts of Korean syllables
    (0x1780, 0x1800),  # Khmer
    (0x1950, 0x1AB0),  # Tai Le, New Tai Lue, Tai Tham
    (0x1B00, 0x1B80),  # Balinese
    (0x2E80, 0xA4D0),  # Chinese, Japanese, Korean, Yi
    (0xA960, 0xAAE0),  # Javanese, Cham, Tai Viet; more of Korean and Burmese
    (0xAC00, 0xD800),  # Korean
    (0xF900, 0xFB00),  # Chinese
    (0xFF65, 0xFFE0),  # Japanese and Korean of half width
    (0x16FE0, 0x18D90),  # Tangut
    (0x1AFF0, 0x1B300),  # Japanese
    (0x20000, 0x33480),  # Chinese
)
"""First and last code point, exclusive, of scripts without blanks between words."""

_STARTS: Final = [start for start, _ in _UNSPACED]
_FIRST_SPECIAL: Final = "\u0300"  # below it there are no marks, and all scripts have blanks


def is_unspaced(char: str) -> bool:
    """Return whether a character is of a script without blanks between words."""
    position = bisect_right(_STARTS, ord(char)) - 1
    return position >= 0 and ord(char) < _UNSPACED[position][1]


def in_word(char: str) -> bool:
    """Return whether a character is a part of the word that begins behind it, unless an edge is stated otherwise.

    Letters, digits and underscores are, and marks on them. Raised digits are not, since they are footnotes.

    Examples
    --------
    >>> [in_word(char) for char in "a1_é가ไ² -"]
    [True, True, True, True, False, False, False, False, False]
    """
    if char < _FIRST_SPECIAL:
        return char.isalpha() or char.isdecimal() or char == "_"
    return _is_of_word(char)


def goes_on(char: str) -> bool:
    """Return whether a character continues the word, or the syllable, that ends before it.

    Examples
    --------
    >>> goes_on("a"), goes_on("\u0e4c"), goes_on("ก")
    (True, True, False)
    """
    return in_word(char) if char < _FIRST_SPECIAL else _is_of_word(char) or is_mark(char)


@lru_cache(maxsize=4096)
def _is_of_word(char: str) -> bool:
    return (char.isalpha() or char.isdecimal() or is_mark(char)) and not is_unspaced(char)
