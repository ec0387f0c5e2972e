"""A topic that other programs write is read without loss, and what is lost is reported with its bounds."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import TopicPartition

from streams.errors import SourceRefused, SourceUnavailable
from streams.kafka.clients import raw_client
from streams.kafka.metadata import committed_offsets, when_coordinated
from streams.runtime import clock
from tests.support.broker import until
from tests.support.damaged_disk import damage_batch, damage_length
from tests.support.foreign_kafka import ForeignKafka
from tests.support.source_reading import Read, read_until, source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.config import Config
    from streams.sources.live.base import LiveSource, Position

MAP: dict[str, Any] = {"id": "post.uid", "text": "post.body", "created_at": {"path": "post.ts", "format": "epoch_ms"}}
NOON = 1_772_452_800_000


@pytest.fixture
def topic() -> str:
    return f"raw-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def foreign(kafka: str) -> ForeignKafka:
    return ForeignKafka(kafka)


@pytest.fixture
def source(kafka_config: Callable[..., Config], topic: str) -> Callable[..., LiveSource]:
    def make(**entry: Any) -> LiveSource:
        fields = {"id": "crawler", "kind": "kafka", "topic": topic, "start": "earliest", "map": MAP}
        return source_of(fields | entry, kafka_config())

    return make


def post(number: int, time_ms: int | None = None) -> dict[str, Any]:
    ts = str(NOON + number * 1000 if time_ms is None else time_ms)  # numbers as texts
    return {"post": {"uid": number, "body": f"Nordtel {number}", "ts": ts}}


def caught_up(read: Read) -> bool:
    """Return whether a pause has come after records."""
    return bool(read.items) and not read.batches[-1].items


async def test_posts_deletions_and_defects_of_a_foreign_producer_are_told_apart(
    foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic)
    foreign.send(topic, post(1))
    foreign.send(topic, {"schema": {"type": "struct"}, "payload": post(2)})
    foreign.send(topic, None, key=b"1")
    foreign.send(topic, b"\0\0\0\0\x07avro")
    foreign.send(topic, b"{broken")
    foreign.send(topic, [1])
    foreign.send(topic, {"post": {"uid": 3, "body": "x" * 70_000, "ts": NOON}})
    foreign.send(topic, b"[" * 5_000)
    foreign.send(topic, {"schema": None, "payload": None}, key=b'{"schema":null,"payload":{"uid":2}}')
    foreign.send(topic, post(4))
    foreign.flush()
    read = await read_until(source(), caught_up)
    assert read.ids == ["1", "2", "4"]
    assert read.posts[0] == {"id": 1, "text": "Nordtel 1", "created_at": "2026-03-02T12:00:01Z"}
    assert read.deleted == ["1", "2"]
    assert read.bad == ["confluent_format", "broken_json", "wrong_type", "too_large", "too_deep"]
    assert not read.gaps


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_compression_is_read(kafka: str, topic: str, source: Callable[..., LiveSource], codec: str) -> None:
    with ForeignKafka(kafka, **{"compression.type": codec}) as foreign:
        foreign.create(topic)
        for number in range(50):
            foreign.send(topic, post(number))
        foreign.flush()
    read = await read_until(source(), lambda read: len(read.ids) >= 50)
    assert read.ids == [str(number) for number in range(50)]


async def test_aborted_transactions_are_not_read_and_their_marks_are_no_lag(
    kafka: str, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign = ForeignKafka(kafka, **{"transactional.id": topic})
    foreign.create(topic)
    foreign.begin_transactions()
    foreign.transaction(topic, [post(1)], commit=True)
    foreign.transaction(topic, [post(2)], commit=False)
    foreign.transaction(topic, [post(3)], commit=True)
    made = source()
    read = await read_until(made, lambda read: len(read.ids) == 2 and caught_up(read))
    assert read.ids == ["1", "3"]
    assert made.health.facts["records behind"] == "0"
    assert made.health.state == "live"


async def test_a_backlog_of_several_partitions_comes_in_order_of_time(
    foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic, 4)
    for number in range(4_000):  # one partition after the other, as a crawler of four sites may write them
        partition, step = divmod(number, 1_000)
        time_ms = NOON + step * 4_000 + partition * 1_000
        foreign.send(topic, post(number, time_ms), partition=partition, time_ms=time_ms)
    foreign.flush()
    read = await read_until(source(), lambda read: len(read.ids) >= 4_000)
    times = [fields["created_at"] for fields in read.posts]
    assert times == sorted(times)
    assert len(set(read.ids)) == 4_000


async def test_reading_goes_on_at_a_saved_position_and_begins_with_the_present_by_default(
    foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic, 2)
    foreign.send(topic, post(1))
    foreign.flush()
    first = await read_until(source(start="latest"), lambda read: read.position is not None)
    assert first.items == []
    for number in range(2, 6):
        foreign.send(topic, post(number), partition=number % 2)
    foreign.flush()
    second = await read_until(source(start="latest"), lambda read: len(read.ids) == 4, first.position)
    assert sorted(second.ids) == ["2", "3", "4", "5"]
    foreign.send(topic, post(6))
    foreign.flush()
    third = await read_until(source(start="latest"), lambda read: read.ids, second.position)
    assert third.ids == ["6"]
    assert not third.gaps


async def test_records_that_retention_removed_are_a_gap_between_the_records_around_them(
    foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic)
    for number in range(5):
        foreign.send(topic, post(number))
    foreign.flush()
    first = await read_until(source(), lambda read: len(read.ids) == 5)
    position = at_the_last_record(first.position)
    for number in range(5, 20):
        foreign.send(topic, post(number))
    foreign.flush()
    foreign.delete_before(topic, 0, 15)
    second = await read_until(source(), lambda read: len(read.ids) == 5, position)
    assert second.ids == ["15", "16", "17", "18", "19"]
    (gap,) = second.gaps
    assert (gap.from_ms, gap.to_ms, gap.cause) == (NOON + 4_000, NOON + 15_000, "removed")
    assert "10 records from offset 5 on were deleted" in gap.detail
    assert gap.part == "partition 0"


def at_the_last_record(position: Position | None) -> Position:
    """Return a position as it was before the end of the topic had been reached for long."""
    assert position is not None
    parts = {number: [offset, NOON + (offset - 1) * 1_000] for number, (offset, _) in position["partitions"].items()}
    return position | {"partitions": parts}


async def test_a_topic_that_is_created_again_is_read_from_its_beginning_with_a_gap(
    foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic)
    for number in range(3):
        foreign.send(topic, post(number))
    foreign.flush()
    first = await read_until(source(), lambda read: len(read.ids) == 3)
    foreign.recreate(topic, 2)
    for number in range(10, 15):  # more than before, so that no offset is out of range
        foreign.send(topic, post(number))
    foreign.flush()
    second = await read_until(source(), lambda read: len(read.ids) == 5, at_the_last_record(first.position))
    assert second.ids == ["10", "11", "12", "13", "14"]
    (gap,) = second.gaps
    assert (gap.from_ms, gap.to_ms, gap.cause) == (NOON + 2_000, NOON + 10_000, "recreated")


async def test_partitions_that_are_added_and_a_topic_created_again_are_noticed_while_reading(
    kafka: str, foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic)
    foreign.send(topic, post(0))
    foreign.flush()

    def enlarge() -> None:
        foreign.add_partitions(topic, 3)
        with ForeignKafka(kafka) as another:
            another.send(topic, post(1), partition=2)

    def create_again() -> None:
        foreign.recreate(topic)
        with ForeignKafka(kafka) as another:
            another.send(topic, post(2))

    steps = [enlarge, create_again]

    def on(read: Read) -> bool:
        if len(read.ids) == 3 - len(steps) and steps:
            steps.pop(0)()
        return len(read.ids) == 3

    read = Read()
    while len(read.ids) < 3:
        with suppress(SourceUnavailable):  # the topic is gone for a moment
            await read_until(source(), on, read.position, into=read)
    assert read.ids == ["0", "1", "2"]
    assert [gap.cause for gap in read.gaps] == ["recreated"]


async def test_the_position_is_committed_to_a_group_of_the_other_side_if_it_is_asked_for(
    foreign: ForeignKafka, kafka_config: Callable[..., Config], topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic)
    for number in range(7):
        foreign.send(topic, post(number))
    foreign.flush()
    group, settings = f"firewatch-{topic}", kafka_config().kafka
    reading = asyncio.create_task(read_until(source(commit_group=group), lambda _: False))
    async with raw_client(settings) as client:

        async def committed() -> bool:
            tp = TopicPartition(topic, 0)
            found = await when_coordinated(lambda: committed_offsets(client, group, [tp]))
            return found[tp][0] == 7

        try:
            await until(committed, 60)
        finally:
            reading.cancel()
            await asyncio.wait([reading])


async def test_what_somebody_has_to_change_is_refused_with_the_way_out(
    foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    with pytest.raises(SourceRefused, match=f"source crawler: there is no topic '{topic}' at .*create it"):
        await read_until(source(), lambda _: True)
    with pytest.raises(SourceUnavailable, match="there is no topic"):  # it has been read before, and may come back
        await read_until(source(), lambda _: True, {"topic": topic, "id": "x", "partitions": {"0": [7, NOON]}})
    foreign.create(topic)
    foreign.send(topic, {"uid": 7, "body": "Nordtel", "ts": NOON})
    foreign.flush()
    with pytest.raises(SourceRefused, match=r"source crawler: .*the map finds no id in any of 1 record.*uid, body, ts"):
        await read_until(source(), lambda _: True)
    foreign.send(topic, post(1))
    foreign.flush()
    read = await read_until(source(), lambda read: len(read.ids) == 2)
    assert read.posts[1]["id"] == 1  # the other lacks an id, and is refused as any such post


async def test_a_topic_in_confluents_format_is_refused_by_name(
    foreign: ForeignKafka, topic: str, source: Callable[..., LiveSource]
) -> None:
    foreign.create(topic)
    foreign.send(topic, b"\0\0\0\0\x07avro")
    foreign.flush()
    with pytest.raises(SourceRefused, match=r"wire format of Confluent's schema registry .schema 7"):
        await read_until(source(), lambda _: True)


async def test_a_broker_that_does_not_answer_is_unavailable(topic: str, source: Callable[..., LiveSource]) -> None:
    with pytest.raises(SourceUnavailable, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        await read_until(source(bootstrap="127.0.0.1:1"), lambda _: True)


def fill(foreign: ForeignKafka, topic: str, count: int) -> None:
    """Create a topic with posts in batches of ten in one partition, and another post in a second one."""
    foreign.create(topic, 2)
    for number in range(count):
        foreign.send(topic, post(number), partition=0)
        if number % 10 == 9:
            foreign.flush()
    foreign.send(topic, post(99), partition=1)
    foreign.flush()


async def test_a_batch_that_is_damaged_on_the_disk_of_the_broker_is_a_gap_between_its_neighbours(
    foreign: ForeignKafka, topic: str, kafka_config: Callable[..., Config]
) -> None:
    fill(foreign, topic, 30)
    first, behind = damage_batch(topic, 0, 14)
    ahead_ms = 0
    entry = {"id": "crawler", "kind": "kafka", "topic": topic, "start": "earliest", "map": MAP}
    source = source_of(entry, kafka_config(), now_ms=lambda: clock.now_ms() + ahead_ms)

    def on(read: Read) -> bool:
        nonlocal ahead_ms
        if "can't be read from offset" in source.health.why:
            ahead_ms += 5_000
        return len(read.ids) == 31 - (behind - first)

    read = await read_until(source, on)
    lost = {str(number) for number in range(first, behind)}
    assert set(read.ids) == {str(number) for number in range(30)} - lost | {"99"}
    (gap,) = read.gaps
    assert (gap.from_ms, gap.to_ms) == (NOON + (first - 1) * 1_000, NOON + behind * 1_000)
    assert (gap.cause, gap.part) == ("damaged", "partition 0")
    assert f"from offset {first} to {behind - 1} is damaged: its checksum (CRC) is wrong" in gap.detail


async def test_a_batch_without_a_length_stalls_and_the_other_partitions_are_read(
    foreign: ForeignKafka, topic: str, kafka_config: Callable[..., Config]
) -> None:
    fill(foreign, topic, 20)
    first, _ = damage_length(topic, 0, 0)
    ahead_ms = 0
    entry = {"id": "crawler", "kind": "kafka", "topic": topic, "start": "earliest", "map": MAP}
    source = source_of(entry, kafka_config(), now_ms=lambda: clock.now_ms() + ahead_ms)

    def on(read: Read) -> bool:
        nonlocal ahead_ms
        ahead_ms += 2_000
        return "99" in read.ids and f"can't be read from offset {first} on" in source.health.why

    read = await read_until(source, on)
    assert read.ids == ["99"]
    assert "have another replica lead the partition" in source.health.why
