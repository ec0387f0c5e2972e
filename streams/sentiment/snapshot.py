"""A model as bytes: what is published, shipped, and loaded alike by every scorer.

::

    magic "fwsm" | u16 format version | u32 CRC-32 of all that follows | u32 fingerprint of the features
    | zlib( i32 bias of negative, of positive | low bytes of all weights | high bytes of all weights )

Weights are fixed-point numbers in steps of `STEP`. High bytes are nearly all alike, so that they take little room when
they stand together.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from streams.errors import RecordError, UnknownVersion
from streams.sentiment.features import SLOTS, extractor

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC: Final = b"fwsm"
FORMAT_VERSION: Final = 1

STEP: Final = 1 / 1024
"""Log-odds. A text of 100 features is off by a hundredth at most, mostly by a tenth of that."""

CLIP: Final = 2.0
"""Largest log-odds that one feature may carry, in both directions: no single word, however often fed back, decides a
post alone (0.88 against 0.12 where nothing else speaks)."""

MAX_BYTES: Final = 900_000
"""No snapshot is larger, whatever was learned: a weight within `CLIP` has 12 bits, and 2 * SLOTS of them fill 786,432
bytes; the rest is what deflate loses. Less than the 1 MiB Kafka takes by default."""

_HEADER: Final = struct.Struct("<4sHII")
_BIAS: Final = struct.Struct("<ii")
_UNPACKED: Final = _BIAS.size + 2 * 2 * SLOTS
_LIMIT: Final = round(CLIP / STEP)
_REASON: Final = "broken_snapshot"


class Weights(NamedTuple):
    """All that is learned, in log-odds of negative and of positive against neutral.

    Parameters
    ----------
    bias
        Of negative and of positive.
    table
        float32, `SLOTS` x 2.
    """

    bias: tuple[float, float]
    table: NDArray[np.float32]

    @classmethod
    def nothing(cls) -> Weights:
        """Those of a model that knows nothing."""
        return cls((0.0, 0.0), np.zeros((SLOTS, 2), np.float32))


def encode(weights: Weights) -> bytes:
    """Snapshot of `weights`, rounded to `STEP` and held within `CLIP`; the same weights give the same bytes."""
    steps = np.clip(np.rint(weights.table / STEP), -_LIMIT, _LIMIT).astype("<i2")
    planes = steps.ravel().view(np.uint8).reshape(-1, 2).T.tobytes()
    bias = _BIAS.pack(*(round(value / STEP) for value in weights.bias))
    packed = zlib.compress(bias + planes, level=6)
    checked = struct.pack("<I", extractor().fingerprint) + packed
    return _HEADER.pack(MAGIC, FORMAT_VERSION, zlib.crc32(checked), extractor().fingerprint) + packed


def decode(snapshot: bytes) -> Weights:
    """Weights in a snapshot.

    Raises
    ------
    RecordError
        ``broken_snapshot`` if it is none, is cut off, damaged or too large; ``other_features`` if its weights belong to
        another lexicon or numbering of features.
    UnknownVersion
        If a newer firewatch wrote it.
    """
    if len(snapshot) > MAX_BYTES:
        raise RecordError(_REASON, f"{len(snapshot)} bytes, where a sentiment model has {MAX_BYTES} at most")
    if len(snapshot) < _HEADER.size or not snapshot.startswith(MAGIC):
        raise RecordError(_REASON, "no sentiment model: it does not begin like one")
    _, version, checksum, fingerprint = _HEADER.unpack_from(snapshot)
    if version != FORMAT_VERSION:
        raise UnknownVersion("a sentiment model", version, FORMAT_VERSION)
    packed = snapshot[_HEADER.size :]
    if zlib.crc32(struct.pack("<I", fingerprint) + packed) != checksum:
        raise RecordError(_REASON, "a sentiment model that is cut off or damaged: its checksum is another")
    if fingerprint != extractor().fingerprint:
        raise RecordError(
            "other_features",
            f"a sentiment model for features {fingerprint:08x}, here they are {extractor().fingerprint:08x}: it was "
            "trained with another lexicon (package vaderSentiment) or another firewatch; train it again",
        )
    return _unpack(packed)


def _unpack(packed: bytes) -> Weights:
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(packed, _UNPACKED + 1)
    except zlib.error as error:
        raise RecordError(_REASON, f"a sentiment model that can't be decompressed: {error}") from error
    if len(content) != _UNPACKED:
        raise RecordError(_REASON, f"a sentiment model of {len(content)} bytes unpacked instead of {_UNPACKED}")
    planes = np.frombuffer(content, np.uint8, offset=_BIAS.size).reshape(2, -1)
    steps = np.ascontiguousarray(planes.T).view("<i2").reshape(SLOTS, 2)
    negative, positive = _BIAS.unpack_from(content)
    return Weights((negative * STEP, positive * STEP), steps.astype(np.float32) * np.float32(STEP))
