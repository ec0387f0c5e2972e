"""What /healthz and /readyz say, and what ends a worker that hangs."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import orjson
import pytest

from streams.config import Config
from streams.errors import WorkerFailed
from streams.runtime.health import STARTING, serve_health
from streams.runtime.shutdown import drained
from streams.runtime.watchdog import watch
from tests.support.patience import PATIENCE_SECONDS


def config(**sections: Any) -> Config:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    return Config.model_validate({"brands": brands, "metrics": {"score_port": 0}} | sections)


async def page(address: str, path: str) -> tuple[int, Any]:
    def get() -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(address.replace("/metrics", path), timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  our own
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    status, body = await asyncio.to_thread(get)
    return status, orjson.loads(body) if path != "/metrics" else body.decode()


async def test_readiness_says_what_is_missing_and_liveness_does_not_depend_on_it() -> None:
    async with serve_health(config(), "score") as (health, address):
        assert address.startswith("http://127.0.0.1:")
        assert await page(address, "/readyz") == (503, {"ready": False, "why": STARTING})
        assert await page(address, "/healthz") == (200, {"alive": True})
        health.ready_unless(lambda: "no partitions")
        assert await page(address, "/readyz") == (503, {"ready": False, "why": "no partitions"})
        health.ready_unless(lambda: None)
        assert await page(address, "/readyz") == (200, {"ready": True})
        status, text = await page(address, "/metrics")
        assert status == 200
        assert "# TYPE firewatch_posts_scored_total counter" in text
    assert await page(address, "/readyz") == (503, {"ready": False, "why": "it is stopping"})


async def test_a_hanging_event_loop_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_health(config(), "score") as (health, address):
        await asyncio.sleep(0)
        health.ready_unless(lambda: None)
        monkeypatch.setattr(health, "_limit", -1.0)
        monkeypatch.setattr("streams.runtime.health.os._exit", lambda _: None)
        for path, state in (("/healthz", "alive"), ("/readyz", "ready")):
            status, answer = await page(address, path)
            why = answer.pop("why")
            assert (status, answer) == (503, {state: False})
            assert re.fullmatch(r"the event loop has not run for \d+ s", why)


def test_a_worker_whose_event_loop_hangs_ends_with_an_error() -> None:
    code = (
        "import asyncio, time\n"
        "from streams.config import Config\n"
        "from streams.runtime.health import serve_health\n"
        "brand = {'id': 'nordtel', 'name': 'Nordtel', 'match': {'any': ['nordtel']}}\n"
        "config = Config(brands=[brand], metrics={'score_port': 0})\n"
        "async def work():\n"
        "  async with serve_health(config, 'score') as (health, _):\n"
        "    health._limit = 1.0\n"
        "    await asyncio.sleep(0)\n"
        "    time.sleep(3_600)\n"
        "asyncio.run(work())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == WorkerFailed.exit_code
    assert "the event loop has not run for" in done.stdout + done.stderr


async def test_the_watchdog_fails_when_nothing_gets_on_while_there_is_work() -> None:
    with pytest.raises(WorkerFailed, match="no progress"):
        await asyncio.wait_for(watch(lambda: (7, True), 0.2), PATIENCE_SECONDS)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(watch(lambda: (time.monotonic(), True), 0.2), 1)


async def test_draining_waits_for_what_is_in_hand_but_not_for_ever() -> None:
    in_hand, order = asyncio.Lock(), list[str]()

    async def work(seconds: float) -> None:
        async with in_hand:
            await asyncio.sleep(seconds)
            order.append("worked")

    working = asyncio.create_task(work(0.1))
    await asyncio.sleep(0)
    async with drained(in_hand):
        order.append("ended")
    assert order == ["worked", "ended"]
    working = asyncio.create_task(work(60))
    await asyncio.sleep(0)
    async with drained(in_hand, 0.1):
        working.cancel()
    assert order == ["worked", "ended"]
