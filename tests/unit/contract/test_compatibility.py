"""What was agreed with consumers still holds: records and schemas of contract 1.0.

`deploy/contract/fixtures` holds records as contract 1.0 had them, and the schemas that consumers of that time check by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest

from streams.records import (
    alert_from_bytes,
    label_from_bytes,
    mentions_record_from_bytes,
    model_from_bytes,
    post_from_bytes,
    window_from_bytes,
)
from tests.support.contract import CONTRACT, FIXTURES, document, payload, todays

if TYPE_CHECKING:
    from collections.abc import Callable

READERS: dict[str, Callable[[bytes | None], Any]] = {
    "post": post_from_bytes,
    "envelope": mentions_record_from_bytes,
    "progress": mentions_record_from_bytes,
    "window": window_from_bytes,
    "alert": alert_from_bytes,
    "label": label_from_bytes,
}


def old(name: str) -> list[bytes]:
    return (FIXTURES / f"{name}-1.0.jsonl").read_bytes().splitlines()


@pytest.mark.parametrize("name", READERS)
def test_records_of_contract_1_0_are_read_and_described_today(name: str) -> None:
    assert old(name)
    for line in old(name):
        READERS[name](line)
        payload(name).validate(orjson.loads(line))


def test_models_of_contract_1_0_are_read_and_described_today() -> None:
    value = (FIXTURES / "model-1.0.bin").read_bytes()
    model = model_from_bytes(value)
    written = orjson.loads(value.split(b"\n")[1])
    assert orjson.loads(model.to_bytes().split(b"\n")[1]).items() >= written.items()
    header = document()["components"]["messages"]["model"]["payload"]["x-header"]
    jsonschema.Draft7Validator(header).validate(orjson.loads(value.split(b"\n")[1]))


def test_alerts_of_today_are_valid_by_the_schema_of_1_0_and_the_other_way_round() -> None:
    first, today = (
        jsonschema.Draft202012Validator(orjson.loads(path.read_bytes()), format_checker=jsonschema.FormatChecker())
        for path in (FIXTURES / "alert-1.0.schema.json", CONTRACT / "alert.schema.json")
    )
    for alert in todays()[0]:
        first.validate(orjson.loads(alert.to_bytes()))
    for line in old("alert"):
        today.validate(orjson.loads(line))
        assert alert_from_bytes(line).step is None


@pytest.mark.parametrize("what", ["alert", "label"])
def test_schemas_change_by_the_rules(what: str) -> None:
    """Nothing is taken away, nothing that firewatch writes becomes optional, and what is new is optional to read."""
    first = orjson.loads((FIXTURES / f"{what}-1.0.schema.json").read_bytes())
    today = orjson.loads((CONTRACT / f"{what}.schema.json").read_bytes())
    parts = [(what, first, today)]
    parts += [(name, part, today["$defs"][name]) for name, part in first.get("$defs", {}).items()]
    for name, before, now in parts:
        assert before["required"] == [part for part in now["required"] if part in before["properties"]], name
        assert set(now["required"]) <= set(before["properties"]), name
        for part, schema in before["properties"].items():
            kept = ("type", "enum", "const", "$ref", "anyOf", "items", "format", "minimum", "maximum")
            assert {key: schema.get(key) for key in kept} == {key: now["properties"][part].get(key) for key in kept}, (
                f"{name}.{part}"
            )
