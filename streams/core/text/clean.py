"""Functions on the text of a post: clean it, fold it for comparison, extract its terms and its signature.

All functions are pure, and their time is linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from hashlib import blake2b
from itertools import pairwise

from streams.core.text.stopwords import STOPWORDS

MAX_MARKS = 4
"""Combining marks kept after one character. Living orthographies stack up to three or four; longer runs are vandalism
and make `unicodedata.normalize` quadratic."""

SIGNATURE_BITS = 48

MIN_TERM_LETTERS = 4
MAX_TERM_CHARS = 40
"""Longest word or hashtag that is a term; nearly all German compounds are shorter."""


def _marks() -> str:
    """Return all combining marks, as the inside of a regular expression's character class."""
    candidates = (code for span in (range(0x300, 0x1F000), range(0xE0100, 0xE01F0)) for code in span)
    codes = [c for c in candidates if unicodedata.category(chr(c)) in {"Mn", "Me"} or unicodedata.combining(chr(c))]
    starts = [codes[0], *(b for a, b in pairwise(codes) if b != a + 1)]
    ends = [*(a for a, b in pairwise(codes) if b != a + 1), codes[-1]]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))


_MARK = f"[{_marks()}]"
_MARK_RUN = re.compile(f"({_MARK}{{{MAX_MARKS}}}){_MARK}++")
_MAYBE_MARK_RUN = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")  # a quick check: all marks are above U+0300
_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # controls other than white space
    "\xad\u200b\u2060\ufeff"  # soft hyphen, zero-width space, word joiner, byte-order mark
    "\u061c\u200e\u200f\u202a-\u202e\u2061-\u2069"  # direction of writing, invisible operators
    "\ufffe\uffff"  # noncharacters
    "]++"
)

_BLOCK_TAGS = """p br div pre blockquote ul ol li dl dt dd h1 h2 h3 h4 h5 h6 hr img figure figcaption picture source
    table thead tbody tfoot tr td th video audio iframe section article header footer main aside center script style"""
_INLINE_TAGS = "a abbr b cite code del em font i ins mark q rp rt ruby s small span strike strong sub sup time u wbr"
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_TAG_NAMES = "|".join((_BLOCK_TAGS + " " + _INLINE_TAGS).split())
_TAG = re.compile(rf"<!--|-->|<(?P<close>/?)(?P<name>{_TAG_NAMES})(?:\s[^<>]*+|/)?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def normalise(raw: str, max_chars: int) -> str:
    """Clean the text of a post on arrival.

    HTML becomes text: block tags are replaced by a blank, and inline tags, comments, scripts and styles are removed.
    Entities are resolved once, lone surrogates become U+FFFD, invisible and control characters are removed, and runs of
    combining marks are cut to `MAX_MARKS`. The result is NFC with single blanks. Only known HTML tags are removed, so
    that ``I <3 you`` survives.

    Parameters
    ----------
    raw
        Text as the source delivered it.
    max_chars
        Greatest length of the result.

    Examples
    --------
    >>> normalise("<p>Kein&nbsp;Netz bei<br/>@Nordtel &lt;3</p>", 280)
    'Kein Netz bei @Nordtel <3'
    """
    text = _SURROGATE.sub("\ufffd", raw)
    if "<" in text:
        text = _strip_tags(text)
    if "&" in text:
        text = _ENTITY.sub(_resolve, text)
    text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", without_mark_runs(text))
    return " ".join(text.split())[:max_chars].rstrip()


def without_mark_runs(text: str) -> str:
    """Return `text` with at most `MAX_MARKS` combining marks in a row."""
    if text.isascii() or not _MAYBE_MARK_RUN.search(text):
        return text
    return _MARK_RUN.sub(r"\1", text)


def _resolve(entity: re.Match[str]) -> str:
    # A numeric entity may name a surrogate, which html.unescape already replaces by U+FFFD.
    return html.unescape(entity[0])


def _strip_tags(text: str) -> str:
    """Return the text without tags and without closed comments, scripts and styles."""
    parts: list[str] = []
    hidden: str | None = None  # the end of the hidden part
    hidden_from = 0  # its beginning in `parts`: a part that is never closed stays text
    position = 0
    for tag in _TAG.finditer(text):
        parts.append(text[position : tag.start()])
        position = tag.end()
        name = (tag["name"] or "").lower()
        closes = "-->" if tag[0] == "-->" else f"</{name}>" if tag["close"] else None
        if hidden is not None:
            if closes == hidden:
                del parts[hidden_from:]
                hidden = None
        elif tag[0] == "<!--" or (name in {"script", "style"} and not closes):
            hidden, hidden_from = f"</{name}>" if name else "-->", len(parts)
        elif tag[0] == "-->":
            parts.append(tag[0])
        if name in _BLOCKS and hidden is None:
            parts.append(" ")
    parts.append(text[position:])
    return "".join(parts)


class _FoldTable(dict[int, str]):
    """Form of each non-ASCII character without accents, computed when it is first met (for `str.translate`).

    A capital becomes capitals, so that `fold_accents` keeps the case.
    """

    MAX_CACHED = 8192  # more than any language needs; bounds the memory whatever is sent

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isalnum():
            folded = "".join(self.get(ord(c), c) for c in unicodedata.normalize("NFKD", char).casefold())
            # Superscripts and fractions are footnotes and symbols, not a part of the word they follow.
            folded = folded if char.isalpha() or char.isdecimal() else char
        else:
            folded = char
        folded = _capitals(folded) if char.isupper() else folded
        if len(self) < self.MAX_CACHED:
            self[code] = folded
        return folded


def _capitals(folded: str) -> str:
    """Return the capitals of folded letters, or the letters themselves if `fold_case` does not undo it."""
    capitals = folded.upper()
    return capitals if fold_case(capitals) == fold_case(folded) else folded


# Diacritics of Latin, Greek and Cyrillic, and variation selectors; marks of other scripts are part of their spelling.
_DIACRITICS = ((0x300, 0x370), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0xFE00, 0xFE10), (0xFE20, 0xFE30))
_FOLDED = _FoldTable({code: "" for start, stop in _DIACRITICS for code in range(start, stop)})
_FOLDED.update(dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF), ""))  # soft hyphen, zero-width characters
# Letters that Unicode does not decompose, typographic apostrophes and hyphens, and the wide forms of the two sigils.
_FOLDED.update(
    {ord(c): to for c, to in zip("æœøłđðħıþ", ("ae", "oe", "o", "l", "d", "d", "h", "i", "th"), strict=True)}
    | {ord(c): to for c, to in zip("ÆŒØŁĐÐĦÞ", ("AE", "OE", "O", "L", "D", "D", "H", "TH"), strict=True)}
    | dict.fromkeys(map(ord, "’‘ʼ´`′＇"), "'")
    | dict.fromkeys(map(ord, "‐‑‒–—−－"), "-")
    | {ord("＠"): "@", ord("＃"): "#"}
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]++")


def fold(text: str) -> str:
    """Return the text for comparison: no case, no accents, plain apostrophes and hyphens, no compatibility letters.

    Umlauts lose their dots like any accent (``ü`` is ``u``); ``ß`` is ``ss``. The length may change.

    Examples
    --------
    >>> fold("NESTLÉ Straße Mu\u0308ller’s \U0001d5d4𝗖𝗠𝗘")
    "nestle strasse muller's acme"
    """
    return fold_case(fold_accents(text))


def fold_accents(text: str) -> str:
    """Return the text folded like `fold`, except that its capitals stay.

    Examples
    --------
    >>> fold_accents("NESTLÉ Łódź Straße")
    'NESTLE Lodz Strasse'
    """
    return text if text.isascii() else _NOT_ASCII.sub(_fold_run, text)


def fold_case(text: str) -> str:
    """Return the small letters of a result of `fold_accents`, each at the place of its capital."""
    lower = text.lower()
    return lower if text.isascii() else lower.replace("ς", "σ")  # `str.lower` ends a word in capitals with ς


def _fold_run(run: re.Match[str]) -> str:
    return run[0].translate(_FOLDED)


_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]++", re.IGNORECASE)
_HANDLE = re.compile(r"@(?<!\w@)\w[\w.-]*+(?:@\w[\w.-]*+)?")
HASHTAG = re.compile(r"#(\w++)")
_LOWER, _UPPER = "a-zß-öø-ÿ", "A-ZÀ-ÖØ-Þ"
_WORD_JOINT = re.compile(f"(?<=[{_LOWER}0-9])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])|_++")


def has_url(text: str) -> bool:
    """Return whether `without_urls` would remove anything."""
    return ("://" in text or "www." in text) and _URL.search(text) is not None


def without_urls(text: str) -> str:
    """Return `text` with a blank for each link that has a scheme or begins with ``www.``."""
    return _URL.sub(" ", text) if "://" in text or "www." in text else text


def without_handles(text: str) -> str:
    """Return `text` with a blank for each ``@handle``, with or without its server."""
    return _HANDLE.sub(" ", text) if "@" in text else text


def hashtag_words(hashtag: str) -> str:
    """Return the words of a CamelCase or snake_case hashtag (without its ``#``), with blanks between them.

    Examples
    --------
    >>> [hashtag_words(tag) for tag in ("BoykottNordtel", "db_streik", "ICEAusfall", "nordtelkunde")]
    ['Boykott Nordtel', 'db streik', 'ICE Ausfall', 'nordtelkunde']
    """
    return _WORD_JOINT.sub(" ", hashtag).strip()


_TERM = re.compile(r"#\w{2,}|(?<![\w#])[^\W\d_][\w'’-]*")
_LETTER_PAIR = re.compile(r"[^\W\d_]{2}")


def terms(text: str, limit: int = 8, pairs: int = 4) -> list[str]:
    """Return the terms of a post, from which the key terms of an incident are chosen.

    Terms are hashtags (with their ``#``) and words of at least four letters that are not German or English stop words,
    in lower case and of at most `MAX_TERM_CHARS`, each once; handles and links are left out. The first `limit` are
    returned in order of appearance, then the first `pairs` of adjacent words. Umlauts stay, as people read the terms.

    Examples
    --------
    >>> terms("@nordtel_hilft Seit Stunden #Netzausfall, wieder kein Netz! Störung? #netzausfall https://t.co/x")
    ['stunden', '#netzausfall', 'netz', 'störung']
    >>> terms("The customer service line is dead")
    ['customer', 'service', 'line', 'dead', 'customer service', 'service line']
    """
    found: dict[str, None] = {}
    adjacent: dict[str, None] = {}
    cleaned = without_handles(without_urls(text))
    before, end = "", -1
    for match in _TERM.finditer(cleaned):
        term = match[0].rstrip("'’-").lower()
        is_word = term[0] != "#"
        if is_word:
            term = term.removesuffix("'s").removesuffix("’s")
            wanted = MIN_TERM_LETTERS <= len(term) <= MAX_TERM_CHARS and term not in STOPWORDS
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
            found[term] = None
            if len(found) == limit:
                break
    return [*found, *adjacent]


_NO_LETTERS = re.compile(r"[\W\d_]++")


def signature(text: str) -> int:
    """Return a number in 0..2**48-1 that near-duplicates of a post share: a hash of its words.

    Links, handles, digits, punctuation, emoji, case, accents and a leading ``RT`` make no difference. If the text has
    no word, its symbols are hashed instead. The number is the same in every process and on every machine; two different
    texts collide with a probability of 2**-48.

    Examples
    --------
    >>> signature("WIN an iPhone 15!! http://a.example/1 @anna") == signature("RT @bob: win an iphone 16 http://b.example")
    True
    """
    folded = fold(without_handles(without_urls(text)))
    words = _NO_LETTERS.sub(" ", folded).strip().removeprefix("rt ")
    hashed = words or "".join(folded.split())
    # A lone surrogate can't come from ingest, but any producer may write to Kafka.
    digest = blake2b(hashed.encode(errors="surrogatepass"), digest_size=SIGNATURE_BITS // 8).digest()
    return int.from_bytes(digest, "big")


def printable(text: str) -> str:
    """Return `text` without line ends and control characters, so that it can neither break nor command a terminal.

    Examples
    --------
    >>> printable("red \\x1b[31m alert\\nnext")
    'red �[31m alert next'
    """
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)
