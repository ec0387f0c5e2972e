"""The schema by which editors complete and check a config."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from detectors import registry
from streams.config.schema import config_schema
from tests.support.paths import DEPLOY, TESTDATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIGS = TESTDATA / "config"
EXAMPLES = [DEPLOY / "config.example.yaml", DEPLOY / "demo.yaml", *sorted((DEPLOY / "examples").glob("*.yaml"))]

LEANING = re.compile(r"(Or|And|But|The same|Likewise|Also|Else|Of|That|What|Its|Their|As above|In it|At which)\b")
"""Beginnings of a description that is only understood below another one."""


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    Draft202012Validator.check_schema(config_schema())
    return Draft202012Validator(config_schema())


@cache
def fields() -> dict[str, dict[str, Any]]:
    """The schema of each field by its place, those of detectors' parameters included."""
    return dict(_fields(config_schema(), "config"))


def _fields(node: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, field in node.get("properties", {}).items():
            yield f"{place}.{name}", field
        for name, child in node.items():
            yield from _fields(child, f"{place}.{name}")
    elif isinstance(node, list):
        for child in node:
            yield from _fields(child, f"{place}.{child.get('title', '')}" if isinstance(child, dict) else place)


def described(field: dict[str, Any]) -> str:
    """The description of a field, or of the section that it is."""
    if "description" in field or "$ref" not in field:
        return str(field.get("description", ""))
    return described(config_schema()["$defs"][field["$ref"].removeprefix("#/$defs/")])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_example_configs_are_valid(schema: Draft202012Validator, example: Path) -> None:
    tree = yaml.safe_load(example.read_text(encoding="utf-8"))
    assert [error.message for error in schema.iter_errors(tree)] == []


@pytest.mark.parametrize(
    "bad",
    [
        "a_list", "bad_brand_id", "detector_parameter_out_of_range", "missing_match", "no_brands",
        "unknown_detector_kind", "unknown_detector_parameter", "unknown_key", "wrong_type",
    ],
)  # fmt: skip
def test_an_editor_sees_what_is_wrong(schema: Draft202012Validator, bad: str) -> None:
    assert not schema.is_valid(yaml.safe_load((CONFIGS / f"{bad}.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("kind", registry.KINDS)
def test_each_kind_is_completed_with_its_parameters_and_defaults(schema: Draft202012Validator, kind: str) -> None:
    brand = {"id": "a", "name": "A", "match": {"any": ["aa"]}}
    parameters = {name: each.default for name, each in registry.parameters(kind).items()}
    detector = {"name": "one", "kind": kind, "mode": "shadow"} | parameters
    assert schema.is_valid({"brands": [brand | {"detectors": {"one": {"mode": "off"}}}], "detectors": [detector]})
    assert not schema.is_valid({"brands": [brand], "detectors": [detector | {"wrong": 1}]})


def test_every_field_is_found() -> None:
    places = {place.removeprefix("config.$defs.") for place in fields()}
    assert len(places) > 100
    assert places >= {
        "config.preset",
        "LearnSettings.publish_seconds",
        "MaintenanceSettings.from",
        "DetectorSettings.oneOf.river.feature",
        "DetectorOverride.once_in_days",
    }


@pytest.mark.parametrize("place", fields())
def test_a_description_is_understood_alone(place: str) -> None:
    """Editors show the description of one field, without those above it."""
    about = described(fields()[place])
    assert about, "no description"
    assert about[0].isupper(), about
    assert about.endswith("."), about
    assert len(about.split()) >= 4, about
    assert not LEANING.match(about), about
