"""The optional fields of a record, read in whatever shape a source has given them.

Nothing that is counted depends on one of these fields alone, so none costs the post: a value in another usual shape is
converted, one that can't be used is left out, and both are counted by field.
"""

from __future__ import annotations

import re
from math import isfinite
from typing import Any, Final, Literal

from streams.core.ingest.characters import escaped, has_hidden, without_hidden
from streams.core.ingest.links import safe_link

MAX_TAG_CHARS: Final = 100

MAX_COUNT: Final = 10**10
"""Larger numbers of likes, reposts or replies are defects: there are fewer people."""

LARGEST_EXACT: Final = 2**53
"""Whole numbers are exact in a JSON float below it; larger ids have lost digits."""

_DEPTH: Final = 2
"""Objects and lists inside one another that are searched for the value."""

_NAMES: Final = (
    "username", "user_name", "screen_name", "handle", "acct", "login", "preferredUsername", "nickname", "name",
    "display_name", "displayName", "id", "id_str", "did", "_id", "title",
)  # fmt: skip
_REFERENCES: Final = ("id", "id_str", "uri", "cid", "_id", "url")
_LINKS: Final = ("url", "href", "link", "expanded_url", "uri")
_LANGUAGES: Final = ("code", "lang", "language", "iso", "id", "name")
_TOTALS: Final = ("count", "total", "total_count", "totalCount")

_NO_VALUE: Final = frozenset({"nan", "none", "null", "nil", "undefined", "n/a", "<na>", "nat"})
"""Texts by which other programs write a missing value, in lower case."""

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?=$|[-_])")
_COUNT: Final = re.compile(
    r"[+]?(?:(?P<grouped>[0-9]{1,3}(?:[.,'\u2019 \u00a0\u202f][0-9]{3})+)|(?P<number>[0-9]{1,15}(?:[.,][0-9]{1,9})?))"
    r"\s*(?P<unit>k|tsd\.?|thousand|m|mio\.?|mn|million|b|bn|mrd\.?|billion)?\s*\+?",
    re.IGNORECASE,
)
_FACTORS: Final = {"k": 10**3, "t": 10**3, "mr": 10**9, "m": 10**6, "b": 10**9}

Outcome = Literal["converted", "left_out"]


class OptionalFields:
    """Reads the optional fields of one record.

    Attributes
    ----------
    altered
        The fields read so far that were not as documented, and whether a value was made of them.

    Examples
    --------
    >>> fields = OptionalFields({"author": {"username": "kim"}, "likes": "1.2k", "url": "javascript:alert(1)"})
    >>> fields.name("author", 256), fields.count("likes"), fields.link("url")
    ('kim', 1200, None)
    >>> fields.altered
    {'author': 'converted', 'likes': 'converted', 'url': 'left_out'}
    """

    __slots__ = ("_fields", "altered")

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields
        self.altered: dict[str, Outcome] = {}

    def name(self, field: str, max_chars: int) -> str | None:
        """Return a name, such as that of the author; hidden characters in it are escaped."""
        return self._text(field, _NAMES, max_chars, numbers_are_usual=field != "source")

    def reference(self, field: str, max_chars: int) -> str | None:
        """Return the id of another post."""
        return self._text(field, _REFERENCES, max_chars, numbers_are_usual=True)

    def tag(self, field: str) -> str | None:
        """Return a label that is compared with terms, without hidden characters."""
        value = self._fields.get(field)
        if isinstance(value, str) and has_hidden(value):
            self._fields = self._fields | {field: without_hidden(value)}
            self.altered[field] = "converted"
        return self._text(field, _NAMES, MAX_TAG_CHARS)

    def language(self, field: str) -> str | None:
        """Return the language subtag of a code such as ``de`` or ``en-GB``."""
        stated = self._text(field, _LANGUAGES, MAX_TAG_CHARS)
        subtag = _LANGUAGE.match(stated.lower()) if stated else None
        if stated and not subtag:
            self.altered[field] = "left_out"
        return subtag[0] if subtag else None

    def link(self, field: str) -> str | None:
        """Return a link that may be shown, as `safe_link` decides."""
        value = self._fields.get(field)
        if value is None or value == "":
            return None
        stated = value.strip() if isinstance(value, str) else _found(value, _LINKS)
        link = safe_link(stated) if stated else None
        if link is None and stated != "":
            self.altered[field] = "left_out"
        elif not isinstance(value, str):
            self.altered[field] = "converted"
        return link

    def count(self, field: str) -> int:
        """Return a number of likes, reposts or replies; what is below 0 counts as 0."""
        value = self._fields.get(field)
        if value is None or value == "":
            return 0
        if type(value) is int and 0 <= value <= MAX_COUNT:
            return value
        number = _whole_number(value)
        self.altered[field] = "left_out" if number is None else "converted"
        return number or 0

    def _text(
        self, field: str, keys: tuple[str, ...], max_chars: int, *, numbers_are_usual: bool = False
    ) -> str | None:
        value = self._fields.get(field)
        if value is None:
            return None
        if isinstance(value, str) and not has_hidden(value):
            text = value.strip()
            if field != "author" and text.lower() in _NO_VALUE:
                self.altered[field] = "left_out"
                return None
            return text[:max_chars].rstrip() or None
        if numbers_are_usual and type(value) is int:
            return str(value)[:max_chars]
        text = escaped((_found(value, keys) or "").strip())[:max_chars].rstrip()
        if text:
            self.altered[field] = "converted"
        elif value not in ("", [], {}, False):
            self.altered[field] = "left_out"
        return text or None


def _found(value: Any, keys: tuple[str, ...], depth: int = _DEPTH) -> str | None:
    """Return the first text or number in a value, an object or a list; None if there is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if isfinite(value) and value == int(value) else None
    if not depth:
        return None
    inner = (value.get(key) for key in keys) if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((text for each in inner if (text := _found(each, keys, depth - 1))), None)


def _whole_number(value: Any) -> int | None:
    """Return a number of people or posts, None if the value states none."""
    if isinstance(value, bool):
        return None
    number: Any = value
    if isinstance(value, dict):
        number = next((value[key] for key in _TOTALS if key in value), None)
    elif isinstance(value, list):
        number = value[0] if len(value) == 1 else None
    if isinstance(number, str):
        number = _counted(number.strip())
    if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number) or number > MAX_COUNT:
        return None
    return max(0, int(number))


def _counted(text: str) -> float | None:
    """Return the number that a text such as ``1,234``, ``12.0`` or ``1.2k`` states."""
    if text.startswith("-") and _COUNT.fullmatch(text[1:]):
        return 0
    stated = _COUNT.fullmatch(text)
    if stated is None:
        return None
    unit = (stated["unit"] or "").lower()
    if stated["grouped"] and not unit:
        return int(re.sub("[^0-9]", "", stated["grouped"]))
    digits = (stated["number"] or stated["grouped"]).replace(",", ".")
    try:
        number = float(digits)
    except ValueError:
        return None
    factor = next((factor for start, factor in _FACTORS.items() if unit.startswith(start)), 1)
    return round(number * factor)
