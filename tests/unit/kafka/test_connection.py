"""An outage of Kafka is logged when it begins and when it ends, and shown as long as it lasts."""

from __future__ import annotations

import structlog

from streams.config import KafkaSettings
from streams.errors import BrokerUnreachable
from streams.kafka.connection import Connection
from streams.runtime import metrics


class Broker:
    def __init__(self) -> None:
        self.answers = True

    async def check(self, settings: KafkaSettings) -> None:
        if not self.answers:
            raise BrokerUnreachable(settings.bootstrap_servers, "connection refused")


def shown() -> float:
    (family,) = metrics.KAFKA_CONNECTED.collect()
    return family.samples[0].value


async def test_an_outage_is_logged_once_and_so_is_its_end() -> None:
    broker = Broker()
    connection = Connection(KafkaSettings(), broker.check)
    seen = []
    with structlog.testing.capture_logs() as logged:
        for broker.answers in (True, True, False, False, False, True, True, False):
            await connection.check()
            seen.append((connection.problem is None, shown()))
    assert seen == [(up, float(up)) for up in (True, True, False, False, False, True, True, False)]
    assert [each["log_level"] for each in logged] == ["error", "info", "error"]
    assert "connection refused" in logged[0]["reason"]
    assert connection.problem is not None
    assert "no Kafka broker answers at" in connection.problem


async def test_the_real_check_finds_that_nothing_listens() -> None:
    connection = Connection(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    await connection.check()
    assert "connection refused" in (connection.problem or "")
