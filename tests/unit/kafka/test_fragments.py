"""Entries of any size in records of bounded size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import RecordError
from streams.kafka.fragments import Fragments
from tests.support.saved_state import save

KEYS = st.sampled_from([b"nordtel", b"\x00partition:0", b"nordtel\x00000000000003", b"a:b"])


@given(st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=40), st.booleans()), max_size=20))
def test_what_is_split_and_joined_is_what_was_saved(steps: list[tuple[bytes, bytes | None, bool]]) -> None:
    """Entries grow, shrink and go, and a new owner reads the records now and then."""
    fragments = Fragments(16)
    records: dict[bytes, bytes] = {}
    expected: dict[bytes, bytes] = {}
    for key, value, is_restart in steps:
        written = list(fragments.split(key, value))
        save(records, written)
        save(expected, [(key, value)])
        assert all(len(part) <= 32 for _, part in written if part)
        if is_restart:
            fragments = Fragments(16)
            assert fragments.joined(records) == expected
    assert Fragments(16).joined(records) == expected
    assert len(records) <= sum(2 + len(value) // 16 for value in expected.values())


def test_an_entry_without_one_of_its_fragments_is_damaged() -> None:
    records = {key: value for key, value in Fragments(5).split(b"nordtel", b"1234567") if value is not None}
    del records[b"\x01fragment:1:nordtel"]
    with pytest.raises(RecordError, match="a fragment of the entry b'nordtel' is missing"):
        Fragments(5).joined(records)
