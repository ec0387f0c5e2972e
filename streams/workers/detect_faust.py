"""How the detect worker sets up Faust: its settings, its login, and events that only the worker acknowledges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import faust

from streams.kafka.clients import METADATA_MS, connection_options

if TYPE_CHECKING:
    from streams.config import Config, KafkaSettings

SESSION_SECONDS: Final = 10
"""Time after which Kafka gives the partitions of a silent worker to the others."""

HEARTBEAT_SECONDS: Final = SESSION_SECONDS / 3

BUFFERED_RECORDS: Final = 1_000
"""Records that wait in memory to be processed: two batches. In a firestorm each holds 250 mentions, some 60 kB; the
4,096 that Faust allows by default would take 240 MB."""


class DetectEvent(faust.Event):
    """An event that only `DetectWorker` acknowledges.

    Without its C extension Faust also acknowledges events that it skips in a rebalance; the offset would move past
    records that no worker has processed.
    """

    processed = False

    def ack(self) -> bool:
        return self.processed and super().ack()


def faust_settings(config: Config, directory: str) -> dict[str, Any]:
    """Return all settings of Faust; with an empty `env`, as variables such as ``BROKER_URL`` would override them."""
    return {
        "Event": DetectEvent,
        "env": {},
        "broker": [f"kafka://{server.strip()}" for server in config.kafka.bootstrap_servers.split(",")],
        "broker_client_id": config.kafka.client_id,
        "broker_credentials": faust_credentials(config.kafka),
        "broker_commit_interval": 1.0,
        "broker_session_timeout": SESSION_SECONDS,
        "broker_heartbeat_interval": HEARTBEAT_SECONDS,
        "broker_request_timeout": max(config.kafka.request_timeout_seconds, SESSION_SECONDS),
        "consumer_auto_offset_reset": "earliest",
        "consumer_metadata_max_age_ms": METADATA_MS,
        "datadir": directory,
        "stream_buffer_maxsize": BUFFERED_RECORDS,
        "stream_wait_empty": True,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "topic_partitions": config.topics.partitions,
        "web_enabled": False,
    }


def faust_credentials(settings: KafkaSettings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """Return the credentials for Faust. SASL without a TLS context sends the password in the clear, which the config
    has to allow."""
    options = connection_options(settings)
    context = options["ssl_context"]
    if settings.sasl:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None
