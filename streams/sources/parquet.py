"""Posts from Parquet files; needs the extra ``firewatch[parquet]``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import orjson

from streams.errors import InputError, MissingPackage
from streams.sources.base import Line, Seekable
from streams.sources.conversion import Conversion
from streams.sources.reader import AS_RECOGNISED, Reading
from streams.sources.recognition import missing_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyarrow import RecordBatch

MAGIC: Final = b"PAR1"
"""First bytes of a Parquet file."""

_BATCH_ROWS: Final = 1_000
_FOOTER_BYTES: Final = 65_536


class ParquetSource(Seekable):
    """Rows of a Parquet file; the cursor is the number of rows before it.

    Parameters
    ----------
    path
        Path of the file.
    max_record_bytes
        Not needed: rows are converted whole, and ingest rejects long ones.
    reading
        How rows become posts.

    Raises
    ------
    MissingPackage
        If pyarrow is not installed.
    InputError
        If the file can't be read, or has not the columns that a post needs.
    """

    def __init__(self, path: Path, max_record_bytes: int, reading: Reading = AS_RECOGNISED) -> None:  # noqa: ARG002
        try:
            import pyarrow as pa  # noqa: PLC0415  # large, and few need it
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError as error:
            raise MissingPackage(f"{path}: a Parquet file", "pyarrow", "parquet") from error
        self.name = str(path)
        self._path = path
        self._start = 0
        self._reading = reading
        self._errors = (pa.ArrowException, OSError, ValueError)
        try:
            self._file = parquet.ParquetFile(path)
            self.total_bytes = path.stat().st_size
        except self._errors as error:
            raise InputError(f"{path}: can't be read as a Parquet file ({error})") from error
        try:
            self.remarks = self._recognised()
        except InputError:
            self.close()
            raise

    def _recognised(self) -> list[str]:
        first = next((row for rows in self._rows() for row in rows), None)
        if first is None:
            raise InputError(f"{self.name}: holds no posts")
        conversion = self._conversion()
        missing = conversion.missing(first)
        if missing:
            raise InputError(f"{self.name}: is a table that {missing_fields(first, missing, 'column')}")
        name = conversion.name_of(first)
        return ["read as Parquet" + (f", format {name}" if name else "")]

    def _conversion(self) -> Conversion:
        mapping = self._reading.mapping
        return Conversion.of_known_formats() if mapping is None else Conversion.of(mapping)

    def fingerprint(self, cursor: int) -> str:  # noqa: ARG002  # a Parquet file does not grow
        """Return a hash of the end of the file, which describes all of it."""
        with self._path.open("rb") as file:
            file.seek(max(0, (self.total_bytes or 0) - _FOOTER_BYTES))
            return hashlib.blake2b(file.read(), digest_size=16).hexdigest()

    def resume(self, cursor: int) -> None:
        """Have `chunks` begin after as many rows."""
        self._start = cursor

    def chunks(self) -> Iterator[list[Line]]:
        """Yield rows in chunks, from the first one or from the cursor, each time it is called."""
        conversion = self._conversion()
        number = 0
        total = self._file.metadata.num_rows
        for rows in self._rows():
            lines = [
                Line(_encoded(row), position, item=position)
                for position, row in enumerate(rows, number + 1)
                if position > self._start
            ]
            number += len(rows)
            self.consumed_bytes = (self.total_bytes or 0) * number // total
            yield [line for each in lines if (line := conversion.line(each)) is not None]

    def _rows(self) -> Iterator[list[dict[str, Any]]]:
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS):
                yield _microseconds(batch).to_pylist()
        except self._errors as error:
            raise InputError(f"{self.name}: can't be read as a Parquet file ({error})") from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _microseconds(batch: RecordBatch) -> RecordBatch:
    """Return a batch with its times in microseconds, as Python has none in nanoseconds."""
    import pyarrow as pa  # noqa: PLC0415

    for index, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            times = batch.column(index).cast(pa.timestamp("us", field.type.tz), safe=False)
            batch = batch.set_column(index, field.name, times)
    return batch


def _encoded(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, default=_text, option=orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
