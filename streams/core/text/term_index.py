"""Search for the terms of all brands in one pass over a text."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import ahocorasick

from streams.core.text.brand_terms import SIGILS
from streams.core.text.characters import is_mark
from streams.core.text.clean import fold_case
from streams.core.text.hashtags import Hashtags
from streams.core.text.scripts import goes_on, in_word, is_unspaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from streams.core.text.brand_terms import Spelling

_ONLY_LABELS: Final = re.compile(r"[\w.]*")
_DOMAIN_FOLLOWS: Final = re.compile(r"\w*\.[^\W\d_]")
_BEFORE_LABEL: Final = frozenset("@.")
_LONGEST_HOST: Final = 253
"""Characters of a host name (RFC 1035)."""


class Part(NamedTuple):
    """One of several terms that name a brand together.

    Parameters
    ----------
    brand
        Position of the brand.
    group, term
        Which of its groups, and which term of the group.
    """

    brand: int
    group: int
    term: int


@dataclass(frozen=True, slots=True)
class Meaning:
    """The brands (by position) for which a spelling means something.

    Parameters
    ----------
    claims
        Brands that it names.
    parts
        Terms that name a brand together with others.
    voids
        Brands whose mentions it covers.
    vetoes
        Brands of which a text with it is not.
    """

    claims: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    voids: tuple[int, ...] = ()
    vetoes: tuple[int, ...] = ()


class _Use(NamedTuple):
    """A spelling of a key, and what it means."""

    with_case: str | None
    in_hashtags: bool
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class _Key:
    """A string that the automaton finds.

    Parameters
    ----------
    syllable_after
        Whether its last syllable may go on behind it, in a script without blanks.
    always
        Meaning wherever the key is a word; None if these depend on the case, or on being in a hashtag.
    """

    length: int
    edge_before: bool
    edge_after: bool
    syllable_after: bool
    may_take_s: bool
    has_at: bool
    uses: tuple[_Use, ...]
    always: Meaning | None

    @classmethod
    def of(cls, text: str, uses: Sequence[_Use]) -> Self:
        """Return the key for a string and its uses."""
        exact = text.startswith(SIGILS)
        simple = len(uses) == 1 and uses[0].with_case is None and not uses[0].in_hashtags
        return cls(
            length=len(text),
            edge_before=exact or in_word(text[0]),
            edge_after=in_word(text[-1]) or text[-1].isdigit(),
            syllable_after=is_unspaced(text[-1]),
            may_take_s=not exact and text[-1].isalnum(),
            has_at="@" in text,
            uses=tuple(uses),
            always=uses[0].meaning if simple else None,
        )


class TermIndex:
    """The spellings of terms, and where a text has them as words.

    Parameters
    ----------
    meanings
        What each spelling means.
    """

    def __init__(self, meanings: Mapping[Spelling, Meaning]) -> None:
        uses: defaultdict[str, list[_Use]] = defaultdict(list)
        for spelling, meaning in meanings.items():
            uses[spelling.key].append(_Use(spelling.with_case, spelling.in_hashtags, meaning))
        self._automaton = ahocorasick.Automaton()
        for text, of_text in uses.items():
            self._automaton.add_word(text, _Key.of(text, of_text))
        if uses:  # pyahocorasick can't search with an empty automaton
            self._automaton.make_automaton()

    def occurrences(self, text: str, *, any_case: bool = False) -> Iterator[tuple[Meaning, int, int]]:
        """Yield what the words of a text mean, with the first and last position of each.

        Parameters
        ----------
        text
            Result of `searchable`.
        any_case
            Whether to yield spellings of case-sensitive terms in any case.
        """
        if not self._automaton:
            return
        folded = fold_case(text)
        has_at = "@" in folded
        has_hashtags = "#" in folded
        hashtags: Hashtags | None = None
        for last, key in self._automaton.iter(folded):
            end = last + 1
            start = end - key.length
            before, after = folded[start - 1], folded[end]
            if (key.edge_before and before != " " and in_word(before)) or (key.syllable_after and is_mark(after)):
                is_word = False
            elif key.edge_after and after != " " and goes_on(after):
                is_word = key.may_take_s and after == "s" and not goes_on(folded[end + 1])
            else:
                is_word = True
            if not is_word and not has_hashtags:
                continue
            if has_at and before in _BEFORE_LABEL and not key.has_at and _in_host(text, folded, start, end):
                continue
            if is_word and key.always:
                yield key.always, start, last
                continue
            in_hashtag = False
            if has_hashtags:
                hashtags = hashtags or Hashtags(text)
                in_hashtag = hashtags.have_word(start, end, may_take_s=key.may_take_s)
            if is_word or in_hashtag:
                for use in key.uses:
                    as_written = use.with_case is None or any_case or before == "@"
                    if (in_hashtag or not use.in_hashtags) and (as_written or use.with_case == text[start:end]):
                        yield use.meaning, start, last


def _in_host(text: str, folded: str, start: int, end: int) -> bool:
    """Return whether a term is in the host name of an e-mail address or of a handle."""
    if folded[start - 2 : start] == " @":
        return False
    at = folded.rfind("@", max(0, start - _LONGEST_HOST), start)
    if at < 0 or not _ONLY_LABELS.fullmatch(folded, at + 1, start):
        return False
    has_dot = at + 1 < start
    if folded[at - 1].isalnum() or folded[at - 1] in "_+":
        return has_dot or _DOMAIN_FOLLOWS.match(folded, end) is not None
    # A handle may be a domain, whose first label is the name. A capital behind its dot begins a sentence.
    return has_dot and (not text[start].isupper() or _DOMAIN_FOLLOWS.match(folded, end) is not None)
