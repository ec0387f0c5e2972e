"""Encode a model as bytes that are published, shipped, and loaded by every scorer.

::

    magic, by quality | u16 format version | u32 CRC-32 of all that follows | u32 fingerprint of the features
    | zlib( i32 bias of negative, of positive | low bytes of all weights | high bytes of all weights )

Each quality has a magic of its own, so that one can't be mistaken for the other. Weights are fixed-point numbers in
steps of `STEP`. High bytes are nearly all alike, so that they compress well when they are stored together.

No snapshot is larger than `streams.records.MAX_SNAPSHOT_BYTES`, whatever was learned: a weight within `CLIP` has 12
bits, 2 * SLOTS of them fill 786,432 bytes, and those of a sentence 2 kB; the rest is what deflate loses.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from streams.config import QUALITIES
from streams.core.sentiment import sentences
from streams.core.sentiment.features import SLOTS, extractor
from streams.errors import RecordError, UnknownVersion
from streams.records import MAX_SNAPSHOT_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streams.config import QualityName

MAGIC: Final[dict[QualityName, bytes]] = {"fast": b"fwsm", "best": b"fwsb"}

ROWS: Final[dict[QualityName, int]] = {"fast": SLOTS, "best": SLOTS + sentences.DIMENSIONS}
"""Rows of the table of weights: `SLOTS` for words, then the dimensions of the sentence embedding."""

FORMAT_VERSION: Final = 1

STEP: Final = 1 / 1024
"""Step of the fixed-point numbers in log-odds. The probability of a text of 100 features is off by a hundredth at most,
mostly by a tenth of that."""

CLIP: Final = 2.0
"""Largest log-odds of one feature, in both directions: no single word, however often it is labelled, decides a post
alone (0.88 against 0.12 without other evidence)."""

_HEADER: Final = struct.Struct("<4sHII")
_BIAS: Final = struct.Struct("<ii")
_LIMIT: Final = round(CLIP / STEP)
_REASON: Final = "broken_snapshot"


class Weights(NamedTuple):
    """All learned weights, as log-odds of negative and of positive against neutral.

    Parameters
    ----------
    bias
        Bias of negative and of positive.
    table
        Weights of the features, float32, `ROWS` x 2.
    """

    bias: tuple[float, float]
    table: NDArray[np.float32]

    @classmethod
    def zeros(cls, quality: QualityName = "fast") -> Weights:
        """Return the weights of a model that has learned nothing."""
        return cls((0.0, 0.0), np.zeros((ROWS[quality], 2), np.float32))

    @property
    def quality(self) -> QualityName:
        """Return the quality, which the number of rows determines."""
        return "best" if len(self.table) == ROWS["best"] else "fast"


def encode(weights: Weights) -> bytes:
    """Encode weights, rounded to `STEP` and clipped to `CLIP`; the same weights give the same bytes."""
    steps = np.clip(np.rint(weights.table / STEP), -_LIMIT, _LIMIT).astype("<i2")
    planes = steps.ravel().view(np.uint8).reshape(-1, 2).T.tobytes()
    bias = _BIAS.pack(*(round(value / STEP) for value in weights.bias))
    packed = zlib.compress(bias + planes, level=6)
    features = _features(weights.quality)
    checksum = zlib.crc32(struct.pack("<I", features) + packed)
    return _HEADER.pack(MAGIC[weights.quality], FORMAT_VERSION, checksum, features) + packed


def decode(snapshot: bytes, quality: QualityName = "fast") -> Weights:
    """Decode the weights in a snapshot of a quality.

    Raises
    ------
    RecordError
        ``broken_snapshot`` if it is no snapshot, cut off, damaged or too large; ``other_quality`` if it is of another;
        ``other_features`` if its weights belong to another lexicon, sentence encoder or numbering of features.
    UnknownVersion
        If a newer firewatch wrote it.
    MissingPackage
        If the quality needs a package that is not installed.
    """
    if len(snapshot) > MAX_SNAPSHOT_BYTES:
        raise RecordError(_REASON, f"{len(snapshot)} bytes, but a sentiment model has at most {MAX_SNAPSHOT_BYTES}")
    found = next((name for name in QUALITIES if snapshot.startswith(MAGIC[name])), None)
    if len(snapshot) < _HEADER.size or found is None:
        raise RecordError(_REASON, "not a sentiment model: it begins with other bytes")
    if found != quality:
        raise RecordError("other_quality", f"a sentiment model of quality {found!r}, but quality {quality!r} is needed")
    _, version, checksum, fingerprint = _HEADER.unpack_from(snapshot)
    if version != FORMAT_VERSION:
        raise UnknownVersion("a sentiment model", version, FORMAT_VERSION)
    packed = snapshot[_HEADER.size :]
    if zlib.crc32(struct.pack("<I", fingerprint) + packed) != checksum:
        raise RecordError(_REASON, "a sentiment model that is cut off or damaged: its checksum does not match")
    features = _features(quality)
    if fingerprint != features:
        raise RecordError(
            "other_features",
            f"a sentiment model for features {fingerprint:08x}, here they are {features:08x}: it was trained with "
            f"another lexicon (package vaderSentiment), sentence encoder ({sentences.PACKAGE}) or firewatch; train it "
            "again",
        )
    return _unpack(packed, ROWS[quality])


def _features(quality: QualityName) -> int:
    words = extractor().fingerprint
    return words ^ sentences.fingerprint() if quality == "best" else words


def _unpack(packed: bytes, rows: int) -> Weights:
    size = _BIAS.size + 2 * 2 * rows
    inflate = zlib.decompressobj()
    try:
        content = inflate.decompress(packed, size + 1)
    except zlib.error as error:
        raise RecordError(_REASON, f"a sentiment model that can't be decompressed: {error}") from error
    if len(content) != size:
        raise RecordError(_REASON, f"a sentiment model of {len(content)} bytes unpacked instead of {size}")
    planes = np.frombuffer(content, np.uint8, offset=_BIAS.size).reshape(2, -1)
    steps = np.ascontiguousarray(planes.T).view("<i2").reshape(rows, 2)
    negative, positive = _BIAS.unpack_from(content)
    return Weights((negative * STEP, positive * STEP), steps.astype(np.float32) * np.float32(STEP))
