"""Schemas of records from their types and docstrings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jsonschema
import pytest

from streams.contract.record_schema import described, inlined, record_schema
from tests.support.contract import document


class Part(NamedTuple):
    """A part of a record.

    Parameters
    ----------
    size
        Size of the part.
    note
        Note for people.
    """

    size: int
    note: str | None = None


@dataclass(frozen=True)
class Record:
    """A record with parts.

    Parameters
    ----------
    id, owner
        Name of something.
    parts
        Its `Part` tuples.
    """

    id: str
    parts: list[Part]
    owner: str = "us"


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = record_schema(Record, 3, kind={"const": "record"})
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_version_constants_and_fields_without_a_default_are_required(validator: jsonschema.Draft7Validator) -> None:
    record = {"v": 3, "kind": "record", "id": "a", "parts": [[1, None], [2, "note"]]}
    assert validator.is_valid(record)
    assert validator.is_valid(record | {"owner": "you"})
    for missing in record:
        assert not validator.is_valid({name: value for name, value in record.items() if name != missing}), missing
    assert not validator.is_valid(record | {"v": 4})
    assert not validator.is_valid(record | {"kind": "other"})


def test_named_tuples_are_positional_lists(validator: jsonschema.Draft7Validator) -> None:
    record = {"v": 3, "kind": "record", "id": "a"}
    assert not validator.is_valid(record | {"parts": [["1", None]]})
    assert not validator.is_valid(record | {"parts": [[1, None, 2]]})
    assert not validator.is_valid(record | {"parts": [{"size": 1}]})


def test_descriptions_come_from_the_docstrings() -> None:
    schema = record_schema(Record, 3)
    properties = schema["properties"]
    assert schema["description"] == "A record with parts."
    assert properties["id"]["description"] == properties["owner"]["description"] == "Name of something."
    assert properties["parts"]["description"] == "Its Part tuples."
    assert [item["description"] for item in properties["parts"]["items"]["items"]] == [
        "size. Size of the part.", "note. Note for people.",
    ]  # fmt: skip


def test_references_are_resolved_and_titles_of_parts_left_out() -> None:
    schema = {
        "title": "Whole",
        "properties": {"title": {"$ref": "#/$defs/Text"}, "size": {"type": "integer", "title": "Size"}},
        "$defs": {"Text": {"type": "string", "title": "Text"}},
    }
    assert inlined(schema) == {
        "title": "Whole", "properties": {"title": {"type": "string"}, "size": {"type": "integer"}},
    }  # fmt: skip


def test_the_version_is_the_first_field_once() -> None:
    schema = {"title": "A", "properties": {"b": {}, "v": {"type": "integer"}}, "required": ["b", "v"]}
    found = described(schema, 2)
    assert list(found["properties"]) == ["v", "b"]
    assert found["properties"]["v"]["const"] == 2
    assert found["required"] == ["v", "b"]


def test_every_part_of_a_record_says_what_it_is() -> None:
    for name in ("post", "envelope", "progress", "window"):
        parts = document()["components"]["messages"][name]["payload"]["properties"]
        undescribed = {part for part, schema in parts.items() if "description" not in schema}
        assert undescribed <= {"progress", "scores", "brand", "config_version"}, name
    mention = document()["components"]["messages"]["envelope"]["payload"]["properties"]["mentions"]["items"]
    assert [item["description"].split(".")[0] for item in mention["items"]][:3] == ["offset", "ts_ms", "behind_ms"]
