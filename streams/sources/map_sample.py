"""Whether a map finds posts in a sample of records, so that a wrong map is refused before the first record is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.core.ingest.timestamps import MAX_TIME_CHARS, stated_time
from streams.core.text.clean import printable
from streams.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from streams.sources.conversion import Conversion
    from streams.sources.field_map import Record

_NAMED_FIELDS: Final = 12
_NAME_CHARS: Final = 40
_SHOWN_CHARS: Final = 40


def misfit_of_map(records: Sequence[Record], conversion: Conversion, *, is_given: bool) -> str | None:
    """Return why none of some records becomes a post, with the way out; None if one does or there are none.

    Parameters
    ----------
    records
        Records of a live source, decoded.
    conversion
        What makes posts of them.
    is_given
        Whether the config names a map, so that it is wrong and not missing.

    Examples
    --------
    >>> from streams.sources.conversion import Conversion
    >>> misfit_of_map([{"uid": 7, "body": "Hallo"}], Conversion.of({"text": "body"}), is_given=True)
    'the map finds no id in any of 1 record, which have the fields uid, body: add the path of id, as in map: {id: PATH}'
    """
    posts = [fields for record in records if (fields := conversion.fields(record)) is not None]
    posts = [fields for fields in posts if fields.get("delete") is not True or fields.get("id") is None]
    if len(posts) < len(records) or not records:
        return None  # a record without a post, or a deletion, was understood
    counted = f"{len(records):,} record{'s'[: len(records) != 1]}"
    for field in ("id", "created_at"):
        if all(fields.get(field) is None for fields in posts):
            return _absent(field, records[0], counted, is_given=is_given)
    if not any(_is_time(fields.get("created_at")) for fields in posts):
        example = next(fields["created_at"] for fields in posts if fields.get("created_at") is not None)
        return (
            f"the time of none of {counted} can be read, as in {_shown(example)}: state its form, "
            "as in map: {created_at: {path: PATH, format: '%d.%m.%Y %H:%M'}}"
        )
    return None


def _absent(field: str, record: Record, counted: str, *, is_given: bool) -> str:
    listed = listed_names(record)
    has = f", which have the fields {listed}" if listed else ""
    if is_given:
        return (
            f"the map finds no {field} in any of {counted}{has}: add the path of {field}, as in map: {{{field}: PATH}}"
        )
    return f"there is no {field} in any of {counted}{has}: name its path, as in map: {{{field}: PATH}}"


def listed_names(names: Iterable[str]) -> str:
    """Return the names of the fields of a record for a message: the first of them, each as far as it can be shown.

    >>> listed_names(["uid", "body"])
    'uid, body'
    """
    shown = [printable(name[:_NAME_CHARS]) for name in names]
    return ", ".join(shown[:_NAMED_FIELDS]) + (", ..." if len(shown) > _NAMED_FIELDS else "")


def _is_time(value: Any) -> bool:
    try:
        stated_time(value)
    except RecordError:
        return False
    return True


def _shown(value: Any) -> str:
    text = printable(str(value)[:MAX_TIME_CHARS])
    return repr(text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}...")
