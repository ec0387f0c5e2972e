"""The most frequent keys and terms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.rollup.frequent import most_frequent_terms


def test_a_term_is_kept_in_all_its_spellings_or_in_none() -> None:
    written = {"Netz": 2, "netz": 1, "Ausfall": 3, "ausfall": 2, "Mainz": 2, "#Netz": 2}
    assert most_frequent_terms(written, 2) == {"Netz": 2, "netz": 1, "Ausfall": 3, "ausfall": 2}
    assert most_frequent_terms({**written, "NETZ": 1, "nETZ": 1}, 2).keys() == {"Netz", "NETZ", "Ausfall", "ausfall"}


@given(st.dictionaries(st.text("aAbBß", min_size=1, max_size=4), st.integers(1, 5)), st.integers(1, 6))
def test_spellings_are_bounded_and_their_counts_unchanged(written: dict[str, int], size: int) -> None:
    kept = most_frequent_terms(written, size)
    assert kept.items() <= written.items()
    assert len(kept) <= 2 * size
    assert len({spelling.lower() for spelling in kept}) <= size
