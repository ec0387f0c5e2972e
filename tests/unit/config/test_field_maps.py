"""A field map is checked before anything is read by it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from streams.config import IngestSettings
from streams.config.field_maps import FieldMapping, LiveMapping, parse_field_map

RULES: list[Any] = [
    "reddit",
    {"id": "post.uid", "text": "post.body"},
    {"text": ["title", "body"]},
    {"lang": {"const": "de"}, "likes": {"const": 0}},
    {"lang": ["post.lang", {"const": "de"}]},
    {"text": {"join": ["title", "body"]}},
    {"id": {"join": [{"const": "forum"}, "board", "number"], "separator": "/"}},
    {"created_at": {"path": "ts", "format": "epoch_us"}},
    {"created_at": {"path": ["ts", "date"], "format": "%d.%m.%Y %H:%M", "timezone": "Europe/Berlin"}},
    {"created_at": {"join": ["day", "hour"], "separator": " ", "format": "%d/%m/%y %H:%M:%S"}},
    {"created_at": [{"path": "ts", "format": "epoch_ms"}, {"path": "date", "format": "iso"}]},
    {"created_at": {"path": "ts", "format": "%j %Y %H"}},
    {"delete": {"path": "op", "equals": ["d", "t"]}, "id": ["after.id", "before.id"]},
    {"delete": "removed"},
]


@pytest.mark.parametrize("mapping", RULES)
def test_a_map_is_the_name_of_a_format_or_a_rule_for_each_field(mapping: Any) -> None:
    assert IngestSettings(map=mapping).map == mapping
    jsonschema.validate(mapping, TypeAdapter(FieldMapping).json_schema())


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ("raddit", "there is no format 'raddit'; there are twitter_v1, "),
        ("raddit", "did you mean reddit?"),
        (5, "must be the name of a format, such as reddit, or the path of each field"),
        ({}, "must name the path of a field"),
        ({"txt": "body"}, "a post has no field 'txt'; it has id, "),
        ({5: "body"}, "a post has no field 5; it has id, "),
        ({"text": 5}, "the path of text must be the name of a field, such as user.name, got 5"),
        ({"text": []}, "the path of text must be"),
        ({"text": " "}, "the path of text must be"),
        ({"text": [["title"]]}, "the path of text must be"),
        ({"text": ["a"] * 21}, ".text: must have at most 20 alternatives, got 21"),
        ({"text": {}}, ".text: must have one of path, const, join, got none"),
        ({"text": {"path": "a", "const": "b"}}, ".text: must have one of path, const, join, got path and const"),
        ({"text": {"pth": "a"}}, ".text: unknown key 'pth'; allowed here: path, const, join, separator, format, "),
        ({"text": {"pth": "a"}}, "did you mean path?"),
        ({"text": ["a", {"path": []}]}, ".text[1].path: must be the name of a field"),
        ({"text": {"join": ["a"]}}, ".text.join: must be a list of 2 to 20 paths"),
        ({"text": {"join": "a b"}}, ".text.join: must be a list of 2 to 20 paths"),
        ({"text": {"join": ["a", {"path": "b"}]}}, ".text.join[1]: must be a path, or {const: TEXT}"),
        ({"text": {"join": [{"const": "a"}, {"const": "b"}]}}, ".text.join: must have a path, not only constants"),
        ({"text": {"join": ["a", {"const": None}]}}, ".text.join[1].const: must be a text or a number, got None"),
        ({"text": {"path": "a", "separator": " "}}, ".text.separator: belongs to join"),
        ({"text": {"join": ["a", "b"], "separator": 1}}, ".text.separator: must be text of at most 100"),
        ({"id": {"const": 7}}, ".id.const: an id that is the same for all records"),
        ({"lang": {"const": None}}, ".lang.const: must be a text or a number, got None"),
        ({"lang": {"const": " "}}, ".lang.const: must be a text or a number"),
        ({"likes": {"const": float("inf")}}, ".likes.const: must be a text or a number"),
        ({"text": {"path": "a", "format": "epoch_s"}}, ".text.format: belongs to the path of created_at"),
        ({"text": {"path": "a", "timezone": "UTC"}}, ".text.timezone: belongs to the path of created_at"),
        ({"created_at": {"const": 1, "format": "epoch_s"}}, ".created_at.format: belongs to the path of created_at"),
        ({"created_at": {"path": "a", "format": "epoch"}}, "must be epoch_s, epoch_ms, epoch_us, epoch_ns, iso, or"),
        ({"created_at": {"path": "a", "format": "epoch_sec"}}, "did you mean epoch_s?"),
        ({"created_at": {"path": "a", "format": 5}}, ".created_at.format: must be epoch_s, "),
        ({"created_at": {"path": "a", "format": "%d.%m. %H:%M"}}, "lacks the year, so no time follows from it"),
        ({"created_at": {"path": "a", "format": "%Y-%d"}}, "lacks the month"),
        ({"created_at": {"path": "a", "format": "%A %H:%M"}}, "does not give the whole date: it needs year"),
        ({"created_at": {"path": "a", "format": "%Y-%m-%d %Q"}}, "is no pattern of a time ("),
        ({"created_at": {"path": "a", "format": "%Y-%m-%d %"}}, "is no pattern of a time ("),
        ({"created_at": {"path": "a", "format": "%Y-%m-%d %H:%M %Z"}}, "%Z reads no zone; use %z"),
        ({"created_at": {"path": "a", "timezone": "Berlin"}}, ".created_at.timezone: "),
        ({"created_at": {"path": "a", "timezone": 1}}, ".created_at.timezone: must be a time zone"),
        ({"id": {"path": "a", "equals": "d"}}, ".id.equals: belongs to delete"),
        ({"delete": {"path": "op", "equals": []}}, ".delete.equals: must be a text or number, or a list of them"),
    ],
)
def test_another_map_is_refused_with_what_there_is(mapping: Any, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        IngestSettings(map=mapping)
    assert len(refused.value.errors()) == 1
    assert problem in str(refused.value)


def test_a_live_source_names_its_posts_itself() -> None:
    with pytest.raises(ValidationError, match=r"\.source: can't be mapped here, the source of all posts .* is its id"):
        TypeAdapter(LiveMapping).validate_python({"source": "network", "id": "uid"})
    with pytest.raises(ValidationError, match="there is no format"):
        TypeAdapter(LiveMapping).validate_python("raddit")


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("jetstream", "jetstream"),
        ("text=body", {"text": "body"}),
        ("id=Tweet ID, text = title | body", {"id": "Tweet ID", "text": ["title", "body"]}),
        ("{text: body, lang: {const: de}}", {"text": "body", "lang": {"const": "de"}}),
        *[(json.dumps(mapping), mapping) for mapping in RULES if isinstance(mapping, dict)],
    ],
)
def test_the_command_line_has_the_same_language_and_a_short_form(text: str, mapping: Any) -> None:
    assert parse_field_map(text) == mapping


@pytest.mark.parametrize(
    "text",
    ["raddit", "text=", "body=text", "text=body,date", "{", "{text}", "{text: body", "{text: [}", "{" * 10_000, "{}"],
)
def test_a_mistake_on_the_command_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"format|path|field|YAML"):
        parse_field_map(text)


def test_a_mistake_inside_a_rule_names_its_place_on_the_command_line_too() -> None:
    with pytest.raises(ValueError, match=r"^created_at\.format: must be epoch_s"):
        parse_field_map("{created_at: {path: date, format: epoch}}")
