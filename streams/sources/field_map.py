"""Where the fields of a post are in the records of a source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from streams.config.field_maps import DELETE
from streams.sources.time_formats import TimeReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.config.field_maps import FieldRule, FieldSource

    Rule = Callable[[dict[str, Any]], Any]

REQUIRED: Final = ("id", "created_at", "text")
"""Fields without which a record is no post."""

Record = dict[str, Any]
"""A decoded JSON object."""

_SEPARATORS: Final = {"text": "\n", "id": ":", "repost_of": ":", "reply_to": ":"}
"""Text between joined values; in other fields a blank."""

_NO: Final = frozenset({"0", "false", "no", "n", "f", "none", "null"})
"""Values, in small letters, by which programs write that something is not so."""


class Converter(Protocol):
    """Something that finds posts in the records of a format."""

    def fits(self, record: Record) -> bool:
        """Return whether a record is of this format."""

    def convert(self, record: Record) -> Record | None:
        """Return the fields of the post or the deletion in a record that fits; None if it holds neither."""


def value_at(record: Any, path: str) -> Any:
    """Return the value at a dotted path, None if there is none.

    A name that contains dots itself, as a column of a table may, is found too; a number is a position in a list.

    Examples
    --------
    >>> value_at({"user": {"name": "kim"}, "langs": ["de"]}, "user.name"), value_at({"langs": ["de"]}, "langs.0")
    ('kim', 'de')
    >>> value_at({"user.name": "kim"}, "user.name"), value_at({"user": None}, "user.name")
    ('kim', None)
    """
    if isinstance(record, dict):
        if path in record:
            return record[path]
        first, dot, rest = path.partition(".")
        return value_at(record[first], rest) if dot and first in record else None
    if isinstance(record, list):
        first, dot, rest = path.partition(".")
        if not first.isdecimal() or int(first) >= len(record):
            return None
        return value_at(record[int(first)], rest) if dot else record[int(first)]
    return None


def first_at(record: Record, *paths: str) -> Any:
    """Return the first value at some paths that is neither null nor empty."""
    return next((value for path in paths if (value := value_at(record, path)) not in (None, "", [])), None)


def is_native(record: Record) -> bool:
    """Return whether a record has the fields of a post or a deletion under their own names."""
    return record.get("delete") is True or all(record.get(name) is not None for name in REQUIRED)


class FieldMap:
    """A converter by the rules of a map.

    Parameters
    ----------
    rules
        Rule of each field: a path, a mapping as `streams.config.field_maps` describes, or a list of these, of which the
        first with a value counts. Fields that are not named are found under their own names.
    now_ms
        The clock, milliseconds since the epoch, of a source that is read as it is written; None for other sources.

    Examples
    --------
    >>> fields = FieldMap({"id": "post.uid", "text": ["post.title", "post.body"], "lang": {"const": "de"}})
    >>> fields.convert({"post": {"uid": 7, "body": "Hallo"}, "created_at": 1_700_000_000})
    {'created_at': 1700000000, 'id': 7, 'text': 'Hallo', 'lang': 'de'}
    """

    def __init__(self, rules: Mapping[str, FieldSource], now_ms: Callable[[], int] | None = None) -> None:
        self._rules = {field: _compiled(field, source, now_ms) for field, source in rules.items()}
        self._removed = {path.partition(".")[0] for source in rules.values() for path in paths_of(source)}

    def fits(self, record: Record) -> bool:
        """Return whether a record has a text, or an id and a time, or is a deletion."""
        if self._deletes(record) or self.value("text", record) is not None:
            return True
        return self.value("id", record) is not None and self.value("created_at", record) is not None

    def convert(self, record: Record) -> Record:
        """Return the fields of the post; other fields that are not mapped stay."""
        kept = {name: value for name, value in record.items() if name not in self._removed and name not in self._rules}
        found = {field: self.value(field, record) for field in self._rules if field != DELETE}
        if self._deletes(record):
            found[DELETE] = True
        return kept | {field: value for field, value in found.items() if value is not None}

    def value(self, field: str, record: Record) -> Any:
        """Return the value of one field, None if it has none."""
        rules = self._rules.get(field)
        if rules is None:
            return first_at(record, field)
        return next((value for rule in rules if (value := rule(record)) is not None), None)

    def _deletes(self, record: Record) -> bool:
        return record.get(DELETE) is True if DELETE not in self._rules else self.value(DELETE, record) is True


def paths_of(source: FieldSource) -> list[str]:
    """Return all paths in the rule of a field.

    >>> paths_of(["a.b", {"join": ["c", {"const": "d"}]}, {"path": ["e", "f"]}])
    ['a.b', 'c', 'e', 'f']
    """
    if isinstance(source, str):
        return [source]
    if isinstance(source, list):
        return [path for each in source for path in paths_of(each)]
    parts = source.get("join") or source.get("path") or []
    return [part for part in ([parts] if isinstance(parts, str) else parts) if isinstance(part, str)]


def _compiled(field: str, source: FieldSource, now_ms: Callable[[], int] | None) -> list[Rule]:
    """Return one function for each alternative of a rule."""
    return [_rule(field, each, now_ms) for each in (source if isinstance(source, list) else [source])]


def _rule(field: str, rule: str | FieldRule, now_ms: Callable[[], int] | None) -> Rule:
    if isinstance(rule, str):
        rule = {"path": rule}
    if "const" in rule:
        constant = rule["const"]
        return lambda _record: constant
    if "join" in rule:
        find = _joined(rule["join"], rule.get("separator", _SEPARATORS.get(field, " ")))
    else:
        find = partial(_at_paths, rule["path"] if isinstance(rule["path"], list) else [rule["path"]])
    if field == DELETE:
        equals = rule.get("equals")
        return partial(_is_deleted, find, None if equals is None else equals if isinstance(equals, list) else [equals])
    if "format" not in rule and "timezone" not in rule:
        return find
    times = TimeReader(rule.get("format"), rule.get("timezone"), now_ms)
    return lambda record: None if (value := find(record)) is None else times.read(value)


def _at_paths(paths: Sequence[str], record: Record) -> Any:
    return first_at(record, *paths)


def _joined(parts: Sequence[str | FieldRule], separator: str) -> Rule:
    """Return a function that joins values; those that are missing or no text or number are left out."""

    def join(record: Record) -> str | None:
        found = [part["const"] if isinstance(part, dict) else _text_at(record, part) for part in parts]
        if all(value is None for value, part in zip(found, parts, strict=True) if isinstance(part, str)):
            return None
        return separator.join(str(value) for value in found if value is not None)

    return join


def _text_at(record: Record, path: str) -> Any:
    value = first_at(record, path)
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _is_deleted(find: Rule, equals: Sequence[Any] | None, record: Record) -> bool | None:
    """Return True if the value marks a deletion, otherwise None, so that the next alternative is looked at."""
    value = find(record)
    if equals is None:
        is_meant = bool(value) and str(value).lower() not in _NO
    else:
        is_meant = value is not None and any(str(value).lower() == str(each).lower() for each in equals)
    return True if is_meant else None
