"""Snapshots as bytes: every bit comes back, and what is not a snapshot of this detector is refused by name."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import OutdatedSnapshot, SnapshotError
from detectors.packing import pack, unpack

SNAPSHOT = pack("volume", 3, [1.5, -2.0])


@given(st.lists(st.floats(allow_nan=False), max_size=20), st.integers(0, 65_535))
def test_every_number_comes_back(values: list[float], version: int) -> None:
    found = unpack("volume", version, (len(values),), pack("volume", version, values))
    assert found == tuple(values)
    assert list(map(math.copysign, [1.0] * len(values), found)) == [math.copysign(1.0, each) for each in values]


@given(st.integers(0, len(SNAPSHOT) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    damaged = bytes(byte ^ change if index == place else byte for index, byte in enumerate(SNAPSHOT))
    with pytest.raises(SnapshotError):
        unpack("volume", 3, (2,), damaged)


@given(st.integers(0, len(SNAPSHOT) - 1))
def test_a_snapshot_that_was_cut_is_noticed(length: int) -> None:
    with pytest.raises(SnapshotError, match="damaged snapshot"):
        unpack("volume", 3, (2,), SNAPSHOT[:length])


def test_the_snapshot_of_another_detector_version_or_size_is_refused() -> None:
    with pytest.raises(SnapshotError, match="kind 'volume', expected 'drift'"):
        unpack("drift", 3, (2,), SNAPSHOT)
    with pytest.raises(SnapshotError, match="holds 2 numbers"):
        unpack("volume", 3, (3, 4), SNAPSHOT)
    with pytest.raises(SnapshotError, match="version 3, this firewatch reads up to 2: upgrade"):
        unpack("volume", 2, (2,), SNAPSHOT)
    with pytest.raises(OutdatedSnapshot, match="version 3, which this firewatch no longer reads"):
        unpack("volume", 4, (2,), SNAPSHOT)
