"""A source that was away while another went on, on a real Kafka, from the source to the alert."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from streams.kafka.admin import ensure_topics
from streams.kafka.topics import Topics
from streams.records import alert_from_bytes, window_from_bytes
from streams.runtime import clock
from streams.workers.supervisor import run
from tests.support.broker import read_topic, until
from tests.support.live_sources import live_worker, until_posts
from tests.support.scripted_source import write_script
from tests.support.worker import write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Alert

MINUTE_MS = 60_000


def post(number: int, at_ms: int, text: str) -> dict[str, Any]:
    return {"id": number, "created_at": at_ms, "text": f"Nordtel {text} {number}", "author": f"a{number}"}


async def counted(config: Config) -> Counter[str]:
    counts = Counter[str]()
    for record in await read_topic(config, Topics(config.topics).windows.name):
        window = window_from_bytes(record.value)
        counts["in time"] += window.count
        counts["late"] += window.late
    return counts


async def test_a_storm_that_is_brought_afterwards_raises_an_alert_of_its_own_time(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    now_ms = clock.now_ms() // MINUTE_MS * MINUTE_MS
    begin_ms, storm_ms = now_ms - 50 * MINUTE_MS, now_ms - 40 * MINUTE_MS
    there = [post(number, begin_ms + number * 10_000, "ist da") for number in range(300)]
    storm = [post(1_000 + number, storm_ms + number * 1_000, "ist schlecht, Betrug!") for number in range(300)]
    sources = [
        {"id": name, "kind": "files", "paths": [str(write_script(tmp_path / f"{name}.script", lines))]}
        for name, lines in (("there", there), ("away", []))
    ]
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 8_640}
    config = kafka_config(
        sources=sources,
        brands=[brand],
        topics={"partitions": 2},
        windows={"bucket_seconds": 60, "check_seconds": 1, "lateness_seconds": 10},
    )
    await ensure_topics(config, create=True)
    stop = asyncio.Event()
    workers = asyncio.create_task(
        run(
            write_config(config, tmp_path / "workers.yaml"),
            ["score", "detect"],
            stop,
            emit=print,
        )
    )
    alerts: list[Alert] = []

    async def is_counted() -> bool:
        return (await counted(config)).total() >= 200

    async def begins_with_the_storm() -> bool:
        records = await read_topic(config, Topics(config.topics).alerts.name)
        alerts[:] = [alert_from_bytes(record.value) for record in records]
        return bool(alerts) and alerts[-1].window.start.timestamp() * 1000 == storm_ms

    try:
        async with live_worker(config, tmp_path, module="tests.support.scripted_cli"):
            await until_posts(config, len(there))
            await until(is_counted)
            write_script(tmp_path / "away.script", storm, append=True)
            await until_posts(config, len(there) + len(storm))
            on = [post(2_000 + number, clock.now_ms(), "ist da") for number in range(100)]
            write_script(tmp_path / "there.script", on, append=True)
            await until(begins_with_the_storm)
    finally:
        stop.set()
        await workers
    opened = alerts[0]
    assert (opened.step, opened.suppressed, opened.late_mentions) == ("open", None, opened.window.mentions)
    assert {alert.fingerprint for alert in alerts} == {opened.fingerprint}
    assert storm_ms <= opened.window.start.timestamp() * 1000 < storm_ms + 5 * MINUTE_MS
