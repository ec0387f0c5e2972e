"""Records of `social.models`: published versions of the sentiment model.

::

    sha256 of all that follows, hexadecimal | newline | header, JSON | newline | snapshot

The header has the position in `social.labels` up to which the snapshot has learned. Both are in one record, so that no
crash can separate them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from streams.config import QualityName
from streams.errors import RecordError
from streams.records.wire import MAX_NUMBER, load

MODEL_RECORD_VERSION: Final = 1

MAX_HEADER_BYTES: Final = 4_096
"""Largest header; the fields of `ModelHeader` need a tenth of it."""

MAX_SNAPSHOT_BYTES: Final = 900_000
"""Largest snapshot of a model, less than the 1 MiB that Kafka accepts by default; `streams.core.sentiment.snapshot`
says why every snapshot is smaller."""

MAX_MODEL_BYTES: Final = 64 + 1 + MAX_HEADER_BYTES + 1 + MAX_SNAPSHOT_BYTES
"""Largest record with a model; Kafka accepts it by default."""

MODEL_NAMES: Final[dict[QualityName, str]] = {"fast": "sentiment", "best": "sentiment-best"}
"""Prefix of the record key by quality."""

MAX_VERSION_DIGITS: Final = 15
"""Digits of a version in a key."""

_REASON: Final = "broken_model"


class HoldoutQuality(BaseModel):
    """Quality of a model on labels that it has not learned."""

    model_config = ConfigDict(frozen=True)

    labels: int = Field(ge=0)
    macro_f1: float
    negative_rest_f1: float


class ModelHeader(BaseModel):
    """Header of a published model.

    Parameters
    ----------
    version
        Number of the version: 1, 2, 3, ...
    parent
        Version from which this one has learned on, 0 for the weights of the config.
    created_ms
        Time of creation.
    kind
        Quality of the model, ``fast`` or ``best``; each counts its own versions.
    labels
        Number of labels learned since the weights of the config.
    incarnation
        Topic ID of `social.labels`, to which the offset belongs.
    offset
        Offset of the first record of `social.labels` that has not been handled.
    quality, parent_quality
        Quality of this model, and of the one it replaces, on the same holdout labels.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    v: int = MODEL_RECORD_VERSION
    version: int = Field(ge=1, le=MAX_NUMBER)
    parent: int = Field(ge=0, le=MAX_NUMBER)
    created_ms: int = Field(ge=0, le=MAX_NUMBER)
    kind: QualityName = "fast"
    labels: int = Field(ge=0, le=MAX_NUMBER)
    incarnation: str
    offset: int = Field(ge=0, le=MAX_NUMBER)
    quality: HoldoutQuality
    parent_quality: HoldoutQuality


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """One record of `social.models`, keyed by `key`.

    Parameters
    ----------
    header
        Version, position and quality of the model.
    snapshot
        Bytes of the model (`streams.core.sentiment.snapshot`).
    """

    header: ModelHeader
    snapshot: bytes

    @property
    def key(self) -> bytes:
        """Record key, different for each version."""
        return model_key(self.header.version, self.header.kind)

    def to_bytes(self) -> bytes:
        """Encode checksum, header and snapshot."""
        content = orjson.dumps(self.header.model_dump()) + b"\n" + self.snapshot
        return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def model_key(version: int, kind: QualityName = "fast") -> bytes:
    """Return the record key of a version.

    >>> model_key(12), model_key(3, "best")
    (b'sentiment/12', b'sentiment-best/3')
    """
    return f"{MODEL_NAMES[kind]}/{version}".encode()


def model_of_key(key: bytes | None) -> tuple[QualityName, int]:
    """Return quality and version in a record key.

    Raises
    ------
    RecordError
        ``wrong_key`` if the key is not that of a model.

    Examples
    --------
    >>> model_of_key(b"sentiment/12")
    ('fast', 12)
    """
    name, _, number = (key or b"").decode(errors="replace").partition("/")
    for quality, known in MODEL_NAMES.items():
        if name == known and number.isdecimal() and len(number) <= MAX_VERSION_DIGITS:
            return quality, int(number)
    raise RecordError("wrong_key", "the key is not that of a model")


def model_from_record(key: bytes | None, value: bytes | None) -> PublishedModel:
    """Decode a record of `social.models` and compare it with its key, without decoding the snapshot.

    Raises
    ------
    RecordError
        ``wrong_key`` if they differ, or with the reasons of `model_from_bytes`.
    """
    model = model_from_bytes(value)
    if model.key != key:
        raise RecordError("wrong_key", f"the record has version {model.header.version}, its key another one")
    return model


def model_from_bytes(value: bytes | None) -> PublishedModel:
    """Decode a record of `social.models` without decoding the snapshot.

    Raises
    ------
    RecordError
        ``broken_model`` if it is cut off, damaged or too large, or with the reasons of other records.
    """
    if not value:
        raise RecordError("empty", "a model without bytes")
    if len(value) > MAX_MODEL_BYTES:
        raise RecordError(_REASON, f"{len(value)} bytes, but a published model has at most {MAX_MODEL_BYTES}")
    digest, _, content = value.partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise RecordError(_REASON, "a published model that is cut off or damaged: its checksum does not match")
    header, _, snapshot = content.partition(b"\n")
    fields = load(header, "published model", MODEL_RECORD_VERSION)
    try:
        return PublishedModel(ModelHeader.model_validate(fields), snapshot)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise RecordError(
            "wrong_type", f"a published model's {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        ) from None
