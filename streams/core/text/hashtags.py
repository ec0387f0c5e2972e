"""Where words begin and end inside a hashtag.

A hashtag is not cut into words by one rule, since ``WhatsAppDown``, ``DHLfail`` and ``ICEAusfall`` would each need
another one. Instead, the place where a term was found is examined:

- Words may meet at an underscore, between letters and digits, between two alphabets, before a capital that follows a
  small letter, and before a capital that a small letter follows: ``Nordtel|2026``, ``Whats|App|Down``, ``ICE|Ausfall``.
- They may meet behind an acronym that small letters follow (``DHL|fail``), unless these are better read with its last
  letter (``DG|Boykott``).
- Where nothing divides the letters, the term counts if the letters before and behind it are words, and if the whole
  can't be read with fewer words (or with as many, if the term is no word itself). So ``dhlfail`` is read as *dhl fail*,
  but not ``bahnhof`` as *bahn hof* or ``autobahnchaos`` as *auto bahn chaos*. A term of up to `SHORT_TERM` letters must
  begin or end the letters.
- A distinctive term (`is_distinctive`) counts anywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import islice
from typing import Final

from streams.core.text.characters import is_mark
from streams.core.text.clean import HASHTAG, fold_case
from streams.core.text.dictionary import fewest_words, is_inside_a_word, is_word

SHORT_TERM: Final = 4
"""Letters of a term up to which chance is likely to put it in the middle of words (``br|uber|ger``)."""

DISTINCTIVE_TERM: Final = 8
"""Letters of a term from which chance puts it nowhere, if no word contains it."""

DISTINCTIVE_ELSEWHERE: Final = 6
"""The same in alphabets other than Latin, whose words are not listed."""

MAX_UNDIVIDED: Final = 40
"""Letters up to which they are read as words; the longest of 6,500 real hashtags in small letters has 35."""

MAX_CHARS: Final = 100
MAX_HASHTAGS: Final = 30
"""Length and number of hashtags of a text that are looked into, so that the time for a text has a bound: networks allow
30 of 100 characters."""


class Hashtags:
    """The hashtags of a text.

    Parameters
    ----------
    with_case
        Text as `fold_accents` returns it.
    """

    def __init__(self, with_case: str) -> None:
        self._with_case = with_case
        found = islice(HASHTAG.finditer(with_case), MAX_HASHTAGS)
        self._spans = [match.span(1) for match in found]

    def have_word(self, start: int, end: int, *, may_take_s: bool) -> bool:
        """Return whether a term is a word of a hashtag.

        Parameters
        ----------
        start, end
            Where the term starts in the text, and where it ends (exclusive).
        may_take_s
            Whether the word may end with an ``s`` more.
        """
        before = bisect_right(self._spans, (start, len(self._with_case)))
        if before == 0:
            return False
        first, last = self._spans[before - 1]
        if end > last or last - first > MAX_CHARS:
            return False
        return has_word(self._with_case[first:last], start - first, end - first, may_take_s)


@lru_cache(maxsize=16_384)
def has_word(hashtag: str, start: int, end: int, may_take_s: bool) -> bool:
    """Return whether a term is a word of a hashtag.

    Parameters
    ----------
    hashtag
        Hashtag without its ``#``, as `fold_accents` returns it.
    start, end
        Where the term starts, and where it ends (exclusive).
    may_take_s
        Whether the word may end with an ``s`` more.

    Examples
    --------
    >>> has_word("DHLfail", 0, 3, False), has_word("dhlfail", 0, 3, False), has_word("macmeow", 1, 5, False)
    (True, True, False)
    """
    folded = fold_case(hashtag)
    ends = [end, end + 1] if may_take_s and folded[end : end + 1] == "s" else [end]
    if _divides(hashtag, start) and any(_divides(hashtag, place) for place in ends):
        return True
    return is_distinctive(folded[start:end]) or any(_reads(hashtag, folded, start, end, rest) for rest in ends)


def _divides(hashtag: str, place: int) -> bool:
    """Return whether one word may end and another begin at a place of a hashtag."""
    if place in {0, len(hashtag)}:
        return True
    left, right = hashtag[place - 1], hashtag[place]
    if is_mark(right):
        return False
    if not (left.isalpha() and right.isalpha()):
        return not (left.isdecimal() and right.isdecimal())
    if _alphabet(left) != _alphabet(right):
        return True
    if right.isupper():
        return left.islower() or (left.isupper() and hashtag[place + 1 : place + 2].islower())
    return left.isupper() and _ends_an_acronym(hashtag, place)


def _ends_an_acronym(hashtag: str, place: int) -> bool:
    """Return whether two capitals or more end at a place, and the small letters behind them are words without them."""
    if place < 2 or not hashtag[place - 2].isupper():
        return False
    end = place
    while end < len(hashtag) and hashtag[end].islower():
        end += 1
    without, with_last = _fewest(hashtag[place:end]), _fewest(fold_case(hashtag[place - 1 : end]))
    return end - place > 1 and (with_last is None or (without is not None and without <= with_last))


def _reads(hashtag: str, folded: str, start: int, end: int, rest: int) -> bool:
    """Return whether undivided letters are read as words, and the letters from `start` to before `rest` as one."""
    left, right = start, rest
    while not _divides(hashtag, left):
        left -= 1
    while not _divides(hashtag, right):
        right += 1
    if end - start <= SHORT_TERM and left < start and rest < right:
        return False
    before = _fewest(folded[left:start])
    after = None if before is None else _fewest(folded[rest:right])
    if before is None or after is None:
        return False
    inside = [place for place in range(start + 1, end) if _divides(hashtag, place)]
    if inside and (_reads_better(folded[left : inside[0]], before) or _reads_better(folded[inside[-1] : right], after)):
        return False
    fewest = _fewest(folded[left:right])
    return fewest is None or before + 1 + after < fewest + is_word(folded[start:rest])


def _reads_better(letters: str, words: int) -> bool:
    """Return whether letters can be read as fewer words."""
    fewest = _fewest(letters)
    return fewest is not None and fewest < words


def _fewest(letters: str) -> int | None:
    return fewest_words(letters) if len(letters) <= MAX_UNDIVIDED else None


@lru_cache(maxsize=4096)
def is_distinctive(term: str) -> bool:
    """Return whether a folded term is found in no other words: it is long, and no word contains it.

    Examples
    --------
    >>> [is_distinctive(term) for term in ("mcdonalds", "deutschebahn", "standard", "nestle")]
    [True, True, False, False]
    """
    if term.isascii():
        return term.isalpha() and len(term) >= DISTINCTIVE_TERM and not is_inside_a_word(term)
    return len(term) >= DISTINCTIVE_ELSEWHERE


def _alphabet(letter: str) -> int:
    """Return a number that differs between Latin, Greek, Cyrillic, Arabic and other letters of folded texts."""
    return ord(letter) >> 8
