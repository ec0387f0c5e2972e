"""The bridge on a real broker: a real Alertmanager and a webhook receive the right alerts through every outage."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest
import structlog
from standardwebhooks import Webhook as Verifier

from deploy.local.kafka import DEFAULT_HOME, LocalKafka
from streams.config import SLACK_URL_VARIABLE, WEBHOOK_KEY_VARIABLE
from streams.core.deliver import delivery
from streams.kafka import connection
from streams.kafka.admin import ensure_topics
from streams.kafka.topics import Topics
from streams.records import Verdict, utc
from streams.runtime import metrics
from streams.workers.bridge import bridge
from streams.workers.receivers import sender_for
from tests.support.alerts import alert
from tests.support.broker import headers, read_topic, send, until
from tests.support.labelling import say
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from streams.config import Config
    from streams.records import Alert
    from tests.support.alertmanager import Alertmanager, Receiver

KEY = "whsec_" + base64.b64encode(b"a key that only this test has").decode()
NOW_MS = time.time_ns() // 1_000_000


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_DELAY_SECONDS", 0.05)
    monkeypatch.setattr(delivery, "LAST_DELAY_SECONDS", 0.3)
    monkeypatch.setenv(WEBHOOK_KEY_VARIABLE, KEY)


@pytest.fixture
async def config(kafka_config: Callable[..., Config], receiver: Receiver) -> Config:
    config = kafka_config(bridge={"webhook": {"url": receiver.url}})
    await ensure_topics(config, create=True)
    return config


def for_alertmanager(config: Config, server: Alertmanager, **changed: Any) -> Config:
    settings = {"urls": [server.url], "resend_seconds": 1}
    section = config.bridge.model_copy(
        update={"alertmanager": config.bridge.alertmanager.model_copy(update=settings), **changed}
    )
    return config.model_copy(update={"bridge": section})


async def raise_alerts(config: Config, *alerts: Alert | bytes) -> None:
    topic = Topics(config.topics).alerts.name
    values = [each if isinstance(each, bytes) else each.to_bytes() for each in alerts]
    await send(config, topic, [(b"nordtel", value) for value in values])


@asynccontextmanager
async def running(config: Config, receiver: str) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(bridge(config, sender_for(receiver, config), stop))
    try:
        yield
    finally:
        stop.set()
        await task


def paging(config: Config) -> Any:
    return running(config, "alertmanager")


def posting(config: Config) -> Any:
    return running(config, "webhook")


async def soon_outlives(server: Alertmanager, moment: str) -> None:
    """Wait until what fires has been sent again, and will outlive the moment at which it would have expired."""

    async def prolonged() -> bool:
        active = (await server.active()).values()
        return bool(active) and all(each["endsAt"] > moment for each in active)

    await until(prolonged)


async def soon_failed(attempts: int) -> None:
    """Wait until so many more attempts to reach Alertmanager have failed."""

    def failed() -> float:
        samples = [sample for metric in metrics.BRIDGE_FAILURES.collect() for sample in metric.samples]
        return sum(each.value for each in samples if each.name.endswith("_total"))

    enough = failed() + attempts

    async def as_many() -> bool:
        return failed() >= enough

    await until(as_many)


async def soon_active(server: Alertmanager, *expected: str) -> None:
    async def as_expected() -> bool:
        return set(await server.active()) == set(expected)

    await until(as_expected)


async def accepted(receiver: Receiver, count: int) -> list[str]:
    async def enough() -> bool:
        return len(receiver.requests) >= count

    await until(enough)
    return [headers["webhook-id"] for headers, _ in receiver.requests]


def pages(receiver: Receiver) -> set[tuple[str, str, str]]:
    """Return the notifications that Alertmanager sent to the pager: incident, severity, state."""
    bodies = [orjson.loads(body) for _, body in receiver.requests]
    return {
        (each["labels"]["fingerprint"], each["labels"]["severity"], each["status"])
        for body in bodies
        for each in body["alerts"]
    }


async def test_an_alert_whose_link_alertmanager_refuses_reaches_it_without_the_link(
    config: Config, alertmanager: Alertmanager
) -> None:
    config = for_alertmanager(config, alertmanager)
    link = "grafana.example/d/firewatch-brand?var-brand=nordtel"  # as a config of an earlier version allowed it
    alerts = [alert(f"i{number}", f"a{number}", starts_at=utc(NOW_MS), brand=f"b{number}") for number in range(3)]
    await raise_alerts(config, *alerts[:2], alerts[2].model_copy(update={"generator_url": link}))
    async with paging(config):
        await soon_active(alertmanager, "i0 warning", "i1 warning", "i2 warning")
        assert link not in str(await alertmanager.active())
    assert await read_topic(config, Topics(config.topics).alerts_dlq.name) == []


async def test_alertmanager_receives_incidents_that_fire_escalate_and_resolve(
    config: Config, alertmanager: Alertmanager, receiver: Receiver
) -> None:
    config = for_alertmanager(config, alertmanager)
    async with paging(config):
        await raise_alerts(config, alert("storm", "s1"), alert("quiet", "q1", suppressed="cold_start"))
        await soon_active(alertmanager, "storm warning")
        (shown,) = (await alertmanager.active()).values()
        assert shown["annotations"] == {"summary": "412 mentions"}
        assert shown["startsAt"].startswith("2026-03-02T00:00:00")
        await raise_alerts(config, alert("storm", "s2", "update", severity="critical"))
        await soon_active(alertmanager, "storm critical")
        (shown,) = (await alertmanager.active()).values()
        await soon_outlives(alertmanager, shown["endsAt"])
        assert set(await alertmanager.active()) == {"storm critical"}
        await raise_alerts(config, alert("storm", "s3", "resolve", severity="critical"))
        await soon_active(alertmanager)

        async def paged() -> bool:
            return ("storm", "critical", "resolved") in pages(receiver)

        await until(paged)
    assert pages(receiver) == {
        ("storm", severity, state) for severity in ("warning", "critical") for state in ("firing", "resolved")
    }


async def test_a_bridge_that_was_down_sends_the_current_state(config: Config, alertmanager: Alertmanager) -> None:
    config = for_alertmanager(config, alertmanager)
    await raise_alerts(config, alert("old", "o1"), alert("old", "o2", "resolve"), alert("before", "b1"))
    async with paging(config):
        await soon_active(alertmanager, "before warning")
        await raise_alerts(config, alert("ends", "e1"), alert("lasts", "l1"))
        await soon_active(alertmanager, "before warning", "ends warning", "lasts warning")
    await raise_alerts(config, alert("ends", "e2", "resolve"), alert("begins", "n1"), alert("blip", "x1"))
    await raise_alerts(config, alert("blip", "x2", "resolve"))
    await soon_active(alertmanager)  # without a bridge alerts expire
    async with paging(config):
        await soon_active(alertmanager, "before warning", "lasts warning", "begins warning")


async def test_an_outage_of_alertmanager_loses_nothing(config: Config, alertmanager: Alertmanager) -> None:
    config = for_alertmanager(config, alertmanager)
    async with paging(config):
        await raise_alerts(config, alert("one", "1a"), alert("two", "2a"))
        await soon_active(alertmanager, "one warning", "two warning")
        await alertmanager.stop()
        await raise_alerts(config, alert("one", "1b", "resolve"), alert("three", "3a"))
        await raise_alerts(config, alert("three", "3b", "update", severity="critical"))
        await soon_failed(2)
    async with paging(config):  # nothing was committed that was not delivered
        await soon_failed(2)
        await alertmanager.start()
        await soon_active(alertmanager, "two warning", "three critical")


async def test_an_alert_that_alertmanager_refuses_goes_to_the_dlq_and_holds_up_no_other(
    config: Config, alertmanager: Alertmanager
) -> None:
    config = for_alertmanager(config, alertmanager)
    bad = alert("bad", "b1", labels={"not a name": "x", "fingerprint": "bad", "severity": "warning"})
    async with paging(config):
        await raise_alerts(config, alert("good", "g1"))
        await soon_active(alertmanager, "good warning")
        await raise_alerts(config, b'{"v": 1, ', bad, alert("fine", "f1"))
        await soon_active(alertmanager, "good warning", "fine warning")
        dead = await dead_letters(config, 2)
    assert [each["reason"] for each in dead] == ["broken_json", "http_400"]
    assert "not a name" in dead[1]["detail"]
    assert dead[1]["offset"] == "2"


async def dead_letters(config: Config, count: int) -> list[dict[str, str]]:
    topic = Topics(config.topics).alerts_dlq.name

    async def there() -> bool:
        return len(await read_topic(config, topic)) >= count

    await until(there)
    return [headers(record) for record in await read_topic(config, topic)]


async def test_a_false_alarm_silences_its_brand_until_it_expires_or_gets_worse(
    config: Config, alertmanager: Alertmanager
) -> None:
    config = for_alertmanager(config, alertmanager)
    async with paging(config):
        await raise_alerts(config, alert("storm", "s1"))
        await soon_active(alertmanager, "storm warning")
        now_ms = time.time_ns() // 1_000_000
        until_ms = now_ms + 15_000  # longer than a busy machine takes to see the silence
        verdict = Verdict(
            incident="storm", brand="nordtel", verdict="false_alarm", severity="warning", detectors=["volume"],
            by="anna", at_ms=now_ms, silence_until_ms=until_ms,
        )  # fmt: skip
        await say(config, [verdict])
        await soon_active(alertmanager)
        await raise_alerts(config, alert("next", "n1"), alert("worse", "w1", severity="critical"))
        await soon_active(alertmanager, "worse critical")
        await soon_active(alertmanager, "worse critical", "storm warning", "next warning")
        assert time.time_ns() // 1_000_000 >= until_ms


async def test_webhooks_are_signed_ordered_retried_and_sent_once(config: Config, receiver: Receiver) -> None:
    await raise_alerts(config, alert("old", "old1"), alert("old", "old2", "resolve"), alert("open", "open1"))
    async with posting(config):
        assert await accepted(receiver, 1) == ["open1"]
        receiver.status = 503
        await raise_alerts(config, alert("a", "a1"), alert("b", "b1", suppressed="spam"), alert("a", "a2", "update"))

        async def tried() -> bool:
            return len(receiver.refused) >= 2

        await until(tried)
        assert {headers["webhook-id"] for headers, _ in receiver.refused} == {"a1"}
    receiver.status = 200
    async with posting(config):
        await accepted(receiver, 3)
        await raise_alerts(config, alert("a", "a3", "resolve", suppressed="spam"), alert("b", "b2", "resolve"))
        assert await accepted(receiver, 4) == ["open1", "a1", "a2", "a3"]
    for got, body in receiver.requests:
        verified = Verifier(KEY).verify(body, got)
        assert verified["data"]["id"] == got["webhook-id"]
        assert verified["type"] == f"io.firewatch.incident.{verified['data']['kind']}"


async def test_a_step_that_a_webhook_refuses_goes_to_the_dlq(config: Config, receiver: Receiver) -> None:
    receiver.statuses = {"a1": 422, "a2": 404}
    await raise_alerts(config, alert("first", "f1"))
    async with posting(config):
        await accepted(receiver, 1)
        await raise_alerts(config, alert("a", "a1"), alert("a", "a2", "update"))
        (dead,) = await dead_letters(config, 1)
        assert dead["reason"] == "http_422"
        assert (
            dead["detail"]
            == f"webhook: {receiver.url.removesuffix('/hook')} answers 422 {HTTPStatus(422).phrase}: as configured"
        )
        receiver.statuses = {}
        assert await accepted(receiver, 2) == ["f1", "a2"]  # a 404 concerns the address, which has been repaired
    assert len(await dead_letters(config, 1)) == 1


async def test_slack_gets_a_message_for_each_step(
    config: Config, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK_URL_VARIABLE, receiver.url)
    await raise_alerts(config, alert("a", "a1", starts_at=utc(NOW_MS)))
    async with running(config, "slack"):

        async def posted() -> bool:
            return len(receiver.requests) == 1

        await until(posted)
    assert orjson.loads(receiver.requests[0][1])["text"].startswith("🟠 Nordtel · warning · opened\n")


async def ready(port: int) -> tuple[int, str]:
    address = f"http://127.0.0.1:{port}/readyz"
    try:
        async with aiohttp.ClientSession() as session, session.get(address) as answer:
            return answer.status, await answer.text()
    except aiohttp.ClientError:
        return 0, ""


async def test_a_bridge_is_not_ready_while_kafka_does_not_answer_and_logs_it_once(
    kafka_config: Callable[..., Config], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CHECK_SECONDS", 0.2)
    broker, port = LocalKafka(DEFAULT_HOME, f"bridged-{os.getpid()}"), reserved_port()

    async def becomes(status: int, reason: str) -> None:
        async def so() -> bool:
            answer = await ready(port)
            return answer[0] == status and reason in answer[1]

        await until(so)

    try:
        address = await asyncio.to_thread(broker.start, reserved_port())
        config = kafka_config(
            kafka={"bootstrap_servers": address, "request_timeout_seconds": 60},
            bridge={"webhook": {"url": receiver.url}},
            metrics={"bridge_port": port},
        )
        await ensure_topics(config, create=True)
        with structlog.testing.capture_logs() as logged:
            async with posting(config):
                await becomes(HTTPStatus.OK, "")
                await asyncio.to_thread(broker.stop)
                await becomes(HTTPStatus.SERVICE_UNAVAILABLE, f"no Kafka broker answers at {address}")
                assert await asyncio.to_thread(broker.start) == address
                await becomes(HTTPStatus.OK, "")
                await raise_alerts(config, alert("a", "a1", starts_at=utc(time.time_ns() // 1_000_000)))
                await accepted(receiver, 1)
    finally:
        broker.wipe()
    told = [each["event"] for each in logged if "Kafka" in each["event"]]
    assert told == ["Kafka does not answer; alerts wait until it does", "Kafka answers again"]
