"""Errors of the broker, its topics and permissions."""

from __future__ import annotations

from streams.errors.base import FirewatchError


class KafkaError(FirewatchError):
    """Kafka refused a request, or the cluster does not meet the needs of firewatch."""

    exit_code = 4


class BrokerUnreachable(KafkaError):
    """No broker answers at the configured address.

    Parameters
    ----------
    bootstrap_servers
        The address.
    detail
        What was tried, and what came of it.
    """

    exit_code = 8

    def __init__(self, bootstrap_servers: str, detail: str) -> None:
        self.bootstrap_servers, self.detail = bootstrap_servers, detail
        super().__init__(
            f"no Kafka broker answers at {bootstrap_servers} ({detail}). If yours has another address, set "
            "kafka.bootstrap_servers in the config or KAFKA_BOOTSTRAP in the environment. To start one here: "
            "`make kafka-start` in a checkout of firewatch, which prints its address; elsewhere "
            "`firewatch init kafka --deploy` and `docker compose -f kafka/deploy/compose.yaml up --detach kafka`, "
            "which listens at 127.0.0.1:9092."
        )


class NotAllowed(KafkaError):
    """A worker lacks permissions in Kafka.

    Parameters
    ----------
    worker
        Name of the worker.
    user
        How Kafka identifies the worker.
    bootstrap_servers
        Addresses of the cluster.
    permissions
        Missing permissions, such as ``Write on topic social.mentions``.
    """

    def __init__(self, worker: str, user: str, bootstrap_servers: str, permissions: list[str]) -> None:
        self.permissions = permissions
        super().__init__(
            f"{user} lacks permissions on {bootstrap_servers}: {', '.join(permissions)}. "
            f"`firewatch acls {worker}` prints the ACLs that grant them"
        )


class TopicMismatch(KafkaError):
    """An existing topic differs from its definition in a way that breaks the service."""
