"""Snapshots: the same weights are the same bytes, and damage is noticed."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config import QUALITIES
from streams.core.sentiment.features import SLOTS
from streams.core.sentiment.learner import OnlineSentiment
from streams.core.sentiment.snapshot import CLIP, FORMAT_VERSION, MAGIC, STEP, Weights, decode, encode
from streams.errors import RecordError, UnknownVersion
from streams.records import MAX_SNAPSHOT_BYTES
from streams.sources.weights import read_weights

SHIPPED = read_weights()


def test_weights_survive_to_the_step() -> None:
    table = np.random.default_rng(1).normal(0, 0.3, (SLOTS, 2)).astype(np.float32)
    weights = decode(encode(Weights((0.5, -1.25), table)))
    assert weights.bias == (0.5, -1.25)
    assert np.abs(weights.table - np.clip(table, -CLIP, CLIP)).max() <= STEP / 2 + 1e-6
    assert encode(weights) == encode(Weights((0.5, -1.25), table))


def test_a_learner_gives_back_what_it_was_made_from() -> None:
    assert OnlineSentiment.from_snapshot(SHIPPED).snapshot() == SHIPPED


def test_the_worst_weights_stay_within_the_size() -> None:
    table = np.random.default_rng(1).uniform(-2 * CLIP, 2 * CLIP, (SLOTS, 2)).astype(np.float32)
    content = encode(Weights((0.0, 0.0), table))
    assert len(content) <= MAX_SNAPSHOT_BYTES < 1 << 20
    assert np.abs(decode(content).table).max() <= CLIP


@given(st.data())
def test_any_cut_is_refused(data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(SHIPPED) - 1))
    with pytest.raises(RecordError, match="broken_snapshot"):
        decode(SHIPPED[:length])


@given(st.integers(0, len(SHIPPED) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(place: int, change: int) -> None:
    damaged = bytearray(SHIPPED)
    damaged[place] ^= change
    with pytest.raises(RecordError):
        decode(bytes(damaged))


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(content: bytes) -> None:
    for candidate in (content, *(magic + content for magic in MAGIC.values())):
        for quality in QUALITIES:
            with pytest.raises(RecordError):
                decode(candidate, quality)


def _forged(fingerprint: bytes, packed: bytes, version: int = FORMAT_VERSION) -> bytes:
    return struct.pack("<4sHI", MAGIC["fast"], version, zlib.crc32(fingerprint + packed)) + fingerprint + packed


def test_newer_foreign_and_swollen_snapshots_are_told_apart() -> None:
    fingerprint, packed = SHIPPED[10:14], SHIPPED[14:]
    assert _forged(fingerprint, packed) == SHIPPED
    with pytest.raises(UnknownVersion, match="upgrade"):
        decode(_forged(fingerprint, packed, FORMAT_VERSION + 1))
    with pytest.raises(RecordError, match="train it again"):
        decode(_forged(b"\0\0\0\0", packed))
    for content in (b"", b"short", bytes(1 << 28)):
        with pytest.raises(RecordError, match="unpacked instead of"):
            decode(_forged(fingerprint, zlib.compress(content)))
    with pytest.raises(RecordError, match="can't be decompressed"):
        decode(_forged(fingerprint, b"not deflate"))
    with pytest.raises(RecordError, match="at most"):
        decode(SHIPPED + bytes(MAX_SNAPSHOT_BYTES))
