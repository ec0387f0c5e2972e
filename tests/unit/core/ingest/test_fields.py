"""Optional fields in the shapes in which sources deliver them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.ingest.fields import MAX_COUNT, OptionalFields


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12.0, 12), ("12", 12), (-2, 0), ("-2", 0), ("1.2k", 1_200), ("1,2 Tsd.", 1_200), ("3M", 3_000_000),
        ("1 Mrd.", 10**9), ("1,234", 1_234), ("1.234.567", 1_234_567), ("12.5", 12), ("12+", 12), ([12], 12),
        ({"count": 5}, 5), ("1.234k", 1_234),
    ],
)  # fmt: skip
def test_a_number_in_another_form_is_converted(value: Any, expected: int) -> None:
    fields = OptionalFields({"likes": value})
    assert fields.count("likes") == expected
    assert fields.altered == {"likes": "converted"}


@pytest.mark.parametrize(
    "value", ["many", True, 1e300, 2**70, MAX_COUNT + 1, [1, 2], [], {}, {"by": "kim"}, "1,234.5", "0x10"]
)
def test_what_is_no_number_of_people_is_left_out(value: Any) -> None:
    fields = OptionalFields({"likes": value})
    assert fields.count("likes") == 0
    assert fields.altered == {"likes": "left_out"}


@pytest.mark.parametrize("value", [None, "", 0, 7])
def test_a_number_as_documented_or_none_is_not_counted_as_altered(value: Any) -> None:
    fields = OptionalFields({"likes": value})
    assert fields.count("likes") == (value or 0)
    assert not fields.altered


@pytest.mark.parametrize(
    "value",
    [
        {"username": "kim"}, {"name": "Kim K.", "screen_name": "kim"}, {"author": 1, "name": {"acct": "kim"}},
        ["kim", "lee"], [{"id": 17, "handle": "kim"}],
    ],
)  # fmt: skip
def test_the_name_of_an_author_is_found_in_an_object_or_a_list(value: Any) -> None:
    fields = OptionalFields({"author": value})
    assert fields.name("author", 256) == "kim"
    assert fields.altered == {"author": "converted"}


def test_numbers_name_authors_and_posts_but_are_unusual_for_sources() -> None:
    fields = OptionalFields({"author": 17, "repost_of": 3, "source": 5})
    assert (fields.name("author", 9), fields.reference("repost_of", 9), fields.name("source", 9)) == ("17", "3", "5")
    assert fields.altered == {"source": "converted"}


def test_a_missing_value_that_another_program_wrote_as_a_text_is_none() -> None:
    fields = OptionalFields(dict.fromkeys(("repost_of", "lang", "brand", "url", "source"), "nan"))
    assert fields.reference("repost_of", 9) is fields.language("lang") is fields.tag("brand") is None
    assert fields.link("url") is fields.name("source", 9) is None
    assert set(fields.altered.values()) == {"left_out"}


@pytest.mark.parametrize("lang", [["de", "en"], {"code": "de-AT"}])
def test_a_language_in_a_list_or_an_object_is_found(lang: Any) -> None:
    assert OptionalFields({"lang": lang}).language("lang") == "de"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "name", "url", "count", "x"]), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_value_gives_a_bounded_text_or_none(value: Any) -> None:
    fields = OptionalFields(dict.fromkeys(("author", "source", "lang", "url", "brand", "repost_of", "likes"), value))
    texts = (
        fields.name("author", 256), fields.name("source", 64), fields.language("lang"), fields.link("url"),
        fields.tag("brand"), fields.reference("repost_of", 256),
    )  # fmt: skip
    assert all(text is None or (text.strip() and len(text) <= 2_048) for text in texts)
    assert 0 <= fields.count("likes") <= MAX_COUNT
