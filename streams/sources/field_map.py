"""Where the fields of a post are in the records of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REQUIRED: Final = ("id", "created_at", "text")
"""Fields without which a record is no post."""

Record = dict[str, Any]
"""A decoded JSON object."""


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
    """A converter by the paths of the fields.

    Parameters
    ----------
    paths
        Path of each field, or several of which the first with a value counts. Fields that are not named are found under
        their own names.

    Examples
    --------
    >>> fields = FieldMap({"id": "post.uid", "text": ["post.title", "post.body"]})
    >>> fields.convert({"post": {"uid": 7, "body": "Hallo"}, "created_at": 1_700_000_000})
    {'created_at': 1700000000, 'id': 7, 'text': 'Hallo'}
    """

    def __init__(self, paths: Mapping[str, str | Sequence[str]]) -> None:
        self._paths = {field: [path] if isinstance(path, str) else list(path) for field, path in paths.items()}
        self._removed = {path.partition(".")[0] for field in self._paths for path in self._paths[field]}

    def fits(self, record: Record) -> bool:
        """Return whether a record has a text, or is a deletion."""
        return record.get("delete") is True or first_at(record, *self._paths.get("text", ["text"])) is not None

    def convert(self, record: Record) -> Record:
        """Return the fields of the post; other fields that are not mapped stay."""
        kept = {name: value for name, value in record.items() if name not in self._removed and name not in self._paths}
        found = {field: first_at(record, *paths) for field, paths in self._paths.items()}
        return kept | {field: value for field, value in found.items() if value is not None}
