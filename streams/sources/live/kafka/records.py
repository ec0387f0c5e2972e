"""Posts, deletions and defects in the records of a topic that other programs write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson

from streams.core.ingest.parsing import parse, post_id
from streams.errors import RecordError
from streams.sources.field_map import FieldMap, paths_of
from streams.sources.live.base import Bad, Deleted, Found, Skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config import Config
    from streams.config.sources.kafka import KafkaSourceSettings
    from streams.sources.conversion import Conversion
    from streams.sources.live.base import Item

_MAGIC: Final = b"\0"
"""First byte of Confluent's wire format: a zero, the id of a schema in four bytes, and the record."""

_MAGIC_BYTES: Final = 5
_ENVELOPE: Final = {"schema", "payload"}
LOG_APPEND_TIME: Final = 1
"""Type of a timestamp that the broker has set; others are those of the producer."""

_KEY, _VALUE, _HEADERS = "@key", "@value", "@headers"


class KafkaRecord(Protocol):
    """A record as aiokafka returns it."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class RecordReading:
    """Makes items of the records of one topic.

    Parameters
    ----------
    settings
        Entry of the source.
    config
        Limits of the section `ingest`.
    conversion
        What makes posts of decoded values.
    """

    def __init__(self, settings: KafkaSourceSettings, config: Config, conversion: Conversion) -> None:
        self._conversion = conversion
        self._max_bytes = config.ingest.max_record_bytes
        rules = settings.map if isinstance(settings.map, dict) else {}
        self._id = FieldMap({"id": rules["id"]}) if "id" in rules else None
        self._key_id = None if settings.key_id is None else FieldMap({"id": settings.key_id})
        paths = [path for source in rules.values() for path in paths_of(source)]
        self._needs_place = any(path.startswith("@") for path in paths)
        self._needs_value = any(path == _VALUE or path.startswith(f"{_VALUE}.") for path in paths)

    def item(self, record: KafkaRecord) -> Item:
        """Return what a record holds."""
        place = f"partition {record.partition}, offset {record.offset}"
        try:
            fields = self.fields(record)
            if fields is None:
                return Deleted(post_id({"id": self._id_of_key(record)}))
            post = self._conversion.fields(fields)
            if post is None:
                return Skipped("no_post")
            if post.get("delete") is True:
                return Deleted(post_id(post))
        except RecordError as error:
            raw = record.value if record.value is not None else record.key or b""
            return Bad(error, raw[: self._max_bytes + 1], place)
        witnessed_ms = record.timestamp if record.timestamp_type == LOG_APPEND_TIME else None
        return Found(post, record.value or b"", witnessed_ms, place=place)

    def fields(self, record: KafkaRecord) -> dict[str, Any] | None:
        """Return the decoded value of a record, as maps see it; None if it has none, so that it deletes.

        Raises
        ------
        RecordError
            With a reason of ``too_large``, ``confluent_format``, or those of `parse`.
        """
        value = record.value
        if value is None:
            return None
        if len(value) > self._max_bytes:
            raise RecordError("too_large", f"longer than ingest.max_record_bytes={self._max_bytes}")
        if is_confluent(value):
            raise RecordError("confluent_format", confluent_message(value))
        fields = self._decoded(value)
        if fields is None:
            return None
        return fields | self._place(record) if self._needs_place else fields

    def _decoded(self, value: bytes) -> dict[str, Any] | None:
        try:
            fields = parse(value)
        except RecordError as error:
            if self._needs_value and error.reason in {"broken_json", "wrong_type"}:
                return {_VALUE: _plain(value)}
            raise
        if fields.keys() == _ENVELOPE:
            payload = fields["payload"]
            if payload is None:
                return None
            if not isinstance(payload, dict):
                raise RecordError(
                    "wrong_type", f"the payload of Connect must be an object, got {type(payload).__name__}"
                )
            fields = payload
        return fields | {_VALUE: fields} if self._needs_value else fields

    def _place(self, record: KafkaRecord) -> dict[str, Any]:
        """Return what a map can use besides the value."""
        return {
            _KEY: decoded_key(record.key),
            _HEADERS: {name: (value or b"").decode(errors="replace") for name, value in record.headers},
            "@timestamp": record.timestamp,
            "@topic": record.topic,
            "@partition": record.partition,
            "@offset": record.offset,
        }

    def _id_of_key(self, record: KafkaRecord) -> Any:
        """Return the id of a post in the key of a record that deletes it."""
        if record.key is None:
            raise RecordError("missing_field", "a record with neither key nor value deletes nothing", field="id")
        key = decoded_key(record.key)
        inner = key if isinstance(key, dict) else {}
        if self._key_id is not None:
            return self._key_id.value("id", inner | self._place(record))
        if not isinstance(key, dict):
            return key
        mapped = self._id.value("id", inner | self._place(record)) if self._id else None
        if mapped is not None:
            return mapped
        return key["id"] if "id" in key else next(iter(key.values())) if len(key) == 1 else None


def is_confluent(value: bytes) -> bool:
    """Return whether a value is in the wire format of Confluent's schema registry.

    >>> is_confluent(bytes(4) + b"\\x07Nordtel"), is_confluent(b'{"id": 1}')
    (True, False)
    """
    return len(value) >= _MAGIC_BYTES and value.startswith(_MAGIC)


def confluent_message(value: bytes) -> str:
    """Return why such a value is refused, with the way out."""
    schema = int.from_bytes(value[1:_MAGIC_BYTES])
    return (
        f"is in the wire format of Confluent's schema registry (schema {schema}: Avro, Protobuf or JSON Schema), which "
        "is not read: have JSON written, as by org.apache.kafka.connect.json.JsonConverter, or convert the topic"
    )


def decoded_key(key: bytes | None) -> Any:
    """Return a key: an object or text of JSON, without the envelope of Connect, or else text.

    Examples
    --------
    >>> decoded_key(b"017"), decoded_key(b'"17"'), decoded_key(b'{"schema": {}, "payload": {"id": 17}}')
    ('017', '17', {'id': 17})
    """
    if key is None:
        return None
    if key.lstrip()[:1] in {b"{", b'"'}:
        try:
            decoded = orjson.loads(key)
        except orjson.JSONDecodeError:
            return key.decode(errors="replace")
        if isinstance(decoded, dict) and decoded.keys() == _ENVELOPE:
            return decoded["payload"]
        return decoded
    return key.decode(errors="replace")


def _plain(value: bytes) -> Any:
    """Return a value that is no object: of JSON if it is one, else text."""
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value.decode(errors="replace")
