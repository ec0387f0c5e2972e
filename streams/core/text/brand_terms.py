"""The terms of a brand, and the strings to search for in texts to find them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from streams.core.text.clean import fold_accents, fold_case
from streams.core.text.letters import RAISED_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.config.brands import BrandSettings, Case, NearbySettings, TermSettings

UMLAUTS_WITH_E: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})

_SPELLED_OUT: Final = {chr(code): spelled for code, spelled in UMLAUTS_WITH_E.items()} | {
    "ø": "oe", "Ø": "Oe", "å": "aa", "Å": "Aa"
}  # fmt: skip
_MAX_SPELLED_OUT: Final = 4
"""Umlauts of a term up to which each may be spelled out or not; in a term with more, all are or none."""

_DIGITS: Final = re.compile(r"(?<=[^\W\d_])[0-9]+")
_RAISED: Final = str.maketrans(dict(zip("0123456789", RAISED_DIGITS, strict=True)))
_LOWERED: Final = str.maketrans(dict(zip(RAISED_DIGITS, "0123456789", strict=True)))

SIGILS: Final = ("@", "#")

_HOST: Final = re.compile(r"@(?:(?<=\w@)[\w.-]+|[\w-]+(?:\.[a-z0-9][\w-]*)+)")
_PARTS: Final = re.compile(r"[^\W_]+")
_MAX_PARTS: Final = 4
"""Words of a phrase up to which any mixture of ``DeutscheBahn`` and ``Deutsche_Bahn`` is searched for in hashtags."""


@dataclass(frozen=True, slots=True)
class CaseSensitive:
    """A term whose capitals and small letters must be as they are written here."""

    text: str


Term = str | CaseSensitive
"""A word, phrase, @handle or #hashtag as the config has it."""


@dataclass(frozen=True, slots=True)
class TermsNearby:
    """Terms that name the brand only together.

    Parameters
    ----------
    terms
        For each of them the alternatives, of which one is enough.
    within
        Number of successive words of a text that must contain all of them, None for the whole text.
    """

    terms: tuple[tuple[Term, ...], ...]
    within: int | None = None


@dataclass(frozen=True, slots=True)
class BrandTerms:
    """The terms of one brand.

    Parameters
    ----------
    id
        Brand id, which `Matcher.match` returns.
    any
        Terms of which one is enough.
    none
        Exclusions.
    tagged
        Tags of posts, compared whole and folded.
    all
        Groups of terms of which one group is enough.
    """

    id: str
    any: tuple[Term, ...] = ()
    none: tuple[Term, ...] = ()
    tagged: tuple[str, ...] = ()
    all: tuple[TermsNearby, ...] = ()

    @classmethod
    def of(cls, brand: BrandSettings) -> Self:
        """Return the terms of a brand of a config."""
        match = brand.match

        def terms(entries: Iterable[str | TermSettings], case: Case) -> tuple[Term, ...]:
            return tuple(_term(entry, case) for entry in entries)

        def nearby(group: NearbySettings) -> TermsNearby:
            each = (entry if isinstance(entry, list) else [entry] for entry in group.terms)
            return TermsNearby(tuple(terms(alternatives, match.case) for alternatives in each), group.within)

        return cls(
            brand.id,
            any=terms(match.any, match.case),
            none=terms(match.none, "ignore"),
            tagged=tuple(match.tagged),
            all=tuple(map(nearby, match.all)),
        )


def _term(entry: str | TermSettings, case: Case) -> Term:
    if isinstance(entry, str):
        text = entry
    else:
        text, case = entry.term, entry.case or case
    return CaseSensitive(text) if case == "sensitive" else text


class Spelling(NamedTuple):
    """One way to write a term.

    Parameters
    ----------
    key
        Folded text to search for.
    with_case
        The same with its capitals, None if the case makes no difference.
    in_hashtags
        Whether it counts inside hashtags only.
    """

    key: str
    with_case: str | None
    in_hashtags: bool


def text_of(term: Term) -> str:
    """Return a term as the config has it."""
    return term if isinstance(term, str) else term.text


def comparable(text: str) -> str:
    """Return the text without accents, with one blank for each run of white space and hyphens; none around an ``&``.

    Hyphens of a host name behind an ``@`` become underscores, since they divide no words.

    Examples
    --------
    >>> comparable("Käserei-Müller   @anna@nord-tel.example")
    'Kaserei Muller @anna@nord_tel.example'
    >>> comparable("H & M")
    'H&M'
    """
    plain = fold_accents(text).replace("`", "'")
    if "-" in plain:
        if "@" in plain:
            plain = _HOST.sub(_joined, plain)
        plain = plain.replace("-", " ")
    plain = " ".join(plain.split())
    return plain.replace(" &", "&").replace("& ", "&") if "&" in plain else plain


def _joined(host: re.Match[str]) -> str:
    return host[0].replace("-", "_")


def spellings(term: Term) -> list[Spelling]:
    """Return the ways to write a term, each once; none if it has no letter, digit or symbol to search for.

    Examples
    --------
    >>> [spelling.key for spelling in spellings("Käserei Müller")][:4]
    ['kaserei muller', '@kasereimuller', '@kaserei_muller', 'kasereimuller']
    >>> spellings("@#")
    []
    """
    found: dict[Spelling, None] = {}
    for spelling in _characters_of(unicodedata.normalize("NFC", text_of(term))):
        if not spelling.strip("@#_"):
            return []
        matters = isinstance(term, CaseSensitive) and not spelling.startswith(SIGILS)
        for written, in_hashtags in _ways(spelling):
            key = fold_case(written)
            with_case = written if matters and not key.startswith(SIGILS) else None
            found[Spelling(key, with_case, in_hashtags)] = None
    return list(found)


def _characters_of(term: str) -> Iterator[str]:
    """Yield a term without accents, with each umlaut as it is and spelled out."""
    umlauts = sum(char in _SPELLED_OUT for char in term)
    if umlauts <= _MAX_SPELLED_OUT:
        choices = ((char, _SPELLED_OUT[char]) if char in _SPELLED_OUT else char for char in term)
        written = ["".join(chosen) for chosen in product(*choices)]
    else:
        written = [term, "".join(_SPELLED_OUT.get(char, char) for char in term)]
    for spelling in map(comparable, written):
        yield spelling.translate(_LOWERED)


def _ways(spelling: str) -> Iterator[tuple[str, bool]]:
    """Yield a spelling, also with raised digits, and without what hashtags and handles lack: blanks, punctuation."""
    yield spelling, False
    yield _DIGITS.sub(lambda digits: digits[0].translate(_RAISED), spelling), False
    parts = _PARTS.findall(spelling)
    if len(parts) < 2 or spelling.startswith(SIGILS) or "".join(parts).isdecimal():
        return
    yield "@" + "".join(parts), False
    yield "@" + "_".join(parts), False
    if len(parts) > _MAX_PARTS:
        yield "".join(parts), True
        yield "_".join(parts), True
        return
    for joints in product(("", "_"), repeat=len(parts) - 1):
        yield parts[0] + "".join(joint + part for joint, part in zip(joints, parts[1:], strict=True)), True
