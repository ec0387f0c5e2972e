"""Functions on the text of a post: clean it, fold it for comparison, and compute its signature.

All functions are pure, and their time is linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from hashlib import blake2b

from streams.core.text.characters import (
    BLANKS,
    CONTROLS,
    ENCLOSED,
    INVISIBLE,
    INVISIBLE_BEYOND,
    MARKS,
    MARKS_OF_WORDS,
    SHAPING,
    SHAPING_BEYOND,
    TAGS,
)
from streams.core.text.letters import PlainLetters
from streams.core.text.look_alikes import without_disguise

MAX_MARKS = 4
"""Combining marks kept after one character. Living orthographies stack up to three or four; longer runs are vandalism
and make `unicodedata.normalize` quadratic."""

SIGNATURE_BITS = 48

MAX_DESCRIBED_CHARS = 2_000
"""Characters of a text from which its terms and its signature are taken, which bounds the time for one text."""


_MARK = f"[{MARKS}]"
_MARK_RUN = re.compile(f"({_MARK}{{{MAX_MARKS}}}){_MARK}++")
_MAYBE_MARK_RUN = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")  # a quick check: all marks are above U+0300
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(f"[{CONTROLS}]++")
_INVISIBLE = re.compile(f"[{CONTROLS}{INVISIBLE}]++")
_INVISIBLE_BEYOND = re.compile(f"[{INVISIBLE_BEYOND}]++")
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_SHAPES_NOTHING = re.compile(
    f"(?<=[A-Za-z\u00c0-\u024f\u0370-\u052f])[{SHAPING}{SHAPING_BEYOND}]++"
    f"|(?<![\U0001f3f4{TAGS}])[{TAGS}]++"  # a flag of a region is a black flag with tags
)
_BLANK = re.compile(f"[{BLANKS}]")
_PRINTABLE = re.compile(f"[\u034f\u3164\uffa0{SHAPING}{BLANKS}]")
"""What `str.isprintable` accepts of the characters that `_without_invisible` looks for (and joiners)."""

_BLOCK_TAGS = """p br div pre blockquote ul ol li dl dt dd h1 h2 h3 h4 h5 h6 hr img figure figcaption picture source
    table thead tbody tfoot tr td th video audio iframe section article header footer main aside center script style"""
_INLINE_TAGS = "a abbr b cite code del em font i ins mark q rp rt ruby s small span strike strong sub sup time u wbr"
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_TAGS = frozenset((_BLOCK_TAGS + " " + _INLINE_TAGS).split())
_TAG = re.compile(r"<(?=[A-Za-z/!])(?:!--|(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,9}+)(?:\s[^<>]*+|/)?>)|-->")
_ENTITY = re.compile(
    r"&(?:(?:amp|AMP|#0{0,4}38|#[xX]0{0,4}26);)*"  # escaped more than once
    r"(?P<name>(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    r"|(?:amp|nbsp|quot|apos|lt|gt)(?![\w=;]))"
)


def normalise(raw: str, max_chars: int) -> str:
    """Clean the text of a post on arrival.

    HTML becomes text: block tags are replaced by a blank, and inline tags, comments, scripts and styles are removed.
    Entities are resolved, however often they were escaped; lone surrogates become U+FFFD, invisible and control
    characters are removed, and runs of combining marks are cut to `MAX_MARKS`. The result is NFC with single blanks.
    Only known HTML tags are removed, so that ``I <3 you`` survives.

    Parameters
    ----------
    raw
        Text as the source delivered it.
    max_chars
        Greatest length of the result.

    Examples
    --------
    >>> normalise("<p>Kein&nbsp;Netz bei<br/>@Nordtel &amp;lt;3</p>", 280)
    'Kein Netz bei @Nordtel <3'
    """
    text = raw if raw.isprintable() else _SURROGATE.sub("\ufffd", raw)
    if "<" in text:
        text = _strip_tags(text)
    if "&" in text:
        text = _ENTITY.sub(_resolve, text)
    if text.isascii():
        text = text if text.isprintable() else _CONTROL.sub("", text)
    else:
        text = unicodedata.normalize("NFC", without_mark_runs(_without_invisible(text)))
    return " ".join(text.split())[:max_chars].rstrip()


def visible(text: str) -> str:
    """Return `text` on one line, without control, bidi and other characters that show nothing.

    What shapes a letter or an emoji stays, such as the joiners of a family.

    Examples
    --------
    >>> visible("red\\u202e \\x1b[31m alert\\nnext")
    'red [31m alert next'
    """
    return " ".join(without_mark_runs(_without_invisible(_SURROGATE.sub("\ufffd", text))).split())


def without_mark_runs(text: str) -> str:
    """Return `text` with at most `MAX_MARKS` combining marks in a row."""
    if text.isascii() or not _MAYBE_MARK_RUN.search(text):
        return text
    return _MARK_RUN.sub(r"\1", text)


def _resolve(entity: re.Match[str]) -> str:
    # A numeric entity may name a surrogate, which html.unescape already replaces by U+FFFD.
    return html.unescape(f"&{entity['name'].removesuffix(';')};")


def _without_invisible(text: str) -> str:
    """Return `text` without characters that show nothing, and with blanks for those that take room."""
    has_printable = _PRINTABLE.search(text) is not None
    if text.isprintable() and not has_printable:
        return text
    text = _BLANK.sub(" ", _INVISIBLE.sub("", text))
    has_beyond = _BEYOND.search(text) is not None
    if has_beyond:
        text = _INVISIBLE_BEYOND.sub("", text)
    return _SHAPES_NOTHING.sub("", text) if has_printable or has_beyond else text


def _strip_tags(text: str) -> str:
    """Return the text without tags and without closed comments, scripts and styles."""
    parts: list[str] = []
    hidden: str | None = None  # the end of the hidden part
    hidden_from = 0  # its beginning in `parts`: a part that is never closed stays text
    position = 0
    for tag in _TAG.finditer(text):
        name = (tag["name"] or "").lower()
        if name and name not in _TAGS:
            continue
        parts.append(text[position : tag.start()])
        position = tag.end()
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


MAX_KNOWN_RUNS = 8192
MAX_KNOWN_CHARS = 2
"""Number and length of cached runs of characters that are not ASCII, such as ``ü`` and ``“``; about 1 MB."""

_KNOWN_RUNS: dict[str, str] = {}
_PLAIN = PlainLetters()
_NOT_ASCII = re.compile(r"[^\x00-\x7f]++")
_SIGNS = "ⒸⓒⓅⓟⓇⓡⓂ🄫🄬🅪🅫🅬🅰🅱🅾🅿"  # of trademarks and the like, behind a word
_SIGN_BEHIND = re.compile(rf"(?<=[A-Za-z\u00c0-\u024f])[{_SIGNS}]\ufe0f?+(?![\w{ENCLOSED}])")


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
    if text.isascii():
        return text
    plain = _NOT_ASCII.sub(_fold_run, text)
    return plain if plain.isascii() else without_disguise(plain)


def fold_case(text: str) -> str:
    """Return the small letters of a result of `fold_accents`, each at the place of its capital."""
    lower = text.lower()
    return lower if text.isascii() else lower.replace("ς", "σ")  # `str.lower` ends a word in capitals with ς


def _fold_run(run: re.Match[str]) -> str:
    characters = run[0]
    known = _KNOWN_RUNS.get(characters)
    if known is not None:
        return known
    has_sign = any(sign in characters for sign in _SIGNS)
    plain = (_without_sign(run) if has_sign else characters).translate(_PLAIN)
    plain = plain if plain.isascii() else unicodedata.normalize("NFC", plain)
    if len(characters) <= MAX_KNOWN_CHARS and not has_sign and len(_KNOWN_RUNS) < MAX_KNOWN_RUNS:
        _KNOWN_RUNS[characters] = plain
    return plain


def _without_sign(run: re.Match[str]) -> str:
    """Return a run of characters that are not ASCII, with a blank for a sign that ends a word."""
    start, end = run.span()
    before, after = run.string[max(0, start - 1) : start], run.string[end : end + 1]
    around = _SIGN_BEHIND.sub(" ", before + run[0] + after)
    return around[len(before) : len(around) - len(after)]


# A link ends before what no link contains, such as brackets and letters of scripts without blanks, and behind the ten
# characters of Twitter's short links: names are glued to links in many exports. The first letter stands alone, and both
# cases are spelled out, so that the search skips to it.
_LINKED = "[!#-'*-;=?@A-Z_a-z~\u00c0-\u0dff\u1e00-\u1fff]"
_URL = re.compile(
    r"[HPWhpw](?=[TWitw])(?:"
    r"(?:(?<=[Hh])[Tt][Tt][Pp][Ss]?://[Tt]\.[Cc][Oo]/|(?<=p)ic\.(?:twitter|x)\.com/)[A-Za-z0-9]{10}"
    rf"(?:[/?#]{_LINKED}*+)?"
    r"|(?:(?<=[Hh])[Tt][Tt][Pp][Ss]?://|(?<=[Ww])[Ww][Ww]\.(?:(?<!\w....)|(?=\w[\w-]*\.[A-Za-z]{2})))"
    rf"(?:{_LINKED}++(?:\({_LINKED}*+\){_LINKED}*+)*+…?|…))"
)
_HANDLE = re.compile(r"@(?<!\w@)\w[\w.-]*+(?:@\w[\w.-]*+)?")
HASHTAG = re.compile(rf"#(\w++(?:[{MARKS_OF_WORDS}]++\w*+)*+)")
_LOWER, _UPPER = "a-zß-öø-ÿ", "A-ZÀ-ÖØ-Þ"
_WORD_JOINT = re.compile(f"(?<=[{_LOWER}0-9])(?=[{_UPPER}])|(?<=[{_UPPER}])(?=[{_UPPER}][{_LOWER}])|_++")


def has_url(text: str) -> bool:
    """Return whether `without_urls` would remove anything."""
    return _may_have_url(text) and _URL.search(text) is not None


def without_urls(text: str) -> str:
    """Return `text` with a blank for each link that has a scheme or begins with ``www.``.

    Examples
    --------
    >>> without_urls("Nordtelhttps://t.co/a1B2c3D4e5Nordtel (https://a.example/x)Nordtel")
    'Nordtel Nordtel ( )Nordtel'
    """
    return _URL.sub(" ", text) if _may_have_url(text) else text


def _may_have_url(text: str) -> bool:
    return "/" in text or "ww." in text or "WW." in text


def without_handles(text: str) -> str:
    """Return `text` with a blank for each ``@handle``, with or without its server."""
    return _HANDLE.sub(" ", text) if "@" in text else text


_ESCAPED = re.compile(r"\\([_*~`])")
_EMPHASIS_BEFORE = re.compile(r"(?<![\w@#])_++([@#]?+)(?=[^\W_])(\w++)")
_EMPHASIS_BEHIND = re.compile(r"([@#]?+)\b(\w*[^\W_])_++(?!\w)")


def without_emphasis(text: str) -> str:
    r"""Return `text` without the underscores of Markdown around words, and without its backslashes.

    Underscores inside a word join its parts, and those at the ends of a handle or a hashtag are a part of it.

    Examples
    --------
    >>> without_emphasis("_Nordtel_ __is down__ @nordtel_ snake_case @nordtel\\_hilft ^_^")
    'Nordtel is down @nordtel_ snake_case @nordtel_hilft ^_^'
    """
    if "_" not in text:
        return text
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", text)
    text = _EMPHASIS_BEFORE.sub(lambda word: word[1] + word[2].rstrip("_"), text)
    return _EMPHASIS_BEHIND.sub(lambda word: word[0] if word[1] else word[2], text)


def hashtag_words(hashtag: str) -> str:
    """Return the words of a CamelCase or snake_case hashtag (without its ``#``), with blanks between them.

    Examples
    --------
    >>> [hashtag_words(tag) for tag in ("BoykottNordtel", "db_streik", "ICEAusfall", "nordtelkunde")]
    ['Boykott Nordtel', 'db streik', 'ICE Ausfall', 'nordtelkunde']
    """
    return _WORD_JOINT.sub(" ", hashtag).strip()


_NO_LETTERS = re.compile(r"[\W\d_]++")


def signature(text: str) -> int:
    """Return a number in 0..2**48-1 that near-duplicates of a post share: a hash of its words.

    Links, handles, digits, punctuation, emoji, case, accents and a leading ``RT`` make no difference. If the text has
    no word, its symbols are hashed instead; what follows the first `MAX_DESCRIBED_CHARS` makes no difference. The
    number is the same in every process and on every machine; two different texts collide with a probability of 2**-48.

    Examples
    --------
    >>> signature("WIN an iPhone 15!! http://a.example/1 @anna") == signature("RT @bob: win an iphone 16 http://b.example")
    True
    """
    folded = fold(without_handles(without_urls(text[: 2 * MAX_DESCRIBED_CHARS])))
    words = _NO_LETTERS.sub(" ", folded).strip().removeprefix("rt ")
    hashed = (words or "".join(folded.split()))[:MAX_DESCRIBED_CHARS]
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
