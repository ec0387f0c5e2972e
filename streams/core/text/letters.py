"""The plain form of letters and digits: without accents, and as a keyboard has them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from streams.core.text.characters import DIACRITICS, INVISIBLE, INVISIBLE_BEYOND, SHAPING, SHAPING_BEYOND

MAX_EXPANSION: Final = 4
"""Letters that one character may become, as ``ffi`` does. A few stand for whole sentences (U+FDFA for 18 letters):
these stay as they are, so that a folded text is hardly longer than the text."""

RAISED_DIGITS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
"""The form of all raised, lowered, circled and bracketed digits. They are no part of the word before them unless a term
has a digit there: ``Nordtel¹`` has a footnote, ``O₂`` is a name."""

_HANGUL_PARTS: Final = (0x3130, 0x3190)  # Hangul Compatibility Jamo, which do not compose
_HALF_WIDTH_HANGUL: Final = (0xFFA1, 0xFFDD)

_DROPPED: Final = re.compile(f"[{DIACRITICS}{INVISIBLE}{SHAPING}{INVISIBLE_BEYOND}{SHAPING_BEYOND}]")
_ENCLOSED: Final = re.compile(
    r"(?:CIRCLED|SQUARED|PARENTHESIZED|BRACKETED)(?: ITALIC)? LATIN (CAPITAL|SMALL) LETTER ([A-Z])$"
)
_ALTERED: Final = re.compile(r"LATIN (CAPITAL|SMALL) LETTER ([A-Z]) WITH |LATIN LETTER (SMALL) CAPITAL ([A-Z])$")

# What Unicode neither decomposes nor names as a form of another letter; typographic apostrophes and hyphens; the wide
# forms of symbols that names and sigils have.
_SPECIAL: Final = (
    dict(zip("æœøłđðħıþɡɑ", ("ae", "oe", "o", "l", "d", "d", "h", "i", "th", "g", "a"), strict=True))
    | dict(zip("ÆŒØŁĐÐĦÞ", ("AE", "OE", "O", "L", "D", "D", "H", "TH"), strict=True))
    | dict.fromkeys("’‘ʼ´`′＇", "'")
    | dict.fromkeys("‐‑‒–—−－", "-")
    | {"＠": "@", "＃": "#", "＆": "&", "﹠": "&", "＋": "+", "＿": "_"}
)


class PlainLetters(dict[int, str]):
    """Plain form of each character that is not ASCII, computed when it first occurs (for `str.translate`).

    A capital becomes capitals, so that folding can keep the case.

    Examples
    --------
    >>> "Łódź ＡＣＭＥ Ⓝⓞⓡⓓ ᴛᴇʟ O₂".translate(PlainLetters())
    'Lodz ACME Nord tel O²'
    """

    MAX_CACHED: Final = 1 << 15
    """More than any language needs; bounds the memory to some 4 MB whatever is sent."""

    def __missing__(self, code: int) -> str:
        plain = _plain(chr(code))
        if len(self) < self.MAX_CACHED:
            self[code] = plain
        return plain


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if char in _SPECIAL:
        return _SPECIAL[char]
    if _DROPPED.match(char):
        return ""
    if (composed := unicodedata.normalize("NFC", char)) != char:
        return "".join(map(_plain, composed))
    if not char.isdecimal() and (digit := unicodedata.digit(char, None)) is not None:
        return RAISED_DIGITS[digit]
    if not char.isalnum():
        named = _ENCLOSED.search(unicodedata.name(char, ""))
        return _letter(*named.groups()) if named else char
    if not (char.isalpha() or char.isdecimal() or unicodedata.category(char) == "Nl"):
        return char  # a fraction
    if _HANGUL_PARTS[0] <= ord(char) < _HANGUL_PARTS[1]:
        return char
    if _HALF_WIDTH_HANGUL[0] <= ord(char) < _HALF_WIDTH_HANGUL[1]:
        return chr(int(unicodedata.decomposition(char).split()[1], 16))
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    plain = "".join(c if c == char else _plain(c) for c in decomposed)
    plain = unicodedata.normalize("NFC", plain)
    if plain == char.casefold():
        altered = _ALTERED.match(unicodedata.name(char, ""))
        plain = _letter(*filter(None, altered.groups())) if altered else plain
    if len(plain) > MAX_EXPANSION:
        return char
    return _capitals(plain) if char.isupper() else plain


def _letter(case: str, letter: str) -> str:
    return letter if case == "CAPITAL" else letter.lower()


def _capitals(plain: str) -> str:
    """Return the capitals of small letters, or the letters themselves if their small letters are others."""
    capitals = plain.upper()
    return capitals if capitals.casefold() == plain else plain
