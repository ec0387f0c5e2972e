"""Configs, posts and alerts that the documentation shows are as the code takes and gives them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import orjson
import pytest
import yaml

from streams.config import Config, IngestSettings
from streams.config.loader import load_config
from streams.core.ingest.parsing import Normaliser
from streams.records import Alert, Deletion, Post
from streams.sources.live.webhook.openapi import openapi
from tests.support.documents import DOCUMENTS, blocks, name_of

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

BRANDS: Final = "brands: [{id: nordtel, name: Nordtel, match: {any: [nordtel]}}]\n"

SHOWN: Final = [(page, block) for page in DOCUMENTS for block in blocks(page)]
CONFIGS: Final = [
    pytest.param(block.text, id=name_of(page))
    for page, block in SHOWN
    if block.language == "yaml"
    and yaml.safe_load(block.text).keys() <= Config.model_fields.keys()
    and not block.text.partition("\n")[0].endswith(".yaml")  # a file of another kind, named in a comment
]
RECORDS: Final = [
    pytest.param(orjson.loads(block.text), id=name_of(page)) for page, block in SHOWN if block.language == "json"
]


def test_there_are_examples() -> None:
    assert len(CONFIGS) >= 4
    assert len(RECORDS) >= 3


@pytest.mark.parametrize("text", CONFIGS)
def test_a_config_that_is_shown_loads(text: str, tmp_path: Path) -> None:
    file = tmp_path / "firewatch.yaml"
    file.write_text(text if "brands:\n" in text else BRANDS + text, encoding="utf-8")
    assert load_config(file, {}).brands


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_that_is_shown_has_the_fields_of_its_kind(record: dict[str, Any]) -> None:
    if "fingerprint" in record:
        check_fields(record, Alert)
    elif "received" in record:
        answered = {"$ref": "#/components/schemas/Accepted", "components": orjson.loads(openapi())["components"]}
        jsonschema.validate(record, answered, jsonschema.Draft202012Validator)
    else:
        read = Normaliser(IngestSettings(), "file").record(orjson.dumps(record), round(time.time() * 1000))
        assert isinstance(read, Deletion if record.get("delete") else Post)


def check_fields(shown: dict[str, Any], kind: type[BaseModel]) -> None:
    """Check that a shortened record, and the parts of it, have no other fields than their kind."""
    assert shown.keys() <= kind.model_fields.keys()
    for name, value in shown.items():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                inner = kind.model_json_schema()["properties"][name]
                reference = (inner.get("items") or next(iter(inner.get("anyOf", [inner])))).get("$ref", "")
                fields = kind.model_json_schema()["$defs"][reference.rsplit("/", 1)[-1]]["properties"]
                assert part.keys() <= fields.keys(), name
