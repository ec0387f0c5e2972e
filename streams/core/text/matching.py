"""Matching of posts to the brands that they name.

The meaning of a brand's terms:

- A **plain term** (``nestle``, ``deutsche bahn``, ``h&m``) matches as a word, hashtag or handle: ``Nestlé``,
  ``#NESTLE``, ``@nestle``, ``Nestlés``, ``nestle's``. Case, accents and the kind of apostrophe make no difference; an
  umlaut in a term also matches its spelling with ``e`` (``müller``: Müller, MULLER, Mueller). The words of a phrase may
  be separated by any run of blanks and hyphens, and written together as a hashtag or handle:
  ``Deutsche-Bahn``, ``#DeutscheBahn``, ``@deutschebahn``, ``@deutsche_bahn``.
- **@handle** and **#hashtag** match only that handle and that hashtag, in any case: ``@united`` is not in
  ``@unitedfans``, ``@united_fans`` or ``info@united.example``. A handle's server does not belong to it
  (``@nordtel@social.example``).
- A **word** ends where no letter, digit or underscore follows. So a German compound with hyphen matches
  (``Nordtel-Hotline``), one without does not (``Nordtelkunde``), nor does ``macmeow`` match ``acme``; emoji and
  punctuation are no part of a word. A hashtag in CamelCase or with underscores is also read as its words:
  ``#BoykottNestle`` and ``#nestle_boykott`` name ``nestle``, ``#nestlefans`` does not. Chinese, Japanese, Korean and
  similar scripts have no word boundaries to respect.
- **Links** (``https://...``, ``www...``) name no brand.
- An **exclusion** that contains one of the brand's terms as a word (``nordtel arena``) removes the mentions that it
  covers: the post still matches if it names the brand elsewhere. An exclusion that contains none (brand ``apple``,
  exclusion ``pie``) vetoes the whole post.
- A post's **tag** matches it to the brands that list it in `tagged`, unless the text contains one of their exclusions
  and does not name the brand elsewhere.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Self

import ahocorasick

from streams.core.text.clean import HASHTAG, fold, hashtag_words, without_urls
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.config import Config

_UMLAUTS_WITH_E = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_FIRST_UNSPACED_SCRIPT = "\u2e80"  # CJK radicals; Latin, Greek, Cyrillic, Arabic and Indic letters are below
_SIGILS = ("@", "#")
_START = attrgetter("start")


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
    """

    id: str
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    tagged: tuple[str, ...] = ()


class _Key(NamedTuple):
    """A string that the automaton finds, and the brands (by position) for which it is a term or an exclusion."""

    length: int
    edge_before: bool
    edge_after: bool
    may_take_s: bool
    claims: tuple[int, ...]
    voids: tuple[int, ...]
    vetoes: tuple[int, ...]


class _Occurrence(NamedTuple):
    """A key found between word boundaries, with its first and last position."""

    key: _Key
    start: int
    end: int


_BrandsByKey = dict[str, list[int]]


class Matcher:
    """The compiled terms of all brands.

    Parameters
    ----------
    brands
        Brands in the order in which `match` returns them.

    Raises
    ------
    ConfigError
        If a term has nothing to match by, such as ``"@"``.

    Examples
    --------
    >>> matcher = Matcher([BrandTerms("nordtel", any=("nordtel", "@nordtel_hilft"), none=("nordtel arena",))])
    >>> matcher.match("Danke @Nordtel_Hilft!"), matcher.match("Konzert in der Nordtel-Arena")
    (('nordtel',), ())
    """

    def __init__(self, brands: Sequence[BrandTerms]) -> None:
        self._ids = tuple(brand.id for brand in brands)
        self._excluding = frozenset(index for index, brand in enumerate(brands) if brand.none)
        claims: _BrandsByKey = defaultdict(list)
        voids: _BrandsByKey = defaultdict(list)
        vetoes: _BrandsByKey = defaultdict(list)
        self._tagged: _BrandsByKey = defaultdict(list)
        problems: list[str] = []
        for index, brand in enumerate(brands):
            for key in _keys(brand.any, f"brands[{index}].match.any", problems):
                claims[key].append(index)
            for tag in dict.fromkeys(map(_comparable, brand.tagged)):
                self._tagged[tag].append(index)
        self._automaton = _compile(claims, voids, vetoes)
        for index, brand in enumerate(brands):
            for position, term in enumerate(brand.none):
                keys = _keys((term,), f"brands[{index}].match.none", problems, position)
                covers = any(index in found.key.claims for key in keys for found in self._occurrences(f" {key} "))
                for key in keys:
                    (voids if covers else vetoes)[key].append(index)
        if problems:
            raise ConfigError(problems)
        self._automaton = _compile(claims, voids, vetoes)

    @classmethod
    def of(cls, config: Config) -> Self:
        """Compile the terms of the brands of a config, in its order.

        Raises
        ------
        ConfigError
            If a term of a brand has nothing to match by; the problem names its place, such as ``brands[0].match.any``.
        """
        return cls(
            [
                BrandTerms(brand.id, tuple(brand.match.any), tuple(brand.match.none), tuple(brand.match.tagged))
                for brand in config.brands
            ]
        )

    def match(self, text: str, tag: str | None = None) -> tuple[str, ...]:
        """Return the ids of the brands that a post names, each once, in the order of the config.

        Parameters
        ----------
        text
            Text of the post.
        tag
            Tag that the source gave the post, None if there is none.
        """
        claimed: set[int] = set()
        contested: dict[int, list[_Occurrence]] = {}  # mentions of brands that have exclusions
        voided: dict[int, list[_Occurrence]] = {}
        vetoed: set[int] = set()
        for found in self._occurrences(_searchable(text)):
            key = found.key
            for index in key.claims:
                if index in self._excluding:
                    contested.setdefault(index, []).append(found)
                else:
                    claimed.add(index)
            for index in key.voids:
                voided.setdefault(index, []).append(found)
            vetoed.update(key.vetoes)
        for index, mentions in contested.items():
            if index not in voided or _any_uncovered(mentions, voided[index]):
                claimed.add(index)
        if tag is not None:
            claimed.update(index for index in self._tagged.get(_comparable(tag), ()) if index not in voided)
        return tuple([self._ids[index] for index in sorted(claimed - vetoed)]) if claimed else ()

    def _occurrences(self, text: str) -> Iterator[_Occurrence]:
        """Yield the keys between word boundaries in `text`, which begins and ends with a blank."""
        if self._automaton is None:
            return
        for end, key in self._automaton.iter(text):
            start = end - key.length + 1
            if key.edge_before and _in_word(text[start - 1]):
                continue
            if key.edge_after and _in_word(text[end + 1]):
                takes_s = key.may_take_s and text[end + 1] == "s" and not _in_word(text[end + 2])
                if not takes_s:
                    continue
            yield _Occurrence(key, start, end)


def _in_word(char: str) -> bool:
    return (char.isalnum() and char < _FIRST_UNSPACED_SCRIPT) or char == "_"


def _any_uncovered(mentions: list[_Occurrence], exclusions: list[_Occurrence]) -> bool:
    """Return whether a mention lies outside every exclusion, by one sweep from left to right."""
    ahead = sorted(exclusions, key=_START, reverse=True)
    covered_to = -1
    for mention in sorted(mentions, key=_START):
        while ahead and ahead[-1].start <= mention.start:
            covered_to = max(covered_to, ahead.pop().end)
        if mention.end > covered_to:
            return True
    return False


def _comparable(text: str) -> str:
    """Return the folded text with one blank for each run of white space and hyphens."""
    return " ".join(fold(text).replace("-", " ").split())


def _searchable(text: str) -> str:
    """Return the comparable text without links, followed by the words of its hashtags, with a blank at both ends."""
    text = without_urls(text)
    if "#" in text:
        spelled = [words for hashtag in HASHTAG.findall(text) if (words := hashtag_words(hashtag)) != hashtag]
        if spelled:
            text = " | ".join((text, *spelled))  # no phrase reaches across the bar
    return f" {_comparable(text)} "


def _keys(terms: Sequence[str], path: str, problems: list[str], first: int = 0) -> list[str]:
    """Return the strings to search for, each once; add the terms that give none to `problems`."""
    keys: dict[str, None] = {}
    for position, term in enumerate(terms, first):
        composed = unicodedata.normalize("NFC", term)
        for spelling in (_comparable(composed), _comparable(composed.translate(_UMLAUTS_WITH_E))):
            if not spelling.strip("@#_"):
                problems.append(
                    f"{path}[{position}]: {term!r} names nothing: write a word, a phrase, an @handle or a #hashtag"
                )
                break
            keys[spelling] = None
            words = spelling.split()
            if len(words) > 1 and all(word.isalnum() for word in words):
                keys.update(dict.fromkeys(("#" + "".join(words), "@" + "".join(words), "@" + "_".join(words))))
    return list(keys)


def _compile(claims: _BrandsByKey, voids: _BrandsByKey, vetoes: _BrandsByKey) -> ahocorasick.Automaton | None:
    """Return the automaton over all keys, None if there are none: pyahocorasick can't search with an empty one."""
    automaton = ahocorasick.Automaton()
    for text in claims | voids | vetoes:
        exact = text.startswith(_SIGILS)
        key = _Key(
            length=len(text),
            edge_before=exact or _in_word(text[0]),
            edge_after=_in_word(text[-1]),
            may_take_s=not exact and text[-1].isalnum(),
            claims=tuple(claims.get(text, ())),
            voids=tuple(voids.get(text, ())),
            vetoes=tuple(vetoes.get(text, ())),
        )
        automaton.add_word(text, key)
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton
