"""Rules of the filtered stream: which ones the brands need, and how those of the project become these.

Rules belong to the project, outlive a connection, and may be somebody else's. The rules of a source have a tag of its
own and are the only ones that are touched.
"""

from __future__ import annotations

import hashlib
import re
from itertools import product, zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from streams.core.text.brand_terms import UMLAUTS_WITH_E
from streams.core.text.clean import fold_accents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.config import BrandSettings
    from streams.config.sources.x import XSettings

_HANDLE: Final = re.compile(r"@\w{1,15}")
_HASHTAG: Final = re.compile(r"#\w+")
_UNQUOTABLE: Final = re.compile(r'["\\\s]+')

MAX_TOGETHER: Final = 25
"""Combinations of the alternatives of terms that name a brand only together."""


class Rule(NamedTuple):
    """A rule of the stream.

    Parameters
    ----------
    value
        The rule in the language of X.
    tag
        ``firewatch/``, the id of the source, and the id of the brand.
    """

    value: str
    tag: str


class RuleChanges(NamedTuple):
    """Changes that turn the rules of the project into those of the source.

    Parameters
    ----------
    add
        Rules that are missing. X keeps each value once, so that one which somebody else has made counts too.
    delete
        Ids of rules of this source that are not needed any more.
    others
        Number of rules of the project that are somebody else's.
    """

    add: list[Rule]
    delete: list[str]
    others: int


def tag_prefix(source: str) -> str:
    """Return the beginning of the tags of all rules of a source."""
    return f"firewatch/{source}/"


def wanted_rules(brands: Iterable[BrandSettings], settings: XSettings, sample_percent: int | None = None) -> list[Rule]:
    """Return the rules by which every post that names a brand is delivered.

    What merely excludes posts from a brand is left to the matcher, since a post may name the brand beside it.

    Parameters
    ----------
    brands
        Brands of the config; one with nothing but tags has no rule.
    settings
        Languages, reposts, and the longest rule.
    sample_percent
        Percentage of the posts to deliver; None for all.
    """
    suffix = _suffix(settings, sample_percent)
    rules = []
    for brand in brands:
        tag = tag_prefix(settings.id) + brand.id
        rules += [Rule(value, tag) for value in _packed(clauses(brand), suffix, settings.max_rule_chars)]
    return rules


def unreachable_brands(brands: Iterable[BrandSettings]) -> list[str]:
    """Return the ids of the brands for which no rule can be made, since they are matched by tags alone."""
    return [brand.id for brand in brands if not clauses(brand)]


def sample_query(brands: Iterable[BrandSettings], settings: XSettings) -> str:
    """Return one query for posts of as many brands as it has room for, a term of each in turn; empty without a term."""
    turns = zip_longest(*(clauses(brand) for brand in brands))
    terms = [term for turn in turns for term in turn if term is not None]
    return next(_packed(list(dict.fromkeys(terms)), _suffix(settings, None), settings.max_rule_chars), "")


def clauses(brand: BrandSettings) -> list[str]:
    """Return the alternatives of a brand in the language of X, in all their spellings, each once."""
    found: dict[str, None] = {}
    for term in brand.match.any:
        found.update(dict.fromkeys(_spellings(_text_of(term))))
    for together in brand.match.all:
        options = [
            [
                spelling
                for term in (each if isinstance(each, list) else [each])
                for spelling in _spellings(_text_of(term))
            ]
            for each in together.terms
        ]
        for number, chosen in enumerate(product(*options)):
            if number == MAX_TOGETHER:
                break
            found[f"({' '.join(chosen)})"] = None
    return list(found)


def changes(existing: Sequence[Any], wanted: Sequence[Rule], source: str) -> RuleChanges:
    """Compare the rules that the API lists with those that are wanted.

    Parameters
    ----------
    existing
        Entries of ``GET /2/tweets/search/stream/rules``, with ``id``, ``value`` and maybe ``tag``.
    wanted
        Rules of the source.
    source
        Id of the source.

    Examples
    --------
    >>> existing = [{"id": "1", "value": "old", "tag": "firewatch/x/acme"}, {"id": "2", "value": "theirs"}]
    >>> changes(existing, [Rule("new", "firewatch/x/acme")], "x")
    RuleChanges(add=[Rule(value='new', tag='firewatch/x/acme')], delete=['1'], others=1)
    """
    ours = {
        Rule(str(each.get("value")), str(each.get("tag"))): str(each.get("id"))
        for each in existing
        if isinstance(each, dict) and str(each.get("tag", "")).startswith(tag_prefix(source))
    }
    delete = [id for rule, id in ours.items() if rule not in wanted]
    there = values_of([each for each in existing if isinstance(each, dict) and str(each.get("id")) not in delete])
    add: dict[str, Rule] = {}
    for rule in wanted:
        if rule.value not in there:
            add.setdefault(rule.value, rule)
    return RuleChanges(list(add.values()), delete, others=len(existing) - len(ours))


def marks(existing: Sequence[Any], wanted: Sequence[Rule]) -> frozenset[str]:
    """Return short marks of those values of the wanted rules that the project has, by which they are known again."""
    values = {rule.value for rule in wanted}
    return frozenset(_mark(value) for value in values_of(existing) if value in values)


def lacks(existing: Sequence[Any], marked: frozenset[str]) -> bool:
    """Return whether the project has a rule no more that was marked: somebody has deleted or changed it."""
    return not marked <= {_mark(value) for value in values_of(existing)}


def values_of(existing: Sequence[Any]) -> set[str]:
    """Return the values of the rules that the API lists."""
    return {str(each.get("value")) for each in existing if isinstance(each, dict)}


def _mark(value: str) -> str:
    return hashlib.blake2b(value.encode(errors="replace"), digest_size=4).hexdigest()


def _text_of(term: Any) -> str:
    return term if isinstance(term, str) else str(term.term)


def _spellings(term: str) -> Iterator[str]:
    """Yield a term as an operator of X, and with its accents written otherwise: X compares them exactly."""
    spelled = {term: None, fold_accents(term): None, term.translate(UMLAUTS_WITH_E): None}
    for text in spelled:
        if _HANDLE.fullmatch(text) or _HASHTAG.fullmatch(text):
            yield text
        elif plain := _UNQUOTABLE.sub(" ", text.lstrip("@#")).strip():
            yield f'"{plain}"'


def _suffix(settings: XSettings, sample_percent: int | None) -> str:
    languages = " OR ".join(f"lang:{language}" for language in settings.languages)
    parts = [
        f"({languages})" if len(settings.languages) > 1 else languages,
        "" if settings.include_reposts else "-is:retweet",
        f"sample:{sample_percent}" if sample_percent is not None else "",
    ]
    return "".join(f" {part}" for part in parts if part)


def _packed(alternatives: Sequence[str], suffix: str, max_chars: int) -> Iterator[str]:
    """Yield as few rules as have room for all alternatives; one that is too long by itself is left out."""
    room = max_chars - len(suffix) - 2
    together: list[str] = []
    length = 0
    for each in alternatives:
        if len(each) > room:
            continue
        added = len(each) + (4 if together else 0)
        if length + added > room:
            yield f"({' OR '.join(together)}){suffix}"
            together, length, added = [], 0, len(each)
        together.append(each)
        length += added
    if together:
        yield f"({' OR '.join(together)}){suffix}"
