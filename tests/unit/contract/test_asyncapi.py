"""The AsyncAPI document and the checked-in schemas: current, valid, and true of the records that are written."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest

from streams.contract.asyncapi import CONTRACT_VERSION
from streams.records import Progress
from tests.support.contract import CONTRACT, document, payload, printed, todays
from tests.support.paths import TESTDATA

if TYPE_CHECKING:
    from collections.abc import Iterator

OFFICIAL = TESTDATA / "asyncapi-3.0.0.schema.json.gz"


@pytest.mark.parametrize("what", ["alert", "label", "verdict", "config"])
def test_the_checked_in_schema_is_what_the_code_publishes(what: str) -> None:
    assert (CONTRACT / f"{what}.schema.json").read_text() == printed(what)


def test_the_checked_in_document_is_what_the_code_publishes() -> None:
    assert (CONTRACT / "asyncapi.json").read_text() == printed("asyncapi")


def test_the_document_is_asyncapi_by_its_official_schema() -> None:
    official = orjson.loads(gzip.decompress(OFFICIAL.read_bytes()))
    validator = jsonschema.Draft7Validator(official)
    assert [error.message for error in validator.iter_errors(document())] == []
    assert [*validator.iter_errors(document() | {"channels": {"posts": {"adress": "social.posts"}}})]


def test_every_reference_in_the_document_leads_somewhere() -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            node = list(node.values())
        if isinstance(node, list):
            for each in node:
                yield from references(each)

    found = set(references(document()))
    assert len(found) > 10
    for reference in found:
        place: Any = document()
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_topic_is_described() -> None:
    addresses = {channel["address"] for channel in document()["channels"].values()}
    assert addresses == {
        "social.posts", "social.mentions", "social.windows", "social.alerts", "social.labels", "social.models",
        "social.posts.dlq", "social.alerts.dlq", "social.cursors",
    }  # fmt: skip


def test_the_document_describes_what_is_written_today() -> None:
    alerts, windows, records = todays()
    assert {alert.step for alert in alerts} >= {"open", "grow", "resolve"}
    for alert in alerts:
        payload("alert").validate(orjson.loads(alert.to_bytes()))
    for window in windows:
        payload("window").validate(orjson.loads(window.to_bytes()))
    for record in records:
        payload("progress" if isinstance(record, Progress) else "envelope").validate(orjson.loads(record.to_bytes()))
    damaged = orjson.loads(records[0].to_bytes()) | {"partition": "one"}
    assert not any(payload(name).is_valid(damaged) for name in ("progress", "envelope"))


def test_the_version_of_the_contract_is_that_of_its_description() -> None:
    assert f"Contract {CONTRACT_VERSION}" in (CONTRACT / "README.md").read_text()


def descriptions(node: Any) -> Iterator[str]:
    """Yield all descriptions and summaries below a node."""
    if isinstance(node, dict):
        for name, child in node.items():
            if name in {"description", "summary"} and isinstance(child, str):
                yield child
            else:
                yield from descriptions(child)
    elif isinstance(node, list):
        for child in node:
            yield from descriptions(child)


def test_the_document_names_nothing_of_python() -> None:
    found = list(descriptions(document()))
    assert len(found) > 100
    ours = re.compile(r"\b(streams|detectors)\.[a-z]|\b[A-Z]+_[A-Z_]+\b|\bNone\b|\bEnvelope\b|`[A-Z]\w+`")
    assert [each for each in found if ours.search(each)] == []
