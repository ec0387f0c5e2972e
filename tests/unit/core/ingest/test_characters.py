"""Characters that hide, reorder or command what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.ingest.characters import escaped, has_hidden, without_hidden


@pytest.mark.parametrize(
    "hidden", list("\x00\n\x1b\x7f\x9b\xad\u061c\u200b\u200f\u2028\u202e\u2066\ufeff\uffff\U000e0041")
)
def test_a_hidden_character_is_escaped_or_taken_out(hidden: str) -> None:
    assert has_hidden(f"a{hidden}b")
    assert escaped(f"a{hidden}b").startswith("a\\")
    assert without_hidden(f" a{hidden}b") == "ab"


@pytest.mark.parametrize(
    "usual", ["anna.k_7", "Zoë Müller", "李雷", "\U0001f525 news", "did:plc:x/y", "a\u00a0b", "ไทย"]
)
def test_usual_names_stay_as_they_are(usual: str) -> None:
    assert not has_hidden(usual)
    assert escaped(usual) == without_hidden(usual) == usual


@given(st.text(), st.text())
def test_texts_without_backslashes_stay_apart(one: str, other: str) -> None:
    if "\\" not in one + other:
        assert (escaped(one) == escaped(other)) == (one == other)
    assert not has_hidden(escaped(one))
    assert escaped(escaped(one)) == escaped(one)
