"""Split a text into the tokens of the sentiment model: words, negated words, emoticons, emoji and loud punctuation."""

from __future__ import annotations

import re
from typing import Final

from streams.core.text.clean import HASHTAG, fold, hashtag_words, without_handles, without_urls

NEGATED: Final = "not "
"""Prefix of a word in the scope of a negation; its blank distinguishes it from all tokens."""

NEGATION_SCOPE: Final = 3
"""Number of words that a negation reaches unless punctuation ends it: the window of VADER (Hutto & Gilbert 2014)."""

ELONGATED: Final = "<elongated>"
"""Token for a word with a letter three times or more in a row (``sooo``)."""

MAX_CHARS: Final = 2_000
"""Characters of a text that are read, which bounds the time for one text; the longest of the corpora has 1,002."""

_NOT_DE: Final = "nicht kein keine keinen keinem keiner keines nie niemals nichts ohne kaum weder nirgends nix ned net"
_NOT_EN: Final = """not no never none nobody nothing neither nor nowhere without hardly barely cannot cant can't
    dont don't doesnt doesn't didnt didn't isnt isn't wasnt wasn't wont won't wouldnt wouldn't couldnt couldn't
    shouldnt shouldn't arent aren't aint ain't havent haven't hasnt hasn't hadnt hadn't werent weren't"""
NEGATIONS: Final = {"de": frozenset(_NOT_DE.split()), "en": frozenset(_NOT_EN.split())}
_NEGATIONS_OF_ANY: Final = NEGATIONS["de"] | NEGATIONS["en"]

_EMOTICON: Final = r"[:;=][-o'^]?[)(\]\[dp/\\|*3oc@<]++(?![a-z0-9])|\([-o]?[:;=]|<3++"
_FACE: Final = r"-[._]++-|\*[._-]++\*|\^[._-]*+\^|>[._]++<|\\o/"
_ACTION: Final = r"\*(?=[a-z]++\*)"
_TOKEN: Final = re.compile(rf"{_EMOTICON}|{_FACE}|{_ACTION}|[a-z][a-z']*+|[!?]++|\.\.++|[.,;:]|[^\x00-\u218f\w\s]")
_PAUSES: Final = frozenset(".,;:")
_LOUD: Final = frozenset("!?.")
_EYES: Final = frozenset(":;=(")
_CHEEKS: Final = frozenset("-*^>\\")
_TRIPLED: Final = re.compile(r"([a-z])\1{2,}+")


def word_form(text: str) -> str:
    """Fold a text, with umlauts as ``ae``, ``oe``, ``ue``: ``schön`` becomes ``schoen``, and not ``schon``."""
    if text.isascii():
        return text.lower()
    return fold(text.lower().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))


def tokens(text: str, lang: str) -> list[str]:
    """Return the tokens in order of appearance; links, handles, digits and letters of other scripts give none.

    Examples
    --------
    >>> tokens("@acme NIE wieder!! Service ist nicht gut :( #KeinNetz", "de")
    ['nie', 'not wieder', '!+', 'service', 'ist', 'nicht', 'not gut', ':(', 'kein', 'not netz']
    >>> tokens("*seufz* Bahn -.- (aber der Kaffee *-*)", "de")
    ['*', 'seufz', 'bahn', '-_-', 'aber', 'der', 'kaffee', '*_*']
    """
    text = without_handles(without_urls(text[:MAX_CHARS]))
    if "#" in text:
        text = HASHTAG.sub(_spell_out, text)
    form = word_form(text)
    seen: list[str] = []
    shortened = _TRIPLED.sub(r"\1\1", form)
    if shortened != form:
        form = shortened
        seen.append(ELONGATED)
    negations = NEGATIONS.get(lang, _NEGATIONS_OF_ANY)
    scope = 0
    for part in _TOKEN.findall(form):
        first = part[0]
        if part in negations:
            seen.append(part)
            scope = NEGATION_SCOPE
        elif first.isalpha():
            seen.append(NEGATED + part if scope else part)
            scope = max(scope - 1, 0)
        elif part in _PAUSES:
            scope = 0
        elif first in _LOUD:
            scope = 0
            seen.append(part if len(part) == 1 else first + "+")
        elif first in _EYES:
            seen.append(_emoticon(part))
        elif first in _CHEEKS:
            seen.append(part if len(part) < 3 else f"{first}_{part[-1]}")
        else:
            seen.append(part[:2])  # an emoji, or a heart <3 of any length
    return seen


def _emoticon(written: str) -> str:
    """Reduce an emoticon to upright eyes and mouth: ``:-)))``, ``=)`` and ``(:`` become ``:)``."""
    eyes, mouth = (written[-1], ")") if written[0] == "(" else (written[0], written[-1])
    return (";" if eyes == ";" else ":") + mouth


def _spell_out(hashtag: re.Match[str]) -> str:
    return f" {hashtag_words(hashtag[1])} "
