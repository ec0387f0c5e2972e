"""A running worker takes over a changed config: exact counts under load, no window twice, the last good one stays."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from aiohttp import ClientSession
from aiokafka import TopicPartition
from yarl import URL

from streams.config import Config
from streams.core.detect.partition import PartitionMonitor
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.topics import Topics
from streams.operate.local_workers import refused_configs
from streams.records import Envelope, Post, mentions_record_from_bytes, window_from_bytes
from tests.support.broker import read_topic, send
from tests.support.detecting import BRANDS, START_MS, MentionStream, detecting, wait_until_consumed, wait_until_counted
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import ANY_PORTS
from tests.support.worker import Worker, write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def brands(*ids: str) -> list[dict[str, Any]]:
    return [{"id": id, "name": id.title(), "match": {"any": [id]}, "usual_posts_per_day": 2_000} for id in ids]


def rewrite(tmp_path: Path, config: Config, **sections: Any) -> None:
    """As an editor does it: a new file takes the place of the old one."""
    tree = config.model_dump(mode="json", exclude_unset=True) | sections
    new = tmp_path / "config.yaml.new"
    new.write_text(yaml.safe_dump(tree), encoding="utf-8")
    new.rename(tmp_path / "config.yaml")


async def windows(config: Config) -> list[tuple[str, int, int, int, str]]:
    topic = Topics(config.topics).windows
    found = [window_from_bytes(record.value) for record in await read_topic(config, topic.name)]
    return sorted((each.brand, each.start_ms, each.count, each.late, each.config_version) for each in found)


async def replayed(config: Config) -> list[tuple[str, int, int, int]]:
    """What one config from the beginning makes of the same mentions, in one process."""
    topic = Topics(config.topics).mentions
    found = []
    for partition in range(topic.partitions):
        monitor = PartitionMonitor(config, partition)
        for record in await read_topic(config, topic.name):
            if record.partition == partition:
                monitor.absorb(mentions_record_from_bytes(record.value))
        found += monitor.advance().windows
    return sorted((each.brand, each.start_ms, each.count, each.late) for each in found)


async def send_until(enough: asyncio.Event, stream: MentionStream) -> None:
    while not enough.is_set():
        await stream.send(5, pause_seconds=0.1)
    await stream.send(40)


async def test_reloads_under_load_skip_and_repeat_no_bucket(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    all_of_them = kafka_config(brands=brands(*BRANDS))
    first = kafka_config(brands=brands(*BRANDS[:-1]))
    await ensure_topics(first, create=True)
    stream = MentionStream(first)
    async with detecting(first, tmp_path) as worker:
        await worker.wait_for("assigned")
        await stream.send(40)  # less event time than mentions of a brand that is not known wait
        await wait_until_consumed(first)
        rewrite(tmp_path, all_of_them)
        await worker.wait_for("brands.umbrella: added")
        enough = asyncio.Event()
        sending = asyncio.create_task(send_until(enough, stream))
        await worker.wait_for(f'"event": "config applied", "version": "{all_of_them.version}"')
        rewrite(tmp_path, all_of_them, topics={"prefix": "other.", "partitions": 9})
        await worker.wait_for("topics.partitions: can't change while workers run (4 -> 9)")
        (tmp_path / "config.yaml").write_text("brands: [", encoding="utf-8")
        worker.process.send_signal(signal.SIGHUP)
        await worker.wait_for("is not valid YAML")
        changed: list[dict[str, Any]] = [
            {"preset": "calm"},
            {"preset": "sensitive"},
            {"incidents": {"negative_share": 0.5}},
        ]
        for sections in changed:
            rewrite(tmp_path, all_of_them, **sections)
            worker.process.send_signal(signal.SIGHUP)
            version = kafka_config(brands=brands(*BRANDS), **sections).version
            await worker.wait_for(f'"event": "config applied", "version": "{version}"')
        enough.set()
        await sending
        await stream.finish()
        await wait_until_counted(all_of_them, stream.sent)
        await wait_until_consumed(all_of_them)
        assert worker.log.count("config applied") == 4
        assert await worker.end() == 0
    found = await windows(all_of_them)
    assert len({version for *_, version in found}) >= 2
    assert [row[:4] for row in found] == await replayed(all_of_them)


async def test_a_scorer_matches_a_brand_from_its_reload_on(kafka_config: Callable[..., Config], tmp_path: Path) -> None:
    first, both = kafka_config(brands=brands("nordtel")), kafka_config(brands=brands("nordtel", "acme"))
    await ensure_topics(first, create=True)
    worker = await Worker.start("score", write_config(first, tmp_path / "config.yaml"))
    try:
        await write(first, range(20), "acme ist da")
        await wait_until_scored(first)
        rewrite(tmp_path, both)
        worker.process.send_signal(signal.SIGHUP)
        await worker.wait_for("config reloaded")
        assert "brands.acme: added" in worker.log
        await write(first, range(20, 50), "acme ist da")
        await wait_until_scored(first)
        assert await worker.end() == 0
    finally:
        if worker.process.returncode is None:
            worker.process.kill()
            await worker.ended()
        print(worker.log)
    topic = Topics(first.topics).mentions
    records = [mentions_record_from_bytes(each.value) for each in await read_topic(first, topic.name)]
    found = [mention.id for each in records if isinstance(each, Envelope) for mention in each.mentions]
    assert sorted(found, key=int) == [str(number) for number in range(20, 50)]


UNUSABLE = {
    "expected_events:\n  - {reason: sale, day: 2026-02-30}\n": "'2026-02-30' does not exist",
    "maintenance:\n  - {reason: x, every: [sunday], from: 20, to: 23}\n": "got 20 (line",
    "alerts: {generator_url: 'http://g.example/{from}'}\n": "{from} is no placeholder",
    "alerts: {generator_url: 'http://g.example/{brand.__class__}'}\n": "{brand.__class__} is no placeholder",
    "score: {batch_records: !!int x}\n": "'x' is not an integer",
    "score: &a [*a]\n": "a value contains itself",
    "score: {batch_records: .inf}\n": "is not a finite number",
    "preset: \0\n": "is not valid YAML",
}


@pytest.mark.parametrize("name", ["score", "detect"])
async def test_no_content_of_the_file_ends_a_worker(
    name: str, kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    config = kafka_config()
    await ensure_topics(config, create=True)
    path = write_config(config, tmp_path / "config.yaml")
    good = path.read_text(encoding="utf-8")
    worker = await Worker.start(name, path)
    try:
        await worker.wait_for("assigned")
        address = re.findall(r"http://127\.0\.0\.1:\d+/metrics", worker.log)[0]
        for number, (text, problem) in enumerate(UNUSABLE.items(), 1):
            path.write_text(good + text, encoding="utf-8")
            worker.process.send_signal(signal.SIGHUP)
            await worker.wait_for("config not reloaded; the last good one stays in use", times=number)
            assert problem in worker.log
        path.unlink()
        path.mkdir()
        worker.process.send_signal(signal.SIGHUP)
        await worker.wait_for("it is a folder")
        assert "firewatch_config_last_reload_successful 0.0" in await scraped(address)
        assert "it is a folder" in (await refused(address))[name]
        path.rmdir()
        path.write_text(good, encoding="utf-8")
        worker.process.send_signal(signal.SIGHUP)
        await worker.wait_for("config reloaded without changes")
        assert "firewatch_config_last_reload_successful 1.0" in await scraped(address)
        assert await refused(address) == {}
        assert await worker.end() == 0
    finally:
        if worker.process.returncode is None:
            worker.process.kill()
            await worker.ended()
        print(worker.log)


async def scraped(address: str) -> str:
    async with ClientSession() as session, session.get(address) as answer:
        return await answer.text()


async def refused(address: str) -> dict[str, str]:
    """What `firewatch status` finds of workers that could not use the config, on the port of this one."""
    port = URL(address).port
    ports = {"metrics": ANY_PORTS | {"score_port": port, "detect_port": port}}
    return await asyncio.to_thread(refused_configs, Config.model_validate({"brands": brands("nordtel")} | ports))


async def write(config: Config, numbers: range, text: str) -> None:
    posts = [Post(str(number), "forum", START_MS + number * 1000, text) for number in numbers]
    await send(config, Topics(config.topics).posts.name, [(post.key, post.to_bytes()) for post in posts])


async def wait_until_scored(config: Config) -> None:
    topics = Topics(config.topics)
    async with (
        consumer(config.kafka, f"{config.topics.prefix}firewatch-score") as observer,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        tps = [TopicPartition(topics.posts.name, partition) for partition in range(topics.posts.partitions)]
        ends = await observer.end_offsets(tps)
        while any([ends[tp] > (await observer.committed(tp) or 0) for tp in tps]):  # noqa: ASYNC110  only Kafka can tell
            await asyncio.sleep(0.2)
