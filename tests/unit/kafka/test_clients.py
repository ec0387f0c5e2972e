"""What clients of Kafka raise while no broker answers, and which deadlines are the broker's."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer, errors

from streams.config import KafkaSettings
from streams.errors import BrokerUnreachable
from streams.kafka import clients
from streams.kafka.clients import acknowledged, answered_within, translated_errors


def test_what_aiokafka_raises_again_as_the_bare_class_is_still_an_absent_broker() -> None:
    def fail() -> None:
        try:
            raise errors.KafkaConnectionError("closed")
        except errors.KafkaError as error:
            raise errors.KafkaError(repr(error)) from error

    with (
        pytest.raises(BrokerUnreachable, match="connecting: KafkaConnectionError: closed"),
        translated_errors(KafkaSettings(), "connecting"),
    ):
        fail()


@pytest.mark.parametrize("raised", [errors.UnknownTopicOrPartitionError(), errors.KafkaTimeoutError("slow")])
async def test_a_record_that_no_broker_wants_says_that_it_is_away(
    raised: errors.KafkaError, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(*_: object, **__: object) -> None:
        raise raised

    sender = clients._Producer(KafkaSettings())
    monkeypatch.setattr(AIOKafkaProducer, "send", send)
    with pytest.raises(BrokerUnreachable, match=r"social\.mentions"):
        await sender.send("social.mentions", b"", partition=0)
    await sender.stop()


async def test_a_client_that_stops_by_a_cancellation_of_its_own_cancels_nobody_else() -> None:
    async def stop() -> None:
        raise asyncio.CancelledError

    await clients._stop(stop())


async def test_a_client_that_does_not_stop_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_STOP_SECONDS", 0.01)
    await clients._stop(asyncio.sleep(60))


async def test_what_a_client_raises_when_it_stops_is_raised() -> None:
    async def stop() -> None:
        raise errors.KafkaError("lost")

    with pytest.raises(errors.KafkaError, match="lost"):
        await clients._stop(stop())


def test_a_timeout_of_something_else_is_not_told_as_the_brokers() -> None:
    with pytest.raises(TimeoutError, match="of something else"), translated_errors(KafkaSettings(), "reading"):
        raise TimeoutError("of something else")


async def test_a_broker_that_does_not_answer_in_time_is_named() -> None:
    settings = KafkaSettings.model_construct(request_timeout_seconds=0.01, bootstrap_servers="kafka:9092")
    with pytest.raises(BrokerUnreachable, match=r"kafka:9092.*reading: no answer in time"):
        async with answered_within(settings, "reading"):
            await asyncio.sleep(60)
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with pytest.raises(BrokerUnreachable, match="sending: no answer in time"):
        await acknowledged(settings, [never], "sending")


async def test_a_deadline_within_a_call_of_kafka_is_not_told_as_the_brokers() -> None:
    with pytest.raises(TimeoutError):
        async with answered_within(KafkaSettings(), "reading"), asyncio.timeout(0.01):
            await asyncio.sleep(60)


async def refused() -> None:
    raise errors.KafkaConnectionError("Unable to bootstrap")


async def test_a_client_that_connects_is_the_only_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_other(_: object) -> None:
        pytest.fail("there was another connection")

    monkeypatch.setattr(clients, "check_reachable", no_other)
    await clients._start(lambda: asyncio.sleep(0), KafkaSettings())


async def test_a_client_that_can_not_connect_raises_the_reason() -> None:
    settings = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    with pytest.raises(BrokerUnreachable, match=r"127\.0\.0\.1:1: connection refused"):
        await clients._start(refused, settings)


async def test_a_broker_that_is_back_when_the_reason_is_looked_for_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "check_reachable", lambda _: asyncio.sleep(0))
    with pytest.raises(BrokerUnreachable, match="connecting: KafkaConnectionError: Unable to bootstrap"):
        await clients._start(refused, KafkaSettings())


async def test_a_client_that_waited_for_an_answer_does_not_wait_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_other(_: object) -> None:
        pytest.fail("there was another connection")

    async def silent() -> None:
        await asyncio.sleep(0.05)
        raise errors.KafkaConnectionError("Unable to bootstrap")

    monkeypatch.setattr(clients, "check_reachable", no_other)
    settings = KafkaSettings.model_construct(request_timeout_seconds=0.04, bootstrap_servers="kafka:9092")
    with pytest.raises(BrokerUnreachable, match=r"kafka:9092.*connecting: no answer within 0 s"):
        await clients._start(silent, settings)
