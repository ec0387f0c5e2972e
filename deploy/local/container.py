"""The same single-node Kafka in a container, where a Docker engine answers."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

IMAGE: Final = "apache/kafka"
ENGINE_SECONDS: Final = 10.0
PULL_SECONDS: Final = 600.0

SETTINGS: Final = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
}
"""The same value as in server.properties."""


class DockerError(Exception):
    """Docker could not start or stop the container; the message is Docker's own."""


def engine_answers() -> bool:
    """Return whether a Docker engine answers; the client alone is not enough."""
    if not shutil.which("docker"):
        return False
    try:
        return _docker("info", timeout=ENGINE_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def container(name: str) -> str:
    """Return the name of the container of an instance."""
    return f"firewatch-kafka-{name}"


def start(name: str, version: str, port: int) -> None:
    """Run a container that listens on a loopback port; the caller waits for it to answer.

    Raises
    ------
    DockerError
        If Docker refuses, or takes longer than `PULL_SECONDS` to get the image.
    """
    settings = SETTINGS | {"KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}"}
    variables = [argument for item in settings.items() for argument in ("--env", "=".join(item))]
    arguments = [
        "run",
        "--detach",
        "--rm",
        "--name",
        container(name),
        "--publish",
        f"127.0.0.1:{port}:9092",
        *variables,
    ]
    try:
        done = _docker(*arguments, f"{IMAGE}:{version}", timeout=PULL_SECONDS)
    except subprocess.TimeoutExpired:
        raise DockerError(f"no container within {PULL_SECONDS:g} s") from None
    if done.returncode != 0:
        raise DockerError(done.stderr.strip())


def remove(name: str) -> None:
    """Stop the container of an instance, if there is one, and delete its data."""
    if shutil.which("docker"):
        _docker("rm", "--force", "--volumes", container(name), timeout=ENGINE_SECONDS)


def _docker(*arguments: str, timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=timeout)
