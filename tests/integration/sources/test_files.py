"""Posts of files arrive in Kafka, each counted once, whatever happens to the worker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from streams.kafka.admin import ensure_topics
from tests.support.live_sources import live_worker, until_ingested, until_posts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from streams.config import Config

NOON = 1_772_452_800


def lines(numbers: Iterable[int]) -> str:
    posts = [{"id": number, "created_at": NOON + number, "text": f"Nordtel {number}"} for number in numbers]
    return "".join(json.dumps(post) + "\n" for post in posts)


async def test_a_folder_is_read_on_after_a_kill(kafka_config: Callable[..., Config], tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    entry = {"id": "inbox", "kind": "files", "paths": [str(folder)], "poll_seconds": 0.1, "settle_seconds": 1}
    config = kafka_config(sources=[entry])
    await ensure_topics(config, create=True)
    (folder / "a.jsonl").write_text(lines(range(2_000)) + "broken\n")
    async with live_worker(config, tmp_path) as worker:
        await until_posts(config, 2_000)
        await worker.kill()
        (folder / "a.jsonl").rename(folder / "a.jsonl.1")
        with (folder / "a.jsonl.1").open("a") as file:
            file.write(lines(range(2_000, 2_010)))
        (folder / "a.jsonl").write_text(lines(range(3_000, 3_010)) + '{"delete": true, "id": 7}\n')
        await worker.start()
        found = await until_ingested(config, lambda found: len(found.ids()) >= 2_020 and bool(found.deletions))
    assert {post.source for post in found.posts} == {"inbox"}
    assert all(times == 1 for times in found.counted(config).values())
    assert {reason for reason, _ in found.dead_letters} == {"broken_json"}
    assert [deletion.id for deletion in found.deletions] == ["7"]
    assert not found.gaps


async def test_an_archive_is_read_once_in_order_of_time_and_the_worker_ends(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    (tmp_path / "b.jsonl").write_text(lines(range(999, 0, -2)))
    (tmp_path / "c.jsonl").write_text(lines(range(0, 1_000, 2)))
    entry = {"id": "archive", "kind": "files", "paths": [str(tmp_path / "*.jsonl")], "watch": False}
    config = kafka_config(sources=[entry], topics={"partitions": 1})
    await ensure_topics(config, create=True)
    async with live_worker(config, tmp_path):
        found = await until_posts(config, 1_000)
    assert [post.id for post in found.posts] == [str(number) for number in range(1_000)]
