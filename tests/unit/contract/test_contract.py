"""What is published and what is checked in say the same, and what was agreed with consumers goes on to hold.

`deploy/contract/fixtures` holds records as contract 1.0 had them, and the schemas that consumers of that time check by.
"""

from __future__ import annotations

import gzip
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest
from click.testing import CliRunner
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from streams.cli import cli
from streams.contract.asyncapi import CONTRACT_VERSION, asyncapi
from streams.core.detect.partition import PartitionMonitor
from streams.records import (
    Alert,
    Envelope,
    Progress,
    Window,
    alert_from_bytes,
    cloudevents,
    label_from_bytes,
    mentions_record_from_bytes,
    model_from_bytes,
    post_from_bytes,
    window_from_bytes,
)
from tests.support.paths import DEPLOY, TESTDATA
from tests.unit.core.detect.test_state_versions import config, feed, stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTRACT = DEPLOY / "contract"
FIXTURES = CONTRACT / "fixtures"
OFFICIAL = TESTDATA / "asyncapi-3.0.0.schema.json.gz"

READERS: dict[str, Callable[[bytes | None], Any]] = {
    "post": post_from_bytes,
    "envelope": mentions_record_from_bytes,
    "progress": mentions_record_from_bytes,
    "window": window_from_bytes,
    "alert": alert_from_bytes,
    "label": label_from_bytes,
}


@cache
def document() -> dict[str, Any]:
    return asyncapi()


@cache
def todays() -> tuple[list[Alert], list[Window], list[Envelope | Progress]]:
    """Records of a storm with late posts, as written today."""
    minutes = stream()
    alerts, windows = feed(PartitionMonitor(config(), 0), minutes)
    return alerts, windows, [record for records in minutes[:20] for record in records]


def printed(what: str) -> str:
    return CliRunner().invoke(cli, ["schema", what], catch_exceptions=False).output


def payload(name: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(document()["components"]["messages"][name]["payload"])


def old(name: str) -> list[bytes]:
    return (FIXTURES / f"{name}-1.0.jsonl").read_bytes().splitlines()


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
        "social.posts.dlq", "social.alerts.dlq",
    }  # fmt: skip


def test_every_part_of_a_record_says_what_it_is() -> None:
    for name in ("post", "envelope", "progress", "window"):
        parts = document()["components"]["messages"][name]["payload"]["properties"]
        undescribed = {part for part, schema in parts.items() if "description" not in schema}
        assert undescribed <= {"progress", "scores", "brand", "config_version"}, name
    mention = document()["components"]["messages"]["envelope"]["payload"]["properties"]["mentions"]["items"]
    assert [item["description"].split(".")[0] for item in mention["items"]][:3] == ["offset", "ts_ms", "behind_ms"]


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


def test_the_version_of_the_contract_is_that_of_its_description() -> None:
    assert f"Contract {CONTRACT_VERSION}" in (CONTRACT / "README.md").read_text()


def test_an_alert_is_a_cloudevent_in_binary_mode() -> None:
    alert = todays()[0][0]
    headers = dict(cloudevents.headers(alert, "firewatch"))
    assert headers.keys() == cloudevents.HEADERS.keys()
    event = from_binary_event(KafkaMessage(headers, alert.brand.encode(), alert.to_bytes()))
    assert (event.get_id(), event.get_source(), event.get_specversion()) == (alert.id, "firewatch", "1.0")
    assert event.get_type() == "io.firewatch.incident.open"
    assert event.get_subject() == alert.brand
    assert event.get_time() == alert.at
    assert event.get_datacontenttype() == "application/json"
    data: Any = event.get_data()
    assert Alert.model_validate(data) == alert
    described = document()["components"]["messages"]["alert"]["headers"]
    jsonschema.Draft7Validator(described).validate({name: value.decode() for name, value in headers.items()})
