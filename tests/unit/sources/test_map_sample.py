"""A map that yields no id or time is found by a sample."""

from __future__ import annotations

from typing import Any

import pytest

from streams.sources.conversion import Conversion
from streams.sources.map_sample import misfit_of_map
from tests.support.platforms import JETSTREAM, NATIVE, RECORDS

RECORD: dict[str, Any] = {"post": {"uid": 7, "body": "Hallo", "ts": "31/12/2026 10:15"}, "n": 1}


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ({"text": "post.body"}, "the map finds no id in any of 2 records, which have the fields post, n: add the path"),
        ({"id": "post.uid", "text": "post.body"}, "the map finds no created_at in any of 2 records"),
        ({"id": "post.id", "text": "post.body"}, "the map finds no id in any of"),
        ({"id": "post.uid", "created_at": "post.ts"}, "the time of none of 2 records can be read, as in '31/12/2026"),
    ],
)
def test_a_map_that_yields_no_id_or_time_is_told_with_the_way_out(mapping: Any, problem: str) -> None:
    found = misfit_of_map([RECORD, RECORD], Conversion.of(mapping), is_given=True)
    assert found is not None
    assert problem in found
    assert "map: {" in found


def test_without_a_map_the_fields_are_named() -> None:
    found = misfit_of_map([RECORD], Conversion.of_known_formats(), is_given=False)
    assert (
        found == "there is no id in any of 1 record, which have the fields post, n: name its path, "
        "as in map: {id: PATH}"
    )


def test_one_record_that_becomes_a_post_is_enough() -> None:
    mapping: Any = {
        "id": "post.uid", "text": "post.body", "created_at": {"path": "post.ts", "format": "%d/%m/%Y %H:%M"},
    }  # fmt: skip
    assert misfit_of_map([{"poison": 1}, RECORD], Conversion.of(mapping), is_given=True) is None


@pytest.mark.parametrize("record", [*RECORDS.values(), NATIVE, {"delete": True, "id": 7}])
def test_known_formats_and_deletions_need_no_map(record: Any) -> None:
    assert misfit_of_map([record], Conversion.of_known_formats(), is_given=False) is None


def test_a_record_that_holds_no_post_is_understood() -> None:
    like = JETSTREAM | {"commit": {"collection": "app.bsky.feed.like"}}
    assert misfit_of_map([like], Conversion.of("jetstream"), is_given=True) is None


def test_no_record_says_nothing() -> None:
    assert misfit_of_map([], Conversion.of({"text": "body"}), is_given=True) is None


def test_a_field_name_does_no_harm() -> None:
    found = misfit_of_map([{"\x1b[2J\u202e": 1, "": 2}], Conversion.of({"text": "body"}), is_given=True)
    assert found is not None
    assert "\x1b" not in found
