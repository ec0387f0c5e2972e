"""Threads in Slack by a bridge as a process, on a real broker: killed, restarted, and joined by another one."""

from __future__ import annotations

import re
import signal
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from streams.config import SLACK_TOKEN_VARIABLE
from streams.kafka.admin import ensure_topics
from streams.kafka.topics import Topics
from streams.records import utc
from tests.support.alerts import alert, verdict
from tests.support.broker import lag, send, until
from tests.support.labelling import say
from tests.support.slack import CHANNEL, TOKEN, SlackServer
from tests.support.worker import Worker, write_config

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Alert

ENVIRONMENT = {SLACK_TOKEN_VARIABLE: TOKEN}
STARTED = utc(time.time_ns() // 1_000_000)


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def config(kafka_config: Callable[..., Config], slack: SlackServer) -> Config:
    config = kafka_config(bridge={"slack": {"api_url": slack.api_url, "channel": CHANNEL}})
    await ensure_topics(config, create=True)
    return config


async def raise_alerts(config: Config, *alerts: Alert) -> None:
    records = [(each.fingerprint.encode(), each.to_bytes()) for each in alerts]
    await send(config, Topics(config.topics).alerts.name, records)


async def bridging(path: Path) -> Worker:
    return await Worker.start("bridge", path, ["slack"], ENVIRONMENT)


def step(incident: str, id: str, name: str = "open", **changed: Any) -> Alert:
    kind = name if name in {"open", "resolve"} else "update"
    return alert(incident, id, kind, step=name, starts_at=STARTED, **changed)


def lines(thread: list[dict[str, Any]]) -> list[str]:
    return [message["text"].splitlines()[0] for message in thread]


async def test_steps_and_verdicts_of_an_incident_are_one_thread_through_kills_at_the_worst_moment(
    config: Config, slack: SlackServer, tmp_path: Path
) -> None:
    path = write_config(config, tmp_path / "firewatch.yaml")
    bridge = await bridging(path)
    await raise_alerts(config, step("storm", "s1"))
    await _soon(slack, [["s1"]])
    await say(config, [verdict("storm", at_ms=1).verdict])
    await _soon(slack, lengths=[2])

    slack.fail("chat.postMessage", "held")  # posted, but the bridge does not get to know, and is killed
    await raise_alerts(config, step("storm", "s2", "escalate", severity="critical"))
    await slack.held.wait()
    await bridge.end(signal.SIGKILL)

    await raise_alerts(config, step("storm", "s3", "resolve", severity="critical"), step("other", "o1"))
    await say(config, [verdict("storm", at_ms=2, by="bob", verdict="confirmed", note="real").verdict])
    slack.held.clear()
    slack.fail("chat.postMessage", None, "held")
    bridge = await bridging(path)
    await slack.held.wait()
    await bridge.end(signal.SIGKILL)

    bridge = await bridging(path)
    await _soon(slack, lengths=[5, 1])
    assert await bridge.end() == 0
    assert await lag(config, "bridge-slack", Topics(config.topics).alerts.name) == 0
    storm, other = sorted(slack.threads(), key=len, reverse=True)
    assert lines(other) == ["🟠 Nordtel · warning"]
    assert sorted(lines(storm)) == sorted(
        [
            "✅ Nordtel · resolved · critical",
            "Nordtel: anna is looking into it.",
            "🔴 Nordtel · critical · escalated",
            "✅ Nordtel · resolved · critical",
            "Nordtel: bob confirms the incident. Note: “real”",
        ]
    )
    assert "bob confirms the incident. Note: “real”" in str(storm[0]["blocks"][-2])


async def test_incidents_keep_their_threads_when_partitions_move_to_another_bridge(
    config: Config, slack: SlackServer, tmp_path: Path
) -> None:
    path = write_config(config, tmp_path / "firewatch.yaml")
    names = [f"i{number}" for number in range(8)]
    one = await bridging(path)
    await raise_alerts(config, *(step(name, f"{name}-1") for name in names))
    await _soon(slack, [[f"{name}-1"] for name in names])
    other = await bridging(path)
    await other.wait_for("assigned")
    await raise_alerts(config, *(step(name, f"{name}-2", "grow") for name in names))
    await _soon(slack, [[f"{name}-1", f"{name}-2"] for name in names])
    await one.end(signal.SIGKILL)
    await raise_alerts(config, *(step(name, f"{name}-3", "resolve") for name in names))
    await _soon(slack, [[f"{name}-1", f"{name}-2", f"{name}-3"] for name in names])
    assert await other.end() == 0


async def test_a_bridge_whose_token_is_revoked_is_not_ready_and_loses_nothing(
    config: Config, slack: SlackServer, tmp_path: Path
) -> None:
    slack.fail("auth.test", *["token_revoked"] * 10_000)
    bridge = await bridging(write_config(config, tmp_path / "firewatch.yaml"))
    await bridge.wait_for("token_revoked; make a new token")
    found = re.search(r"http://127\.0\.0\.1:\d+/", bridge.log)
    assert found is not None
    await raise_alerts(config, step("storm", "s1"))

    async def ready() -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(f"{found[0]}readyz") as answer:
            return answer.status, await answer.text()

    async def is_denied() -> bool:
        status, why = await ready()
        return status == 503 and "slack: auth.test: Slack answers token_revoked" in why

    async def is_ready() -> bool:
        return (await ready())[0] == 200

    await until(is_denied)
    assert TOKEN not in bridge.log
    slack.faults.clear()
    await _soon(slack, [["s1"]])
    await until(is_ready)
    assert await bridge.end() == 0


async def _soon(slack: SlackServer, ids: list[list[str]] | None = None, lengths: list[int] | None = None) -> None:
    async def as_expected() -> bool:
        threads = slack.ids()
        if lengths is not None:
            return sorted(map(len, threads)) == sorted(lengths)
        return sorted(threads) == sorted(ids or [])

    try:
        await until(as_expected)
    except TimeoutError:
        pytest.fail(f"{slack.ids()} instead of {ids or lengths}")
