"""Ingest into a real broker: what arrives, what is diverted, when it stops."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
import signal
import socket
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from pydantic import ValidationError

from deploy.local.kafka import DEFAULT_HOME, LocalKafka
from streams.config import KafkaSettings
from streams.errors import BrokerUnreachable, InputError, KafkaError, RejectionRatioExceeded
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import check_reachable
from streams.kafka.topics import Topics
from streams.records import Post, post_from_bytes
from streams.runtime import clock
from streams.runtime.failpoints import VARIABLE, Failpoint
from streams.sources.files import FileSource
from streams.sources.ordered_file import to_ingest
from streams.sources.registry import open_posts
from streams.sources.stdin import StdinSource
from streams.workers.ingest import IngestSummary, ingest
from tests.support.broker import headers, read_topic, until
from tests.support.patience import PATIENCE_SECONDS
from tests.support.worker import Worker, write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from streams.config import Config
    from streams.sources.base import Line

START = datetime(2025, 6, 1, 12, tzinfo=UTC)


def post(number: int, **fields: Any) -> bytes:
    created_at = (START + timedelta(seconds=number)).isoformat()
    return json.dumps({"id": number, "created_at": created_at, "text": f"Nordtel Nummer {number}"} | fields).encode()


def write(path: Path, lines: list[bytes]) -> Path:
    content = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


async def run(config: Config, path: Path, **options: Any) -> IngestSummary:
    with open_posts(str(path), config.ingest.max_record_bytes) as source:
        return await ingest(config, source, stop=asyncio.Event(), **options)


async def posts_in(config: Config) -> list[Post]:
    return [post_from_bytes(record.value) for record in await read_topic(config, Topics(config.topics).posts.name)]


async def arrived(config: Config, count: int) -> bool:
    return len(await posts_in(config)) == count


@pytest.fixture
async def config(kafka_config: Callable[..., Config]) -> Config:
    config = kafka_config(ingest={"max_bad_share": 0.1, "bad_share_after": 100})
    await ensure_topics(config, create=True)
    return config


async def test_good_posts_arrive_once_and_bad_lines_are_diverted(config: Config, tmp_path: Path) -> None:
    bad = {
        b'{"id": ': "broken_json",
        post(1, text=5): "wrong_type",
        b'{"id": 1, "text": "x"}': "missing_field",
        post(1, created_at="1970-01-01T00:00:00Z"): "timestamp_too_old",
        post(1, created_at="2099-01-01T00:00:00Z"): "timestamp_in_future",
        b'{"x":' + b"[" * 10_000 + b"]" * 10_000 + b"}": "too_deep",
        post(1, text="x" * 2_000_000): "too_large",
        b"\x00\x00": "broken_json",
    }
    pictures = [post(number, text="") for number in range(400, 440)]
    lines = [post(number) for number in range(300)] + [post(number) for number in range(20)] + list(bad) + pictures
    random.Random(1).shuffle(lines)
    before_ms = time.time_ns() // 1_000_000
    with FileSource(write(tmp_path / "posts.jsonl", lines), config.ingest.max_record_bytes) as source:
        source.source_name = "archive"
        summary = await ingest(config, source, stop=asyncio.Event())
    assert (summary.read, summary.ingested, summary.repeated, summary.skipped) == (368, 300, 20, 40)
    assert summary.rejected == Counter(bad.values())

    topics = Topics(config.topics)
    records = await read_topic(config, topics.posts.name)
    assert {record.key for record in records} == {b"archive:%d" % number for number in range(300)}
    assert len(records) == 300
    assert len({record.partition for record in records}) == config.topics.partitions
    assert all(record.timestamp >= before_ms for record in records)  # ingest time, not event time
    arrived = {int(post.id): post for post in map(post_from_bytes, (record.value for record in records))}
    assert arrived[17].text == "Nordtel Nummer 17"
    assert arrived[17].ts_ms == int((START + timedelta(seconds=17)).timestamp() * 1000)

    dead_letters = await read_topic(config, topics.dlq.name)
    assert len(dead_letters) == len(bad)
    for dead_letter in dead_letters:
        said = headers(dead_letter)
        assert said["topic"] == str(tmp_path / "posts.jsonl")
        assert said["detail"]
        (line,) = (line for line in bad if line.startswith(dead_letter.value) and bad[line] == said["reason"])
        assert len(dead_letter.value) == min(len(line), config.ingest.max_record_bytes + 1)
        content = (tmp_path / "posts.jsonl").read_bytes()
        assert content[: int(said["offset"])].endswith(line + b"\n")


async def test_it_stops_when_too_much_is_bad(config: Config, tmp_path: Path) -> None:
    lines = [b"nonsense" if number % 5 == 0 else post(number) for number in range(20_000)]
    with pytest.raises(RejectionRatioExceeded, match=r"broken_json") as refused:
        await run(config, write(tmp_path / "posts.jsonl", lines))
    assert (refused.value.bad, refused.value.seen) == (21, 101)
    assert refused.value.exit_code != 0
    assert len(await read_topic(config, Topics(config.topics).dlq.name)) == 21
    assert len(await posts_in(config)) == 80


async def test_a_short_input_is_judged_at_its_end(config: Config, tmp_path: Path) -> None:
    with pytest.raises(RejectionRatioExceeded, match="2 of 5"):
        await run(config, write(tmp_path / "posts.jsonl", [b"{", post(1), post(2), post(3), b"["]))
    assert len(await posts_in(config)) == 3


async def test_an_input_without_posts_is_an_error(config: Config, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no posts"):
        await run(config, write(tmp_path / "blank.jsonl", [b"", b"  "]))


async def test_what_stands_before_the_cut_of_a_gzip_stream_arrives(config: Config, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.jsonl.gz", [post(number, author=os.urandom(9).hex()) for number in range(20_000)])
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match="cut short"):
        await run(config, cut)
    ids = sorted(int(post.id) for post in await posts_in(config))
    assert ids == list(range(len(ids)))
    assert 5_000 < len(ids) < 15_000


@pytest.mark.parametrize("keep_order", [True, False])
async def test_a_growing_file_is_ingested_whole_although_a_run_ends_in_the_middle_of_a_line(
    config: Config, tmp_path: Path, keep_order: bool
) -> None:
    """The cursor went behind half a line, so that the other half was a line of its own to the next run."""
    path, cursor = tmp_path / "growing.jsonl", tmp_path / "cursor"
    lines = [post(number, text="Nordtel, St~rung").replace(b"~", "ö".encode()) for number in range(30)]
    content = b"\n".join(lines) + b"\n"
    half = content.index(b'"id": 20') + 30
    for end in (half, content.index(b"\xc3", half) + 1, len(content) - 1, len(content)):
        path.write_bytes(content[:end])
        opened = open_posts(str(path), config.ingest.max_record_bytes)
        with to_ingest(opened, config.ingest, clock.now_ms(), keep_order=keep_order) as source:
            summary = await ingest(config, source, stop=asyncio.Event(), cursor_file=cursor)
        assert summary.rejected == {}
    assert sorted(int(post.id) for post in await posts_in(config)) == list(range(30))
    assert await read_topic(config, Topics(config.topics).dlq.name) == []


async def test_a_compressed_file_that_is_still_written_is_ingested_to_its_end(config: Config, tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(post(number, author=os.urandom(9).hex()) + b"\n" for number in range(5_000)))
    path, cursor = tmp_path / "growing.jsonl.gz", tmp_path / "cursor"
    read = 0
    for end in (len(packed) // 2, len(packed)):
        path.write_bytes(packed[:end])
        read += (await run(config, path, cursor_file=cursor)).read
    assert read == len(await posts_in(config)) == 5_000


async def test_an_array_is_resumed_in_its_middle(config: Config, tmp_path: Path) -> None:
    path, cursor = tmp_path / "posts.json", tmp_path / "cursor"
    posts = [post(number) for number in range(3_000)]
    path.write_bytes(b"[" + b",\n".join(posts[:1_000]))
    first = await run(config, path, cursor_file=cursor)
    path.write_bytes(b"[" + b",\n".join(posts) + b"]")
    second = await run(config, path, cursor_file=cursor)
    assert (first.read, second.read) == (1_000, 2_000)
    assert len(await posts_in(config)) == 3_000


class Interrupted(FileSource):
    """A file during which ingest is stopped after the first chunk."""

    def __init__(self, path: Path, stop: asyncio.Event) -> None:
        super().__init__(path, 65_536)
        self._stop = stop

    def chunks(self) -> Iterator[list[Line]]:
        for number, chunk in enumerate(super().chunks()):
            if number == 1:
                self._stop.set()
            yield chunk


async def test_a_stopped_ingest_goes_on_at_its_cursor(config: Config, tmp_path: Path) -> None:
    path, cursor = write(tmp_path / "posts.jsonl", [post(n) for n in range(20_000)]), tmp_path / "cursor"
    stop = asyncio.Event()
    source = Interrupted(path, stop)
    first = await ingest(config, source, stop=stop, cursor_file=cursor)
    source.close()
    assert 0 < first.ingested < 20_000
    assert len(await posts_in(config)) == first.ingested
    second = await run(config, path, cursor_file=cursor)
    assert first.ingested + second.ingested == 20_000
    assert Counter(post.id for post in await posts_in(config)) == Counter(str(n) for n in range(20_000))
    third = await run(config, path, cursor_file=cursor)
    assert third.read == 0


async def test_a_file_that_is_newest_first_arrives_in_order_of_time_through_kills(
    config: Config, tmp_path: Path
) -> None:
    """Each run is killed while it sends; the next one sorts the same lines and goes on behind the saved position."""
    count, wrong = 60_000, range(-(10**8), -(10**8) + 12)
    lines = [post(number) for number in reversed(range(count))]
    lines[700:700] = [post(number) for number in wrong]
    arguments = (str(write(tmp_path / "posts.jsonl", lines)), "--cursor", str(tmp_path / "cursor"))
    config_path = write_config(config, tmp_path / "config.yaml")

    async def kill(batches: int) -> None:
        armed = {VARIABLE: f"{Failpoint.INGEST_ACKNOWLEDGED}:{batches}"}
        killed = await Worker.start("ingest", config_path, arguments, armed)
        assert await killed.ended() == -signal.SIGKILL, killed.log

    for batches in (12, 24, 36, 48):  # the cursor is saved once a second: on a fast machine after more batches
        if not (tmp_path / "cursor").exists():
            await kill(batches)
    assert orjson.loads((tmp_path / "cursor").read_bytes())["sorted"]["sorted_lines"] > 0
    await kill(6)
    last = await Worker.start("ingest", config_path, arguments)
    assert await last.ended() == 0, last.log
    assert "not in order of time, so it was sorted: 59,999 of 60,000 posts" in last.log

    topics = Topics(config.topics)
    by_partition: dict[int, list[int]] = {}
    for record in await read_topic(config, topics.posts.name):
        by_partition.setdefault(record.partition, []).append(int(post_from_bytes(record.value).id))
    first_sent = [list(dict.fromkeys(ids)) for ids in by_partition.values()]  # a kill repeats what was not acknowledged
    assert all(ids == sorted(ids) for ids in first_sent)
    assert sorted(chain.from_iterable(first_sent)) == list(range(count))
    dead_letters = await read_topic(config, topics.dlq.name)
    assert {headers(each)["reason"] for each in dead_letters} == {"outlier_date"}
    assert {orjson.loads(each.value)["id"] for each in dead_letters} == set(wrong)
    assert orjson.loads((tmp_path / "cursor").read_bytes())["cursor"] == (tmp_path / "posts.jsonl").stat().st_size


async def test_a_replay_keeps_the_pace_and_ends_in_the_present(config: Config, tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", [post(number * 2) for number in range(31)])
    started = time.monotonic()
    await run(config, path, speed=15, redate=True)
    taken = time.monotonic() - started
    assert taken >= 4.0  # a minute at 15 times real time
    records = await read_topic(config, Topics(config.topics).posts.name)
    arrived = sorted((post_from_bytes(record.value).ts_ms, record.timestamp) for record in records)
    assert all(ts_ms <= broker_ms for ts_ms, broker_ms in arrived)
    assert {later[0] - earlier[0] for earlier, later in pairwise(arrived)} == {2_000}
    last_ms, broker_ms = arrived[-1]
    assert broker_ms - last_ms < 3_000 + (taken - 4.0) * 1_000  # a busy machine is later by as much as it takes longer
    assert broker_ms - arrived[0][1] >= 1_000  # not all at once


async def test_standard_input_is_ingested_as_it_comes(config: Config) -> None:
    reading, writing = os.pipe()
    stop = asyncio.Event()
    try:
        running = asyncio.create_task(ingest(config, StdinSource(65_536, reading), stop=stop))
        os.write(writing, post(1) + b"\n" + post(2) + b"\n")
        await until(lambda: arrived(config, 2))
        stop.set()
        summary = await asyncio.wait_for(running, PATIENCE_SECONDS)
    finally:
        os.close(writing)
        os.close(reading)
    assert summary.ingested == 2


async def test_all_posts_of_the_airlines_arrive(config: Config, shared_data: Path) -> None:
    summary = await run(config, shared_data / "airline-2015" / "airline.jsonl")
    assert (summary.read, summary.ingested, summary.rejected) == (14_485, 14_485, {})
    tags = Counter(post.tag for post in await posts_in(config))
    assert tags.total() == 14_485
    assert len(tags) == 6


async def test_an_unreachable_broker_is_named_within_seconds(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        config = kafka_config(kafka={"bootstrap_servers": address})
        started = time.monotonic()
        with pytest.raises(BrokerUnreachable, match=f"{address}.*connection refused"):
            await run(config, write(tmp_path / "posts.jsonl", [post(1)]))
    assert time.monotonic() - started < config.kafka.request_timeout_seconds  # it does not wait for an answer


async def test_a_server_that_never_answers_is_given_up(kafka_config: Callable[..., Config]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        config = kafka_config(kafka={"bootstrap_servers": address, "request_timeout_seconds": 1})
        started = time.monotonic()
        with pytest.raises(BrokerUnreachable, match=address):
            await check_reachable(config.kafka)
    assert time.monotonic() - started < KafkaSettings().request_timeout_seconds


def test_an_address_that_is_none_is_a_config_error(kafka_config: Callable[..., Config]) -> None:
    with pytest.raises(ValidationError, match=r"kafka\.bootstrap_servers"):
        kafka_config(kafka={"bootstrap_servers": "localhost:kafka"})


async def test_tls_to_a_broker_without_it_is_refused(kafka: str, kafka_config: Callable[..., Config]) -> None:
    settings = {"bootstrap_servers": kafka, "security_protocol": "SSL", "request_timeout_seconds": 3}
    with pytest.raises(KafkaError):
        await check_reachable(kafka_config(kafka=settings).kafka)


async def test_missing_topics_are_named(kafka_config: Callable[..., Config], tmp_path: Path) -> None:
    with pytest.raises(KafkaError, match="firewatch topics"):
        await run(kafka_config(), write(tmp_path / "posts.jsonl", [post(1)]))


async def test_a_broker_that_dies_ends_it_in_bounded_time(kafka_config: Callable[..., Config]) -> None:
    broker = LocalKafka(DEFAULT_HOME, f"dying-{os.getpid()}")
    reading, writing = os.pipe()
    try:
        config = kafka_config(kafka={"bootstrap_servers": broker.start(), "request_timeout_seconds": 2})
        await ensure_topics(config, create=True)
        source = StdinSource(65_536, reading)
        running = asyncio.create_task(ingest(config, source, stop=asyncio.Event()))
        os.write(writing, post(1) + b"\n")
        await until(lambda: arrived(config, 1))
        os.kill(int(broker._process_file.read_text().split()[0]), signal.SIGKILL)
        started = time.monotonic()
        os.write(writing, post(2) + b"\n")
        with pytest.raises(BrokerUnreachable, match="sending posts"):
            await running
        assert time.monotonic() - started < KafkaSettings().request_timeout_seconds
    finally:
        os.close(writing)
        os.close(reading)
        broker.wipe()
