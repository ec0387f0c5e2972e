"""Settings of how records are read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from streams.config import IngestSettings
from streams.config.ingest import parse_field_map


@pytest.mark.parametrize(
    "mapping", [None, "reddit", {"id": "post.uid", "text": "post.body"}, {"text": ["title", "body"]}]
)
def test_a_map_is_the_name_of_a_format_or_paths(mapping: Any) -> None:
    assert IngestSettings(map=mapping).map == mapping


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ("raddit", "there is no format 'raddit'; there are twitter_v1, "),
        ({"txt": "body"}, "a post has no field 'txt'; it has id, "),
        ({"text": 5}, "the path of text must be the name of a field, such as user.name, got 5"),
        ({"text": []}, "the path of text must be"),
        ({"text": " "}, "the path of text must be"),
    ],
)
def test_another_map_is_refused_with_what_there_is(mapping: Any, problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        IngestSettings(map=mapping)
    assert len(refused.value.errors()) == 1
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("jetstream", "jetstream"),
        ("text=body", {"text": "body"}),
        ("id=Tweet ID, text = title | body", {"id": "Tweet ID", "text": ["title", "body"]}),
    ],
)
def test_the_command_line_has_a_short_form(text: str, mapping: Any) -> None:
    assert parse_field_map(text) == mapping


@pytest.mark.parametrize("text", ["raddit", "text=", "body=text", "text=body,date"])
def test_a_mistake_on_the_command_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"format|path|field"):
        parse_field_map(text)


def test_an_encoding_is_one_of_text_that_python_has() -> None:
    assert IngestSettings(encoding="cp1251").encoding == "cp1251"
    for name in ("klingon", "hex", "", "a\0b"):
        with pytest.raises(ValidationError, match="is no encoding of text; name one such as cp1251"):
            IngestSettings(encoding=name)


def test_names_of_unknown_authors_need_no_quotes() -> None:
    assert IngestSettings.model_validate({"unknown_authors": [None, False, 0, "[deleted]"]}).unknown_authors == [
        "null",
        "false",
        "0",
        "[deleted]",
    ]
    with pytest.raises(ValidationError):
        IngestSettings.model_validate({"unknown_authors": [["deleted"]]})
