"""Keys of the state: each kind is recognised, and they sort in the order in which the state is restored."""

from __future__ import annotations

import pytest

from streams.core.detect.state_keys import CHUNK_KEY, ENVELOPE_KEY, ENVELOPES_KEY, NOTE_KEY, PROGRESS_KEY, parsed


def test_notes_come_before_brands_and_brands_before_their_chunks() -> None:
    keys = [
        NOTE_KEY % b"nordtel", PROGRESS_KEY % 0, ENVELOPES_KEY % 0, ENVELOPE_KEY % (0, 9), ENVELOPE_KEY % (0, 10),
        b"nordtel", CHUNK_KEY % (b"nordtel", 9), CHUNK_KEY % (b"nordtel", 10), b"nordtel-2",
    ]  # fmt: skip
    assert sorted(set(keys)) == keys


def test_the_partition_of_an_entry_is_its_own_or_that_of_its_brand() -> None:
    def of_brand(brand: bytes) -> int:
        return {b"nordtel": 7}[brand]

    keys = [NOTE_KEY % b"nordtel", b"nordtel", CHUNK_KEY % (b"nordtel", 3), PROGRESS_KEY % 2, ENVELOPE_KEY % (2, 1)]
    entries = [parsed(key) for key in keys]
    assert [entry and entry.home(of_brand) for entry in entries] == [7, 7, 7, 2, 2]


@pytest.mark.parametrize(
    "key",
    [b"\x00", b"\x00other:1", b"\x00partition:one", b"nordtel\x00x", b"\x00waiting:1\x00x", b"\x00failures:a\x001"],
)
def test_keys_of_others_are_recognised(key: bytes) -> None:
    assert parsed(key) is None
