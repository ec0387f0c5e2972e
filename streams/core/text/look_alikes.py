"""Letters of other alphabets that look like Latin ones, as Unicode lists them (Technical Standard 39, *confusables*).

A word that mixes Latin letters with look-alikes (``Nоrdtel`` with a Cyrillic o) is a disguise: its look-alikes are read
as Latin. A word wholly of another alphabet may be a true one, such as Russian ``СОР``: it also gets a second reading,
where the text around it is in Latin letters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from confusable_homoglyphs.confusables import confusables_data

from streams.core.text.characters import ALPHABETS
from streams.core.text.letters import PlainLetters

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CHARS: Final = 2_000
"""Characters of a text in which disguises are looked for, which bounds the time for one text."""

_OTHERWISE: Final = {"\u04c0": "L", "\u04cf": "l"}
"""The palochka, which stands for l in well-known disguises; Unicode lists small i first."""

_PLAIN: Final = PlainLetters()
_WORD: Final = re.compile(r"[^\W\d_]++")
_OF_ALPHABET: Final = re.compile(f"[{ALPHABETS}]")
_MIXED: Final = re.compile(f"[A-Za-z][{ALPHABETS}]|[{ALPHABETS}][A-Za-z]")
_LATIN_WORD: Final = re.compile(r"(?<![\w@#])[A-Za-z]{2,}+(?!\w)")


def without_disguise(text: str) -> str:
    """Return a text without accents, with Latin letters for the look-alikes in words that have Latin letters, too.

    Examples
    --------
    >>> without_disguise("N\u043erdt\u0435l сор"), without_disguise("10 kΩ")
    ('Nordtel сор', '10 kΩ')
    """
    head = text[:MAX_CHARS]
    if not (_OF_ALPHABET.search(head) and _MIXED.search(head)):
        return text
    return _WORD.sub(_read_as_latin, head) + text[MAX_CHARS:]


def second_reading(text: str) -> str | None:
    """Return a text without accents, with Latin letters for words wholly of look-alikes; None if there is no reason.

    It takes a word in Latin letters beside them, and none that can only be of another alphabet.

    Examples
    --------
    >>> second_reading("\u0410\u0421\u041c\u0415 is down again")
    'ACME is down again'
    >>> second_reading("\u0410\u0421\u041c\u0415 \u0441\u043d\u043e\u0432\u0430 is down")
    """
    text = text[:MAX_CHARS]
    if not _OF_ALPHABET.search(text):
        return None
    shapes = _same_shapes()
    if any(ord(letter) not in shapes for letter in _OF_ALPHABET.findall(text)):
        return None
    if not _LATIN_WORD.search(text):
        return None
    return text.translate(shapes)


def _read_as_latin(word: re.Match[str]) -> str:
    letters = word[0]
    if not _MIXED.search(letters):
        return letters
    latin = letters.translate(_look_alikes())
    return letters if _OF_ALPHABET.search(latin) else latin  # two words joined, such as #failНордтел, disguise none


@cache
def _same_shapes() -> dict[int, str]:
    """Return the Latin letter for each letter of the same shape and case; accents make no difference."""
    return _with_accents({char: latin for char in _letters() if (latin := _listed(char, str.isascii))})


@cache
def _look_alikes() -> dict[int, str]:
    """Return the Latin letter for each letter that may stand for it in a disguise.

    Beside those of the same shape these are letters like a small capital (\u0442), letters like one with an accent
    (\u03b2 for \u00df), and letters of the other case, so that the case of a disguise makes no difference.
    """
    found = _same_shapes() | _with_accents({char: latin for char in _letters() if (latin := _listed(char, bool))})
    for char in _letters():
        other = char.swapcase()
        is_like_other = char.isupper() or unicodedata.name(char, "").startswith("CYRILLIC")
        if is_like_other and ord(char) not in found and len(other) == 1 and ord(other) in found:
            found[ord(char)] = found[ord(other)].swapcase()
    return found


@cache
def _letters() -> tuple[str, ...]:
    return tuple(char for char in map(chr, range(0x180, 0x17000)) if char.isalpha() and _OF_ALPHABET.match(char))


def _listed(char: str, is_wanted: Callable[[str], bool]) -> str | None:
    """Return the Latin letters that Unicode lists for a letter, without accents, of the same case if it has one."""
    if char in _OTHERWISE:
        return _OTHERWISE[char]
    listed = [entry["c"] for entry in confusables_data.get(char, ()) if is_wanted(entry["c"])]
    latin = [letters for entry in listed if (letters := entry.translate(_PLAIN)).isascii() and letters.isalpha()]
    has_case = char.isupper() or char.islower()
    return next((letters for letters in latin if not has_case or letters.isupper() == char.isupper()), None)


def _with_accents(found: dict[str, str]) -> dict[int, str]:
    """Return the same, and what it has for letters without their accents, by code point."""
    accented = {char: found[base] for char in _letters() if char not in found and (base := _base(char)) in found}
    return {ord(char): latin for char, latin in (found | accented).items()}


def _base(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0]
