"""Posts are pushed to the worker on a real Kafka: all that was answered by success is there, whatever happens to it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from streams.kafka.admin import ensure_topics
from tests.support.live_sources import Ingested, live_worker, until_ingested, until_posts
from tests.support.persistent_sender import PersistentSender
from tests.support.ports import reserved_port
from tests.support.pushing import post

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config


@pytest.fixture
def make(kafka_config: Callable[..., Config], tmp_path: Path) -> Callable[..., Any]:
    async def make(*others: dict[str, Any], **settings: Any) -> tuple[Config, str]:
        listen = f"127.0.0.1:{reserved_port()}"
        source = {"id": "push", "kind": "webhook", "listen": listen} | settings
        config = kafka_config(sources=[source, *others])
        await ensure_topics(config, create=True)
        return config, f"http://{listen}"

    return make


async def test_what_is_answered_by_success_is_in_kafka(make: Callable[..., Any], tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("alpha-of-the-test")
    config, url = await make(senders=[{"id": "crm", "token_file": str(token), "success_status": 200}])
    async with live_worker(config, tmp_path) as worker, aiohttp.ClientSession() as session:
        await worker.reads()
        sender = PersistentSender(url, headers={"Authorization": "Bearer alpha-of-the-test"})
        records = [
            post("1", source="forum"),
            post("2"),
            {"id": "3"},
            {"delete": True, "id": "1"},
            post("2"),
            post("4", text=""),
        ]
        answer = await sender.deliver(session, "request-1", records)
        found = await Ingested.of(config)
        assert (found.ids(), found.repeats()) == ({"1", "2"}, 0)
        assert {each.source for each in found.posts} == {"push"}
        assert [(each.source, each.id) for each in found.deletions] == [("push", "1")]
        assert found.dead_letters == [("missing_field", json.dumps({"id": "3"}).encode())]
        assert {name: answer[name] for name in ("accepted", "repeated", "deleted", "skipped", "rejected")} == {
            "accepted": 3, "repeated": 1, "deleted": 1, "skipped": 1, "rejected": 1,
        }  # fmt: skip
        assert answer["errors"][0]["index"] == 2
        assert await sender.deliver(session, "request-1", records) == answer
        assert sender.statuses == {200: 2}
        async with session.post(f"{url}/v1/posts", json=post("5")) as refused:
            assert refused.status == 401
        assert "alpha-of-the-test" not in worker.log


async def test_a_killed_worker_loses_nothing_that_it_has_answered(make: Callable[..., Any], tmp_path: Path) -> None:
    config, url = await make()
    async with live_worker(config, tmp_path) as worker:
        await worker.reads()
        sender = PersistentSender(url)
        pushing = asyncio.create_task(sender.push(60, 50, pause_seconds=0.02))
        await until_posts(config, 500)
        await worker.kill()
        await worker.start()
        await worker.reads()
        await pushing
        found = await until_posts(config, 3_000)
    assert found.ids("push") == sender.acknowledged
    assert sender.repeats > 0


async def test_a_port_that_is_taken_does_not_hold_up_the_other_sources(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    busy = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = busy.sockets[0].getsockname()[1]
    config, url = await make({"id": "taken", "kind": "webhook", "listen": f"127.0.0.1:{port}"})
    async with live_worker(config, tmp_path) as worker:
        await worker.reads(times=2)
        sender = PersistentSender(url)
        await sender.push(1, 10)
        await worker.says(f"127.0.0.1:{port} is used by another process")
        assert "Traceback" not in worker.log
        busy.close()
        await PersistentSender(f"http://127.0.0.1:{port}", name="late").push(1, 10)
        await until_ingested(config, lambda found: len(found.ids("taken")) == len(found.ids("push")) == 10)
