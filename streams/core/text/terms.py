"""The terms of a post: hashtags, words and pairs of words that show its topic.

The time is linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import re

from streams.core.text.characters import MARKS_OF_WORDS
from streams.core.text.clean import MAX_DESCRIBED_CHARS, without_emphasis, without_handles, without_urls
from streams.core.text.letters import RAISED_DIGITS
from streams.core.text.stopwords import STOPWORDS

MIN_TERM_LETTERS = 4
MAX_TERM_CHARS = 40
"""Longest word or hashtag that is a term; nearly all German compounds are shorter."""

_FOOTNOTES = "'’-" + RAISED_DIGITS
_TERM = re.compile(
    rf"#\w[\w{MARKS_OF_WORDS}]++"
    rf"|(?<![\w#])[^\W\d_{RAISED_DIGITS}][\w'’-]*+(?:[{MARKS_OF_WORDS}]++[\w'’-]*+)*+"
)
_SENTENCE_END = re.compile("[.!?:;…]")
_POSSESSIVE = ("'s", "’s", "'S", "’S")
_LETTER_PAIR = re.compile(r"[^\W\d_]{2}")


def terms(text: str, limit: int = 8, pairs: int = 4, *, keep_initials: bool = True) -> list[str]:
    """Return the terms of a post, from which the key terms of an incident are chosen.

    Terms are hashtags (with their ``#``) and words of at least four letters that are not German or English stop words,
    of at most `MAX_TERM_CHARS`, each once, as it is written first; handles and links are left out. The first `limit`
    are returned in order of appearance, then the first `pairs` of adjacent words, in small letters.

    Without `keep_initials`, the capital of a word that begins a sentence is not kept. It does not show how an English
    word is written, but German sentences often begin with a noun.

    Examples
    --------
    >>> terms("@nordtel_hilft Seit Stunden #Netzausfall, wieder kein Netz! Störung? #netzausfall https://t.co/x")
    ['Stunden', '#Netzausfall', 'Netz', 'Störung']
    >>> terms("Staffing! Why does Dallas have no Staff?", keep_initials=False)
    ['staffing', 'Dallas', 'Staff']
    >>> terms("The customer service line is dead")
    ['customer', 'service', 'line', 'dead', 'customer service', 'service line']
    """
    found: dict[str, str] = {}
    adjacent: dict[str, None] = {}
    cleaned = without_handles(without_urls(without_emphasis(text[:MAX_DESCRIBED_CHARS])))
    before, end = "", -1
    behind = 0  # the end of the word or hashtag before
    for match in _TERM.finditer(cleaned):
        written = match[0].rstrip(_FOOTNOTES)
        if not keep_initials and (not behind or _SENTENCE_END.search(cleaned, behind, match.start())):
            written = _without_initial(written)
        behind = match.end()
        is_word = match[0][0] != "#"
        if is_word and written.endswith(_POSSESSIVE):
            written = written[:-2]
        term = written.lower()
        if is_word:
            wanted = MIN_TERM_LETTERS <= len(term) <= MAX_TERM_CHARS and term[0].isalpha() and term not in STOPWORDS
        else:
            wanted = len(term) <= MAX_TERM_CHARS and _LETTER_PAIR.search(term) is not None
        if not wanted:
            continue
        start = match.start()
        if is_word:
            if before and start == end + 1 and cleaned[end] == " " and before != term and len(adjacent) < pairs:
                adjacent[f"{before} {term}"] = None
            before, end = term, match.end()
        if term not in found:
            found[term] = written
            if len(found) == limit:
                break
    return [*found.values(), *adjacent]


def _without_initial(word: str) -> str:
    """Return a word that has no capital but its first letter in small letters, and another one as it is."""
    lower = word.lower()
    return lower if word[1:] == lower[1:] else word
