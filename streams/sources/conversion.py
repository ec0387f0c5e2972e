"""Makes posts of the records of a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from streams.core.ingest.parsing import parse
from streams.errors import RecordError
from streams.sources.base import Line
from streams.sources.field_map import REQUIRED, FieldMap, is_native
from streams.sources.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from streams.config import FieldMapping
    from streams.sources.field_map import Converter, Record

WRAPPERS: Final = ("tweet", "data", "_source", "status", "post")
"""Members that hold the whole record: in archives of accounts, streams, listings and search engines."""

_AS_IT_IS: Final = FieldMap({})


class Conversion:
    """Converts each record by the first of some converters that it fits; others are left as they are.

    Parameters
    ----------
    converters
        Converters by their names; one with an empty name is not mentioned.

    Attributes
    ----------
    skipped
        Number of records that hold no post, such as likes among the events of a stream.

    Examples
    --------
    >>> reddit = Conversion.of("reddit")
    >>> reddit.line(Line(b'{"id": "x", "created_utc": 1518653586, "body": "Hallo"}', 55, 1)).data
    b'{"id":"t1_x","created_at":1518653586,"text":"Hallo","source":"reddit"}'
    """

    def __init__(self, converters: Mapping[str, Converter]) -> None:
        self._converters = converters
        self._given: FieldMap | None = None
        self.skipped = 0

    @classmethod
    def of_known_formats(cls) -> Self:
        """Return a conversion of all formats that are recognised."""
        return cls({str(name): converter for name, converter in PRESETS.items()})

    @classmethod
    def of(cls, mapping: FieldMapping, now_ms: Callable[[], int] | None = None) -> Self:
        """Return the conversion that a setting describes.

        Parameters
        ----------
        mapping
            The name of a format, or the rule of each field.
        now_ms
            The clock of a live source (`FieldMap`).
        """
        if isinstance(mapping, str):
            return cls({mapping: PRESETS[mapping]})
        given = FieldMap(mapping, now_ms)
        conversion = cls({"": given})
        conversion._given = given
        return conversion

    @classmethod
    def of_live(cls, mapping: FieldMapping | None, now_ms: Callable[[], int]) -> Self:
        """Return the conversion of a live source, whose `fields` are used; None recognises known formats."""
        return cls.of_known_formats() if mapping is None else cls.of(mapping, now_ms)

    def fields(self, record: Record) -> Record | None:
        """Return the fields of the post or deletion in a record of a live source, None if it holds neither.

        The source of its posts is the id of the live source, so it is left out. A record that can't be converted is
        returned as it is, to be refused for what it lacks.
        """
        found = self._found(record)
        if found is not None:
            fields = found[1].convert(found[2])
        else:
            fields = record if self._given is None else self._given.convert(record)
        if fields is None:
            self.skipped += 1
            return None
        return {name: value for name, value in fields.items() if value is not None and name != "source"}

    def name_of(self, record: Any) -> str | None:
        """Return the name of the converter of a record, empty if it is a post already; None if it is nothing known."""
        if not isinstance(record, dict):
            return None
        found = self._found(record)
        if found is not None:
            return found[0]
        return "" if is_native(record) else None

    def line(self, line: Line) -> Line | None:
        """Return a line with the post in it, as it is if it can't be converted; None if it holds no post."""
        try:
            record = parse(line.data)
        except RecordError:
            return line
        found = self._found(record)
        if found is None:
            return line
        _, converter, inner = found
        fields = converter.convert(inner)
        if fields is None:
            self.skipped += 1
            return None
        try:
            data = orjson.dumps({name: value for name, value in fields.items() if value is not None})
        except orjson.JSONEncodeError:
            return line  # nested more deeply than is written
        return Line(data, line.cursor, line.number, line.item, line.original or line.data)

    def missing(self, record: Record) -> list[str]:
        """Return the names of the required fields that a record lacks after its conversion."""
        found = self._found(record)
        fields = found[1].convert(found[2]) if found else record
        return [name for name in REQUIRED if (fields or {}).get(name) is None]

    def _found(self, record: Record) -> tuple[str, Converter, Record] | None:
        """Return the name of the converter of a record, the converter, and the part of the record that it takes."""
        if (fitting := self._fitting(record)) is not None:
            return *fitting, record
        if is_native(record):
            return None
        for wrapper in WRAPPERS:
            inner = record.get(wrapper)
            if isinstance(inner, dict):
                if (fitting := self._fitting(inner)) is not None:
                    return *fitting, inner
                if is_native(inner):
                    return "wrapped", _AS_IT_IS, inner
        return None

    def _fitting(self, record: Record) -> tuple[str, Converter] | None:
        return next(((name, each) for name, each in self._converters.items() if each.fits(record)), None)
