"""The score worker on a real broker: what it writes, and that restarts lose and double nothing."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.partitioner import murmur2

from detectors.reference import GROUPS
from detectors.units import MINUTE_MS
from streams.core.rollup.minute_counts import group_of
from streams.core.score.position import Position, committed_position
from streams.core.score.scorer import Scorer
from streams.errors import BrokerUnreachable, KafkaError, PortTaken
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import admin
from streams.kafka.topics import Topics
from streams.records import Envelope, Mention, Post, Progress, mentions_record_from_bytes
from streams.runtime import metrics
from streams.runtime.shutdown import DRAIN_SECONDS
from streams.sources.weights import load_model
from streams.workers.score import score
from tests.support.broker import delete_topic, headers, read_topic, send, until
from tests.support.patience import PATIENCE_SECONDS
from tests.support.samples import value_of
from tests.support.scoring import ScoreTask, scoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from streams.config import Config
    from streams.records import MentionsContent

BRANDS = [
    {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel", "@nordtel_hilft"], "none": ["nordtel arena"]}},
    {"id": "globex", "name": "Globex", "match": {"any": ["globex"]}},
]
START_MS = 1_750_000_000_000


def post(number: int, text: str = "Nordtel hat kein Netz", **fields: Any) -> Post:
    return Post(id=str(number), source="forum", ts_ms=START_MS + number * 1_000, text=text, author="anna", **fields)


def crowd(count: int, seed: int = 1) -> list[Post]:
    """Posts out of order, some of them repeats, some about nothing."""
    rng = random.Random(seed)
    texts = [
        "Nordtel hat kein Netz",
        "Globex liefert nicht",
        "Nordtel und Globex",
        "schönes Wetter",
        "Nordtel Arena voll",
    ]
    posts = [post(max(0, number - rng.choice((0, 0, 0, 300))), rng.choice(texts)) for number in range(count)]
    return [each._replace(id=f"{index - index % 50 if index % 50 == 7 else index}") for index, each in enumerate(posts)]


@pytest.fixture
async def config(kafka_config: Callable[..., Config]) -> Config:
    score = {"batch_records": 150, "batch_wait_ms": 50, "max_posts_per_source_per_minute": 1_000_000}
    config = kafka_config(brands=BRANDS, score=score)
    await ensure_topics(config, create=True)
    return config


async def send_posts(config: Config, posts: Iterable[Post | bytes]) -> None:
    records = [(b"raw", each) if isinstance(each, bytes) else (each.key, each.to_bytes()) for each in posts]
    await send(config, Topics(config.topics).posts.name, records)


async def written(config: Config) -> list[tuple[int, MentionsContent]]:
    records = await read_topic(config, Topics(config.topics).mentions.name)
    return [(record.partition, mentions_record_from_bytes(record.value)) for record in records]


async def counted(config: Config) -> dict[tuple[str, str, int], list[Mention]]:
    """Mentions by brand, incarnation and source partition as `detect` counts them: each above the mark before it."""
    mentions: dict[tuple[str, str, int], list[Mention]] = defaultdict(list)
    for _, record in await written(config):
        if isinstance(record, Envelope):
            seen = mentions[record.brand, record.incarnation, record.partition]
            mark = seen[-1].offset if seen else -1
            seen += [mention for mention in record.mentions if mention.offset > mark]
    return mentions


async def uninterrupted(config: Config) -> dict[tuple[str, int], list[Mention]]:
    """What the pure scorer makes of everything that stands in the posts topic, in one go."""
    scorer = Scorer(config, load_model())
    rows = defaultdict(list)
    for record in await read_topic(config, Topics(config.topics).posts.name):
        rows[record.partition].append((record.offset, record.timestamp, record.value))
    mentions: dict[tuple[str, int], list[Mention]] = defaultdict(list)
    for partition, of_partition in rows.items():
        scorer.assign(partition, Position("whole"))
        for envelope in scorer.score(partition, of_partition).envelopes:
            mentions[envelope.brand, partition] += envelope.mentions
    return mentions


async def assert_exact(config: Config) -> None:
    found = {(brand, partition): mentions for (brand, _, partition), mentions in (await counted(config)).items()}
    assert found == await uninterrupted(config)
    assert found


async def test_a_post_that_names_two_brands_counts_for_both(config: Config) -> None:
    scored = value_of(metrics.POSTS_SCORED)
    posts = [post(1), post(2, "Nordtel und GLOBEX"), post(3, "Wetter"), post(4, "heute in der Nordtel Arena")]
    await send_posts(config, posts)
    async with scoring(config) as worker:
        await worker.until_committed(4)
    mentions = [
        (record.brand, mention.id)
        for _, record in await written(config)
        if isinstance(record, Envelope)
        for mention in record.mentions
    ]
    assert sorted(mentions) == [("globex", "2"), ("nordtel", "1"), ("nordtel", "2")]
    assert value_of(metrics.POSTS_SCORED) - scored == 4


async def test_envelopes_are_keyed_by_brand_and_progress_follows_them_everywhere(config: Config) -> None:
    await send_posts(config, crowd(500))
    async with scoring(config) as worker:
        await worker.until_committed(500)
    topics = Topics(config.topics)
    reached: dict[int, dict[int, int]] = defaultdict(dict)
    for record in await read_topic(config, topics.mentions.name):
        content = mentions_record_from_bytes(record.value)
        if isinstance(content, Envelope):
            assert record.key == content.brand.encode()
            assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % topics.mentions.partitions
            assert content.mentions[-1].offset > reached[record.partition].get(content.partition, -1)
        else:
            assert record.key is None
            assert isinstance(content, Progress)
            assert content.offset >= reached[record.partition].get(content.partition, -1)
            reached[record.partition][content.partition] = content.offset
    ends = defaultdict(int)
    for record in await read_topic(config, topics.posts.name):
        ends[record.partition] = record.offset
    assert reached == {partition: dict(ends) for partition in range(topics.mentions.partitions)}


async def test_what_is_no_post_goes_to_the_dead_letters(config: Config) -> None:
    await send_posts(config, [b"nonsense", post(1), b'{"v":99,"id":"1"}', b"\x00" * 1_000_000])
    async with scoring(config) as worker:
        await worker.until_committed(4)
    topics = Topics(config.topics)
    dead_letters = await read_topic(config, topics.dlq.name)
    raw = [record for record in await read_topic(config, topics.posts.name) if record.key == b"raw"]
    assert {(headers(dead_letter)["partition"], headers(dead_letter)["offset"]) for dead_letter in dead_letters} == {
        (str(record.partition), str(record.offset)) for record in raw
    }
    assert sorted(headers(dead_letter)["reason"] for dead_letter in dead_letters) == [
        "broken_json",
        "too_large",
        "unknown_version",
    ]
    assert {headers(dead_letter)["topic"] for dead_letter in dead_letters} == {topics.posts.name}
    (large,) = (dead_letter for dead_letter in dead_letters if headers(dead_letter)["reason"] == "too_large")
    assert headers(large)["truncated_from"] == "1000000"
    assert sum(map(len, (await counted(config)).values())) == 1


async def test_a_stop_in_the_middle_loses_and_doubles_nothing(config: Config) -> None:
    await send_posts(config, crowd(6_000))
    for reached in (600, 2_500, 6_000):
        async with scoring(config) as worker:
            await worker.until_committed(reached)
            started = time.monotonic()
            await worker.stop()
            assert time.monotonic() - started < DRAIN_SECONDS  # the batch in flight was finished, not cut off
    await assert_exact(config)
    offsets = [
        (record.brand, record.partition, mention.offset)
        for _, record in await written(config)
        if isinstance(record, Envelope)
        for mention in record.mentions
    ]
    assert len(offsets) == len(set(offsets))


async def test_a_crash_in_the_middle_repeats_but_counts_come_out_exact(config: Config) -> None:
    await send_posts(config, crowd(6_000))
    for reached in (300, 1_500, 3_500):
        worker = ScoreTask(config)
        await worker.until_committed(reached)
        await worker.crash()
    async with scoring(config) as last:
        await last.until_committed(6_000)
    await assert_exact(config)


async def test_a_second_worker_takes_its_share(config: Config) -> None:
    await send_posts(config, crowd(3_000))
    async with scoring(config) as first:
        await first.until_committed(500)
        async with scoring(config) as second:
            await send_posts(config, [each._replace(id=f"more-{each.id}") for each in crowd(3_000, seed=2)])
            await first.until_committed(4_500)
            await second.stop()
        await first.until_committed(6_000)
    await assert_exact(config)


async def test_a_repeat_is_recognised_across_a_restart(config: Config) -> None:
    await send_posts(config, [post(1)])
    async with scoring(config) as worker:
        await worker.until_committed(1)
    await send_posts(config, [post(1), post(2)])
    async with scoring(config) as worker:
        await worker.until_committed(3)
    assert sorted(mention.id for found in (await counted(config)).values() for mention in found) == ["1", "2"]


async def test_lateness_is_measured_across_a_restart(config: Config) -> None:
    for number, late in enumerate((100, 40, 101), start=1):
        await send_posts(config, [post(late)._replace(id=str(number)).to_bytes()])  # all to one partition
        async with scoring(config) as worker:
            await worker.until_committed(number)
    (mentions,) = (await counted(config)).values()
    assert [mention.behind_ms for mention in mentions] == [0, 60_000, 0]


async def test_the_commit_knows_the_newest_event_time_and_the_topic(config: Config) -> None:
    await send_posts(config, [post(5)._replace(id="1"), post(3)._replace(id="1")])
    async with scoring(config) as worker:
        await worker.until_committed(2)
    async with admin(config.kafka) as client:
        offsets = await client.list_consumer_group_offsets(f"{config.topics.prefix}firewatch-score")
    (position,) = (committed_position(each.offset, each.metadata) for each in offsets.values())
    ((_, incarnation, _),) = await counted(config)
    pulse = (START_MS - START_MS % MINUTE_MS, [int(group == group_of("nordtel")) for group in range(GROUPS)])
    assert position is not None
    position = position._replace(recent=None, times=(), minute_offset=-1)
    assert position == Position(incarnation, 2, START_MS + 5_000, minute=pulse)


async def test_a_topic_made_again_is_scored_from_its_beginning(config: Config) -> None:
    posts = Topics(config.topics).posts.name
    await send_posts(config, crowd(1_000))
    async with scoring(config) as worker:
        await worker.until_committed(1_000)
    before = await counted(config)
    await delete_topic(config, posts)
    await ensure_topics(config, create=True)
    await send_posts(config, crowd(200))
    async with scoring(config) as worker:

        async def all_there() -> bool:
            mentions = await counted(config)
            fresh = {key: found for key, found in mentions.items() if key not in before}
            return {(b, p): found for (b, _, p), found in fresh.items()} == await uninterrupted(config)

        await until(all_there)
        assert not worker.task.done()
    after = await counted(config)
    assert {key: found for key, found in after.items() if key in before} == before


async def test_a_topic_deleted_under_the_worker_ends_it(config: Config) -> None:
    await send_posts(config, crowd(100))
    async with scoring(config) as worker:
        await worker.until_committed(100)
        await delete_topic(config, Topics(config.topics).posts.name)
        with pytest.raises(KafkaError, match="firewatch topics"):
            await asyncio.wait_for(worker.task, PATIENCE_SECONDS)


async def test_an_end_without_posts_is_reported_with_its_time(config: Config) -> None:
    await send_posts(config, [post(1)])
    sent_ms = time.time_ns() // 1_000_000
    async with scoring(config):

        async def idle_everywhere() -> bool:
            idle = {
                (to, record.partition)
                for to, record in await written(config)
                if isinstance(record, Progress) and record.idle_as_of_ms >= sent_ms
            }
            return len(idle) == config.topics.partitions**2

        await until(idle_everywhere)
    reports = [
        record for _, record in await written(config) if isinstance(record, Progress) and record.idle_as_of_ms >= 0
    ]
    assert max(report.idle_as_of_ms for report in reports) <= time.time_ns() // 1_000_000


async def test_it_says_what_it_can_not_work_with(kafka_config: Callable[..., Config]) -> None:
    with pytest.raises(KafkaError, match="firewatch topics"):
        await score(kafka_config(), asyncio.Event())
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:1"):
        await score(kafka_config(kafka={"bootstrap_servers": "127.0.0.1:1"}), asyncio.Event())


async def test_a_taken_metrics_port_is_named(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = config.metrics.model_copy(update={"score_port": server.getsockname()[1]})
        with pytest.raises(PortTaken, match=r"metrics\.score_port"):
            await score(config.model_copy(update={"metrics": taken}), asyncio.Event())


def test_the_crowd_is_worth_testing_with() -> None:
    posts = crowd(1_000)
    assert len({each.id for each in posts}) < 1_000
    assert [each.ts_ms for each in posts] != sorted(each.ts_ms for each in posts)
    assert json.loads(posts[0].to_bytes())["id"] == posts[0].id
