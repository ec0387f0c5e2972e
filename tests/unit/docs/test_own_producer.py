"""What the documentation of one's own producer shows makes records of posts, and reads those of Kafka Connect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
import yaml

from streams.config import Config
from streams.config.sources.kafka import KafkaSourceSettings
from streams.records import Post, posts_record_from_bytes
from streams.sources.conversion import Conversion
from streams.sources.live.base import Deleted, Found
from streams.sources.live.kafka.records import RecordReading
from tests.support.documents import blocks
from tests.support.foreign_records import NOW, Record
from tests.support.paths import ROOT
from tests.support.source_reading import NORDTEL

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = ROOT / "docs" / "own-producer.md"
WRITTEN: Final = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


def shown(language: str, first: str = "") -> str:
    (text,) = [each.text for each in blocks(PAGE) if each.language == language and each.text.startswith(first)]
    return text


def record_of(source: str, post: dict[str, Any]) -> tuple[bytes, bytes]:
    names: dict[str, Any] = {}
    exec(shown("python"), names)  # noqa: S102  our own documentation
    made: tuple[bytes, bytes] = names["record_of"](source, post)
    return made


@pytest.mark.parametrize("source", ["forum", "a:b:c"])
def test_the_python_producer_makes_the_record_and_the_key_of_a_post(source: str) -> None:
    post = {"uid": 17, "written": WRITTEN, "body": "Nordtel ist weg", "user": "kim", "likes": 3}
    key, value = record_of(source, post)
    made = posts_record_from_bytes(value)
    assert made == Post("17", source, 1_772_446_500_000, "Nordtel ist weg", author="kim", engagement=3)
    assert key == made.key


def test_the_python_producer_partitions_as_all_others_do() -> None:
    pytest.importorskip("confluent_kafka")
    names: dict[str, Any] = {}
    exec(shown("python"), names)  # noqa: S102  our own documentation
    assert '"partitioner": "murmur2_random"' in shown("python")
    names["write"]("127.0.0.1:1", "forum", [])  # librdkafka knows each of the options


def test_the_python_producer_fails_where_kafka_refuses_a_post() -> None:
    """A refused post has left the queue, so that flush alone does not notice it."""
    names: dict[str, Any] = {}
    exec(shown("python"), names)  # noqa: S102  our own documentation
    names["Producer"] = RefusedByTheBroker
    with pytest.raises(RuntimeError, match=r"has not acknowledged all posts.+unknown topic"):
        names["write"]("127.0.0.1:1", "forum", [{"uid": 17, "written": WRITTEN, "body": "Nordtel ist weg"}])


class RefusedByTheBroker:
    """A producer whose broker takes nothing."""

    def __init__(self, _: dict[str, Any]) -> None:
        self._refuse: list[Callable[[str, None], None]] = []

    def __len__(self) -> int:
        return len(self._refuse)

    def produce(self, *_: object, on_delivery: Callable[[str, None], None]) -> None:
        self._refuse.append(on_delivery)

    def poll(self, _: float) -> None:
        while self._refuse:
            self._refuse.pop()("unknown topic", None)

    def flush(self, _: float) -> int:
        self.poll(0)
        return 0


def test_mappings_of_other_programs_name_fields_of_a_post_and_partition_alike() -> None:
    connect = yaml.safe_load(shown("yaml", "# connect.yaml"))
    mapping = connect["pipeline"]["processors"][1]["mapping"]
    fields = [line.split(" = ")[0].removeprefix("root.") for line in mapping.splitlines() if line.startswith("root.")]
    assert set(fields) <= {"v", *Post._fields}
    assert set(fields) >= {"v", "id", "source", "ts_ms", "text"}
    assert connect["output"]["kafka_franz"]["partitioner"] == "murmur2_hash"
    vector = yaml.safe_load(shown("yaml", "# vector.yaml"))
    assert vector["sinks"]["kafka"]["librdkafka_options"]["partitioner"] == "murmur2_random"
    remap = vector["transforms"]["post"]["source"]
    assert all(f'"{name}":' in remap for name in ("v", "id", "source", "ts_ms", "text", "key"))


@pytest.mark.parametrize("with_schema", [False, True])
def test_the_records_of_the_connector_are_read_by_the_map_that_is_shown(with_schema: bool) -> None:
    assert yaml.safe_load(shown("yaml", "# connector.yaml"))["config"]["value.converter"].endswith("JsonConverter")
    entry = {"id": "forum", "kind": "kafka", "topic": "forum-posts"} | yaml.safe_load(shown("text"))
    config = Config.model_validate({"brands": [NORDTEL], "sources": [entry]})
    (settings,) = config.sources
    assert isinstance(settings, KafkaSourceSettings)
    reading = RecordReading(settings, config, Conversion.of_live(settings.map, lambda: NOW))
    row = {"id": 17, "title": "Nordtel", "body": "ist weg", "written": 1_772_446_500_000}
    value = orjson.dumps({"schema": {"type": "struct"}, "payload": row} if with_schema else row)
    found = reading.item(Record(value, b"17"))
    assert isinstance(found, Found)
    assert found.fields == {"id": 17, "text": "Nordtel\nist weg", "created_at": "2026-03-02T10:15:00Z"}
    assert reading.item(Record(None, b"17")) == Deleted("17")
