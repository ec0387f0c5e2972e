"""Fields of posts are found where a map says."""

from __future__ import annotations

import pytest

from streams.sources.field_map import FieldMap, first_at, is_native, value_at


def test_a_path_leads_through_objects_and_lists() -> None:
    record = {"a": {"b": [{"c": 1}]}, "x.y": 2}
    assert [value_at(record, path) for path in ("a.b.0.c", "a.b.1.c", "a.c", "x.y", "a.b.c", "a.b.0.c.d")] == [
        1, None, None, 2, None, None,
    ]  # fmt: skip


def test_the_first_path_with_a_value_counts() -> None:
    assert first_at({"a": None, "b": "", "c": [], "d": 0}, "a", "b", "c", "d") == 0


def test_fields_that_are_not_mapped_keep_their_names() -> None:
    fields = FieldMap({"text": "body"}).convert({"id": 1, "body": "Hallo", "author": "kim", "likes": "12"})
    assert fields == {"id": 1, "text": "Hallo", "author": "kim", "likes": "12"}


def test_a_mapped_field_is_not_taken_from_its_own_name() -> None:
    assert FieldMap({"author": "user.name"}).convert({"author": "the editor", "user": {}}) == {}


def test_a_name_that_is_mapped_away_is_no_field_any_more() -> None:
    """A column ``source`` that holds authors would name a source for each author."""
    assert FieldMap({"author": "source"}).convert({"id": 1, "source": "kim"}) == {"id": 1, "author": "kim"}


@pytest.mark.parametrize(
    ("record", "native"),
    [
        ({"id": 1, "created_at": 2, "text": "a"}, True),
        ({"id": 1, "delete": True}, True),
        ({"id": 1, "created_at": 2, "body": "a"}, False),
        ({"id": 1, "created_at": 2, "text": None}, False),
    ],
)
def test_a_record_is_a_post_if_it_has_all_required_fields(record: dict[str, object], native: bool) -> None:
    assert is_native(record) is native
