"""The detect worker as a process against real Kafka: exact counts through crashes, alerts, dead letters, its end."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from streams.config import MetricsSettings
from streams.core.detect.brand import STATE_VERSION
from streams.errors import KafkaError, PortTaken, RecordError, WorkerFailed
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import producer
from streams.kafka.topics import Topics
from streams.records import Alert
from tests.support.broker import read_topic, until
from tests.support.detecting import (
    BRANDS,
    MentionStream,
    counted,
    detecting,
    uncommitted,
    wait_until_consumed,
    wait_until_counted,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config


@pytest.fixture
def config(kafka_config: Callable[..., Config]) -> Config:
    brands = [{"id": id, "name": id.title(), "match": {"any": [id]}, "usual_posts_per_day": 2_000} for id in BRANDS]
    return kafka_config(brands=brands)


async def test_every_mention_is_counted_and_alerts_keep_their_contract(config: Config, tmp_path: Path) -> None:
    await ensure_topics(config, create=True)
    topics = Topics(config.topics)
    async with detecting(config, tmp_path) as worker:
        await worker.wait_for("assigned")
        stream = MentionStream(config)
        await stream.send(60)
        await stream.finish()
        await wait_until_counted(config, stream.sent)
        assert await worker.end() == 0
    assert await uncommitted(config) == 0
    alerts = await read_topic(config, topics.alerts.name)
    assert alerts
    for record in alerts:
        alert = Alert.model_validate_json(record.value)
        headers = dict(record.headers)
        assert record.key.decode() == alert.brand
        assert headers["ce_specversion"] == b"1.0"
        assert headers["ce_id"].decode() == alert.id
        assert headers["ce_type"].decode() == f"io.firewatch.incident.{alert.kind}"
        assert headers["ce_subject"].decode() == alert.brand
        assert headers["content-type"] == b"application/json"
    assert len({Alert.model_validate_json(record.value).id for record in alerts}) == len(alerts)


async def test_counts_are_exact_after_kill_9_in_the_middle(config: Config, tmp_path: Path) -> None:
    await ensure_topics(config, create=True)
    stream = MentionStream(config)

    async def state_is_stored() -> bool:
        return bool(await read_topic(config, Topics(config.topics).changelog.name))

    async with detecting(config, tmp_path) as worker:
        await stream.send(40)
        await worker.wait_for('"restored"')
        await until(state_is_stored)
        sending = asyncio.create_task(stream.send(40, pause_seconds=0.05))
        await asyncio.sleep(1.2)
        assert await worker.end(signal.SIGKILL) == -signal.SIGKILL
    await sending
    assert await uncommitted(config) > 0
    async with detecting(config, tmp_path) as worker:
        await worker.wait_for('"restored"')
        assert '"entries": 0' not in worker.log
        await stream.finish()
        await wait_until_counted(config, stream.sent)
        assert await worker.end() == 0


async def test_counts_are_exact_when_workers_join_stand_still_and_leave(config: Config, tmp_path: Path) -> None:
    await ensure_topics(config, create=True)
    stream = MentionStream(config)
    await stream.send(5)
    async with detecting(config, tmp_path) as first:
        await wait_until_consumed(config)
        sending = asyncio.create_task(stream.send(200, pause_seconds=0.1))
        async with detecting(config, tmp_path) as second:
            await second.wait_for('"restored"')
            await first.wait_for('"restored"', times=2)  # stopped while it restores, it would shut out the second later
            first.process.send_signal(signal.SIGSTOP)
            await second.wait_for('"event": "assigned", "partitions": [0, 1, 2, 3]')
            first.process.send_signal(signal.SIGCONT)
            assert await first.ended() == WorkerFailed.exit_code
            assert "was stalled for" in first.log
            await sending
            await stream.finish()
            await wait_until_counted(config, stream.sent)
            assert await second.end() == 0


async def test_a_crash_ends_the_process_and_leaves_the_offset(config: Config, tmp_path: Path) -> None:
    await ensure_topics(config, create=True)
    topics = Topics(config.topics)
    async with producer(config.kafka) as sender:
        damaged = b'{"v": %d, "marks": 0}' % STATE_VERSION
        await sender.send_and_wait(topics.changelog.name, damaged, key=b"nordtel")
    stream = MentionStream(config)
    await stream.send(5)
    before = await uncommitted(config)
    async with detecting(config, tmp_path) as worker:
        assert await worker.ended() == RecordError.exit_code
        assert "damaged_state: the state of brand 'nordtel' can't be read" in worker.log
        assert "Traceback" not in worker.log
    assert await uncommitted(config) == before
    assert not await counted(config)


async def test_records_that_cannot_be_used_become_dead_letters(config: Config, tmp_path: Path) -> None:
    await ensure_topics(config, create=True)
    topics = Topics(config.topics)
    bad = {
        b"not json": b"broken_json",
        b'{"v": 1, "brand": 7}': b"wrong_type",
        b'{"v": 99}': b"unknown_version",
        None: b"empty",
    }
    async with producer(config.kafka) as sender:
        for value in bad:
            await sender.send_and_wait(topics.mentions.name, value, key=b"nordtel", partition=2)
    stream = MentionStream(config)
    await stream.send(5)
    await stream.finish()
    async with detecting(config, tmp_path) as worker:
        await wait_until_counted(config, stream.sent)
        assert await worker.end() == 0
    letters = await read_topic(config, topics.dlq.name)
    assert [(letter.value or None, dict(letter.headers)["reason"]) for letter in letters] == list(bad.items())
    assert dict(letters[1].headers)["topic"].decode() == topics.mentions.name
    assert dict(letters[1].headers)["partition"] == b"2"
    assert dict(letters[1].headers)["offset"] == b"1"


async def test_what_is_missing_is_said_without_a_traceback(config: Config, tmp_path: Path) -> None:
    async with detecting(config, tmp_path) as worker:
        assert await worker.ended() == KafkaError.exit_code
        assert "Run `firewatch topics`" in worker.log
        assert "Traceback" not in worker.log


async def test_a_taken_port_is_said_without_a_traceback(config: Config, tmp_path: Path) -> None:
    await ensure_topics(config, create=True)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        detecting(config.model_copy(update={"metrics": MetricsSettings(detect_port=port)}), tmp_path) as worker,
    ):
        assert await worker.ended() == PortTaken.exit_code
        assert f"127.0.0.1:{port} is used" in worker.log
        assert "Traceback" not in worker.log


async def test_a_leader_that_knew_no_topics_gives_out_the_partitions_when_it_does(
    config: Config, tmp_path: Path
) -> None:
    await ensure_topics(config, create=True)
    await MentionStream(config).send(2)
    async with detecting(config, tmp_path, "tests.support.forgetful") as worker:
        await worker.wait_for('"event": "assigned", "partitions": []')
        await worker.wait_for('"event": "restored", "partitions": [0, 1, 2, 3], "entries": 0')
