"""Classes of Unicode characters that cleaning and folding need, each as the inside of a character class of `re`."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


def _class_of(codes: Iterable[int]) -> str:
    """Return code points as ranges; they must ascend and be at least one."""
    known = list(codes)
    starts = [known[0], *(b for a, b in pairwise(known) if b != a + 1)]
    ends = [*(a for a, b in pairwise(known) if b != a + 1), known[-1]]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))


def is_mark(char: str) -> bool:
    """Return whether a character belongs to the one before it: an accent, a vowel sign, a tone mark."""
    return unicodedata.category(char)[0] == "M"


MARKS: Final = _class_of(
    code
    for span in (range(0x300, 0x1F000), range(0xE0100, 0xE01F0))
    for code in span
    if unicodedata.category(chr(code)) in {"Mn", "Me"} or unicodedata.combining(chr(code))
)
"""Combining marks that take no room of their own."""

MARKS_OF_WORDS: Final = _class_of(
    code for code in range(0x300, 0xFB20) if is_mark(chr(code)) and not 0x20D0 <= code < 0x2100
)
"""Marks that are a part of words, those with room of their own included; without those of symbols."""

DIACRITICS: Final = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Combining marks of Latin, Greek and Cyrillic letters; marks of other scripts are part of their spelling."""

TAGS: Final = "\U000e0020-\U000e007f"
"""Invisible copies of ASCII, which name a region behind a black flag."""

SHAPING: Final = "\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f"
"""Characters without a shape that change how their neighbours look in some scripts and in emoji, as between the members
of a family. Beside Latin, Greek and Cyrillic letters they do nothing."""

SHAPING_BEYOND: Final = f"\U000e0100-\U000e01ef{TAGS}"
"""The same beyond the Basic Multilingual Plane; a class with such characters is much slower."""

INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufdd0-\ufdef"
    "\ufffe\uffff"
)
"""Other characters of the Basic Multilingual Plane without a shape: the rest of Unicode's property
Default_Ignorable_Code_Point, interlinear annotations, and code points that are no characters."""

INVISIBLE_BEYOND: Final = (
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
    + "".join(f"\\U{plane:04x}fffe\\U{plane:04x}ffff" for plane in range(1, 0x11))
)
"""The same beyond that plane."""

CONTROLS: Final = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
"""Control characters other than white space."""

BLANKS: Final = "\u2800\ufffc"
"""Characters that show nothing but take room: the empty pattern of Braille, the place of an object."""

ALPHABETS: Final = (
    "\u0370-\u03ff\u1f00-\u1fff\u2c80-\u2cff"  # Greek, Coptic
    "\u0400-\u052f\u1c80-\u1c8f\ua640-\ua69f"  # Cyrillic
    "\u0530-\u058f\u10a0-\u10ff\u2d00-\u2d2f\u1c90-\u1cbf"  # Armenian, Georgian
    "\u13a0-\u13ff\uab70-\uabbf\u1400-\u167f\ua4d0-\ua4ff"  # Cherokee, Canadian syllabics, Lisu
    "\u16a0-\u16ff\u2d30-\u2d7f"  # Runic, Tifinagh
    "\U00010280-\U0001032f\U00010400-\U0001052f\U000118a0-\U000118ff\U00016f00-\U00016f9f"  # ancient and small ones
    "\u0180-\u02af\u1d00-\u1d7f\u1e9c-\u1e9f\ua720-\ua7ff\uab30-\uab6f"  # Latin letters of few languages
)
"""Letters beside the plain Latin ones, in alphabets that have letters of the same shape."""

ENCLOSED: Final = "\u249c-\u24e9\U0001f110-\U0001f189"
"""Latin letters in brackets, circles and squares."""
