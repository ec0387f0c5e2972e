"""Fields of posts are found where a map says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.sources.field_map import FieldMap, first_at, is_native, value_at

if TYPE_CHECKING:
    from streams.config.field_maps import FieldRule, FieldSource


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


def test_a_constant_is_the_same_for_all_and_the_last_resort_of_a_list() -> None:
    fields = FieldMap({"lang": {"const": "de"}, "brand": ["about", {"const": "nordtel"}]})
    assert fields.convert({"lang": "en", "about": ""}) == {"lang": "de", "brand": "nordtel"}
    assert fields.convert({"about": "ostnet"}) == {"lang": "de", "brand": "ostnet"}


def test_values_are_joined_without_those_that_are_missing() -> None:
    fields = FieldMap({"text": {"join": ["title", "post.body"]}, "id": {"join": [{"const": "f"}, "board", "number"]}})
    assert fields.convert({"title": "A", "post": {"body": "B"}, "board": "x", "number": 7}) == {
        "text": "A\nB",
        "id": "f:x:7",
    }
    assert fields.convert({"title": None, "post": {"body": "B"}, "board": {"no": "text"}}) == {"text": "B"}


def test_a_constant_alone_makes_no_joined_value() -> None:
    assert FieldMap({"id": {"join": [{"const": "f"}, "number"]}}).convert({"number": None}) == {}


def test_a_date_and_a_time_of_day_apart_are_one_time() -> None:
    rule: FieldRule = {"join": ["day", "hour"], "separator": " ", "format": "%d.%m.%Y %H:%M"}
    assert FieldMap({"created_at": rule}).convert({"day": "02.03.2026", "hour": "10:15"}) == {
        "created_at": "2026-03-02T10:15:00"
    }


def test_each_alternative_has_its_own_form_of_time() -> None:
    rules: FieldSource = [{"path": "ms", "format": "epoch_ms"}, {"path": "date", "format": "%Y%m%d"}]
    fields = FieldMap({"created_at": rules})
    assert fields.convert({"ms": 1772446500000}) == {"created_at": "2026-03-02T10:15:00Z"}
    assert fields.convert({"date": 20260302}) == {"created_at": "2026-03-02T00:00:00"}


@pytest.mark.parametrize(
    ("rule", "record", "deletes"),
    [
        ({"path": "op", "equals": "d"}, {"op": "d"}, True),
        ({"path": "op", "equals": ["d", 3]}, {"op": 3}, True),
        ({"path": "op", "equals": "d"}, {"op": "u"}, False),
        ({"path": "op", "equals": False}, {"op": "FALSE"}, True),
        ("removed", {"removed": True}, True),
        ("removed", {"removed": "2026-03-02"}, True),
        ("removed", {"removed": "false"}, False),
        ("removed", {"removed": 0}, False),
        ("removed", {}, False),
    ],
)
def test_a_record_is_a_deletion_where_the_map_says(rule: FieldSource, record: dict[str, Any], deletes: bool) -> None:
    fields = FieldMap({"delete": rule, "id": "key"})
    assert fields.convert({"key": 7, **record}) == {"id": 7} | ({"delete": True} if deletes else {})
    assert fields.fits({"key": 7, **record}) is deletes


def test_a_post_without_text_fits_by_its_id_and_time() -> None:
    """A picture alone is skipped for having no text, and no defect."""
    fields = FieldMap({"id": "uid", "text": "body", "created_at": "ts"})
    assert fields.fits({"uid": 7, "ts": 1772446500, "body": ""})
    assert not fields.fits({"uid": 7, "body": ""})


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
