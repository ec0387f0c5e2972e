"""Matching of posts to the brands that they name.

The meaning of a brand's terms:

- A **plain term** (``nestle``, ``deutsche bahn``, ``h&m``) matches as a word, hashtag or handle: ``Nestlé``,
  ``#NESTLE``, ``@nestle``, ``Nestlés``, ``nestle's``. Case, accents, the kind of apostrophe and blanks around an ``&``
  make no difference; each umlaut in a term also matches its spelling with ``e`` (``müller``: Müller, MULLER, Mueller),
  and a digit in it one that is raised or lowered (``o2``: O₂). The words of a phrase may
  be separated by any run of blanks and hyphens. In a hashtag or handle they are written together, as are the parts of
  a name with punctuation: ``Deutsche-Bahn``, ``#DeutscheBahn``, ``@deutschebahn``, ``@deutsche_bahn``; ``McDonald's``,
  ``#McDonalds``.
- **@handle** and **#hashtag** match only that handle and that hashtag, in any case: ``@united`` is not in
  ``@unitedfans``, ``@united_fans`` or ``info@united.example``.
- A **word** ends where no letter, digit or underscore follows (`streams.core.text.scripts`). So a German compound with
  hyphen matches (``Nordtel-Hotline``), one without does not (``Nordtelkunde``), nor does ``macmeow`` match ``acme``;
  emoji, punctuation, footnotes and the emphasis of Markdown are no part of a word. Scripts without blanks have no word
  boundaries to respect, only those of syllables.
- A word in **disguise** is also read as it looks (`streams.core.text.look_alikes`).
- Inside a **hashtag**, terms and exclusions are found wherever words may begin and end in it
  (`streams.core.text.hashtags`): ``#BoykottNestle``, ``#DHLfail``, ``#nestle_boykott``, ``#nordtel2026``, and
  ``#dhlfail``, which can be read as words.
- A **handle** is one name, in which nothing is looked for: ``@NordtelHilft`` belongs to whoever registered it, and
  names a brand that lists ``@nordtelhilft``.
- **Addresses** name no brand: neither do links (``https://...``, ``www...``), nor the server of a handle
  (``@anna@nordtel.example``, ``@anna.nordtel.example``) or of an e-mail address (``anna@nordtel.example``). What stands
  before the server, and a domain alone, is read as text: ``@nordtel@social.example``, ``@nordtel.social.example`` and
  ``nordtel.example`` name ``nordtel``. An e-mail address that is a term itself (``help@nordtel.example``) matches.
- A **case-sensitive** term matches only with the capitals and small letters that it is written with, in hashtags too
  (``Gap``: ``Gap``, ``#GapFail``; not ``gap``, ``GAP``, ``#gap``). The case of a handle never matters.
- **Terms nearby** name the brand where each of them, or one of its alternatives, stands within a number of successive
  words, in any order.
- An **exclusion** that contains one of the brand's terms as a word (``nordtel arena``) removes the mentions that it
  covers: the post still matches if it names the brand elsewhere. An exclusion that contains none (brand ``apple``,
  exclusion ``pie``) vetoes the whole post.
- A post's **tag** matches it to the brands that list it in `tagged`, unless the text contains one of their exclusions
  and does not name the brand elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Self, TypeVar

from streams.core.text.brand_terms import BrandTerms, comparable, spellings, text_of
from streams.core.text.clean import fold_accents, fold_case, without_emphasis, without_urls
from streams.core.text.dictionary import preload
from streams.core.text.look_alikes import second_reading
from streams.core.text.nearby import Place, are_within
from streams.core.text.term_index import Meaning, Part, TermIndex
from streams.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.config import Config
    from streams.core.text.brand_terms import Spelling, Term

Span = tuple[int, int]
"""First and last position in a text."""

_SpanOrPlace = TypeVar("_SpanOrPlace", Span, Place)
_Found = tuple[Meaning, int, int]
"""The meaning of a word, with its first and last position."""


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
        self._groups = tuple(brand.all for brand in brands)
        self._tagged: defaultdict[str, list[int]] = defaultdict(list)
        for index, brand in enumerate(brands):
            for tag in dict.fromkeys(_folded(tag) for tag in brand.tagged):
                self._tagged[tag].append(index)
        self._terms = TermIndex(_meanings(brands))
        preload()

    @classmethod
    def of(cls, config: Config) -> Self:
        """Compile the terms of the brands of a config, in its order.

        Raises
        ------
        ConfigError
            If a term of a brand has nothing to match by; the problem names its place, such as ``brands[0].match.any``.
        """
        return cls(list(map(BrandTerms.of, config.brands)))

    def match(self, text: str, tag: str | None = None) -> tuple[str, ...]:
        """Return the ids of the brands that a post names, each once, in the order of the config.

        Parameters
        ----------
        text
            Text of the post.
        tag
            Tag that the source gave the post, None if there is none.
        """
        searched = _searchable(text)
        found = list(self._terms.occurrences(searched))
        claimed: set[int] = set()
        is_plain = True
        for meaning, _, _ in found:
            claimed.update(meaning.claims)
            if meaning.parts or meaning.voids or meaning.vetoes:
                is_plain = False
        voided: dict[int, list[Span]] = {} if is_plain else _exclusions(found)
        if voided:
            claimed -= _covered(found, voided)
        if not is_plain:
            claimed |= self._named_together(searched, found, voided)
        if tag is not None:
            claimed.update(index for index in self._tagged.get(_folded(tag), ()) if index not in voided)
        if not is_plain:
            claimed.difference_update(*(meaning.vetoes for meaning, _, _ in found))
        return tuple([self._ids[index] for index in sorted(claimed)]) if claimed else ()

    def _named_together(self, searched: str, found: list[_Found], voided: dict[int, list[Span]]) -> set[int]:
        """Return the brands that several terms near one another name, outside the exclusions."""
        places: defaultdict[tuple[int, int], list[Place]] = defaultdict(list)
        for meaning, start, end in found:
            for part in meaning.parts:
                places[part.brand, part.group].append((start, end, part.term))
        named: set[int] = set()
        for (index, number), of_group in places.items():
            group = self._groups[index][number]
            counted = _uncovered(of_group, voided[index]) if index in voided else of_group
            if index not in named and are_within(searched, counted, len(group.terms), group.within):
                named.add(index)
        return named


def _exclusions(found: list[_Found]) -> dict[int, list[Span]]:
    """Return where a text has exclusions that cover mentions, by brand."""
    voided: defaultdict[int, list[Span]] = defaultdict(list)
    for meaning, start, end in found:
        for index in meaning.voids:
            voided[index].append((start, end))
    return voided


def _covered(found: list[_Found], voided: dict[int, list[Span]]) -> set[int]:
    """Return the brands whose mentions are all covered by their exclusions."""
    mentions: defaultdict[int, list[Span]] = defaultdict(list)
    for meaning, start, end in found:
        for index in meaning.claims:
            if index in voided:
                mentions[index].append((start, end))
    return {index for index, spans in mentions.items() if next(_uncovered(spans, voided[index]), None) is None}


def _searchable(text: str) -> str:
    """Return the comparable text without links and markup, with a blank at both ends.

    A second reading of words that may be a disguise follows it.
    """
    text = without_urls(text)
    if "_" in text:
        text = without_emphasis(fold_accents(text))
    plain = comparable(text)
    other = None if plain.isascii() else second_reading(plain)
    return f" {plain} | {comparable(other)} " if other else f" {plain} "  # no phrase reaches across the bar


def _folded(tag: str) -> str:
    return fold_case(comparable(tag))


def _meanings(brands: Sequence[BrandTerms]) -> dict[Spelling, Meaning]:
    """Return what each spelling of the terms and exclusions means."""
    problems: list[Problem] = []
    claims: defaultdict[Spelling, list[int]] = defaultdict(list)
    parts: defaultdict[Spelling, list[Part]] = defaultdict(list)
    for index, brand in enumerate(brands):
        place = f"brands[{index}].match"
        for spelling in _spellings(brand.any, f"{place}.any", problems):
            claims[spelling].append(index)
        for number, group in enumerate(brand.all):
            for term, alternatives in enumerate(group.terms):
                for spelling in _spellings(alternatives, f"{place}.all[{number}].terms[{term}]", problems):
                    parts[spelling].append(Part(index, number, term))

    voids: defaultdict[Spelling, list[int]] = defaultdict(list)
    vetoes: defaultdict[Spelling, list[int]] = defaultdict(list)

    def meanings() -> dict[Spelling, Meaning]:
        return {
            spelling: Meaning(
                claims=tuple(claims.get(spelling, ())),
                parts=tuple(parts.get(spelling, ())),
                voids=tuple(voids.get(spelling, ())),
                vetoes=tuple(vetoes.get(spelling, ())),
            )
            for spelling in dict.fromkeys(chain(claims, parts, voids, vetoes))
        }

    terms = TermIndex(meanings())
    for index, brand in enumerate(brands):
        for number, exclusion in enumerate(brand.none):
            found = _spellings([exclusion], f"brands[{index}].match.none", problems, number)
            covers = any(_names(index, spelling.key, terms) for spelling in found)
            for spelling in found:
                (voids if covers else vetoes)[spelling].append(index)
    if problems:
        raise ConfigError(problems)
    return meanings()


def _spellings(terms: Sequence[Term], path: str, problems: list[Problem], first: int = 0) -> dict[Spelling, None]:
    """Return the spellings of listed terms, each once; add the terms that have none to `problems`."""
    found: dict[Spelling, None] = {}
    for number, term in enumerate(terms, first):
        of_term = spellings(term)
        if not of_term:
            message = f"{text_of(term)!r} names nothing: write a word, a phrase, an @handle or a #hashtag"
            problems.append(Problem(message, f"{path}[{number}]"))
        found.update(dict.fromkeys(of_term))
    return found


def _names(brand: int, exclusion: str, terms: TermIndex) -> bool:
    """Return whether an exclusion contains a term of a brand as a word."""
    found = [meaning for meaning, _, _ in terms.occurrences(f" {exclusion} ", any_case=True)]
    return any(brand in each.claims or any(part.brand == brand for part in each.parts) for each in found)


def _uncovered(mentions: list[_SpanOrPlace], exclusions: list[Span]) -> Iterator[_SpanOrPlace]:
    """Yield the mentions that lie outside every exclusion, by one sweep from left to right."""
    ahead = sorted(exclusions, reverse=True)
    covered_to = -1
    for mention in sorted(mentions):
        while ahead and ahead[-1][0] <= mention[0]:
            covered_to = max(covered_to, ahead.pop()[1])
        if mention[1] > covered_to:
            yield mention
