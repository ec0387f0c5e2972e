"""The whole pipeline with a user for each worker and no rights but its own; and what it says of the posts to others."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import sys
import urllib.error
import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml
from aiokafka import TopicPartition

from streams.config import PASSWORD_VARIABLE, WEBHOOK_KEY_VARIABLE
from streams.kafka.acls import granting_commands
from streams.kafka.clients import consumer
from streams.kafka.names import WORKERS
from streams.kafka.topics import Topics
from streams.operate.label import ask
from streams.workers.supervisor import STOP_SECONDS
from tests.support.alerts import alert
from tests.support.broker import headers, read_topic, send, until
from tests.support.labelling import labels, published
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import reserved_port
from tests.support.secure_broker import PASSWORD, grant_printed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config
    from streams.records import Label
    from tests.support.alertmanager import Receiver
    from tests.support.secure_broker import SecureBroker

PORTS = ("ingest", "score", "detect", "train", "bridge")
BEGIN_MS = 1_700_000_000_000
SECRETS = ("zitronenfalter", "mondlandung", "karla-kolumna", "forum-adresse", "schreibt-nur-muell")
"""Words of texts, authors, links and ids of the posts; none may be told to logs or metrics."""


def posts() -> bytes:
    """Two calm days and a firestorm, with lines that can't be used in between."""
    day = 1440
    lines = [
        *(line(minute, f"nordtel {SECRETS[0]} {minute}") for minute in range(0, 2 * day, 10)),
        *(line(2 * day + number / 40, f"nordtel schlecht, {SECRETS[1]}! Nie wieder {number}") for number in range(400)),
        line(2 * day + 60, "nordtel am Ende"),
    ]
    lines[100:100] = [b'{"id": "schreibt-nur-muell", "text": 17}', b"schreibt-nur-muell"]
    return b"\n".join(lines)


def line(minute: float, text: str) -> bytes:
    return orjson.dumps(
        {
            "id": f"{SECRETS[3]}-{minute}-{hash(text)}",
            "created_at": BEGIN_MS + round(minute * 60_000),
            "text": text,
            "author": f"{SECRETS[2]}-{minute}",
            "source": "forum",
            "url": f"https://forum.example/{SECRETS[3]}/{minute}",
        }
    )


class Worker:
    """A process ``firewatch NAME``."""

    def __init__(self, name: str, folder: Path, config: Config, kafka: dict[str, Any], *arguments: str) -> None:
        self.name = name
        self.config_path = folder / f"{name}.yaml"
        tree = config.model_dump(mode="json", exclude_none=True)
        self.config_path.write_text(yaml.safe_dump(tree | {"kafka": kafka}), encoding="utf-8")
        self.log_path = folder / f"{name}.log"
        self._arguments = (name, *arguments, "--config", str(self.config_path))
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log_path.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "streams.cli", *self._arguments,
                stdout=log, stderr=log,
                env={**os.environ, "FIREWATCH_KAFKA_PASSWORD": PASSWORD.format(user=self.name)},
            )  # fmt: skip

    async def ended(self) -> int:
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), PATIENCE_SECONDS)

    async def stop(self) -> int:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self._process.wait(), STOP_SECONDS)

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")


def login(broker: SecureBroker, user: str, way: str) -> dict[str, Any]:
    kafka = {"ca_file": str(broker.authority), "request_timeout_seconds": 30}
    if way == "SSL":
        certificate, key = broker.certificate(user)
        files = {"certificate_file": str(certificate), "key_file": str(key)}
        return kafka | files | {"bootstrap_servers": broker.mtls, "security_protocol": "SSL"}
    scram = {"sasl_username": user, "sasl_mechanism": way}
    return kafka | scram | {"bootstrap_servers": broker.scram, "security_protocol": "SASL_SSL"}


async def alerts(config: Config) -> list[dict[str, Any]]:
    """The alerts, as soon as one incident has been resolved or time is up."""
    found: list[dict[str, Any]] = []
    topic = Topics(config.topics).alerts
    async with asyncio.timeout(PATIENCE_SECONDS), consumer(config.kafka, None) as reader:
        reader.assign([TopicPartition(topic.name, partition) for partition in range(topic.partitions)])
        await reader.seek_to_beginning()
        while not found:
            for records in (await reader.getmany(timeout_ms=500)).values():
                found += [orjson.loads(record.value) for record in records]
    return found


def page(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_SECONDS) as answer:
        return str(answer.read().decode())


async def is_ready(port: int) -> bool:
    try:
        return await asyncio.to_thread(page, port, "/readyz") == '{"ready":true}'
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except urllib.error.URLError:
        return False


def answer(label: Label) -> dict[str, Any]:
    return {"id": label.post, "text": label.text, "label": label.label, "lang": label.lang}


async def check_train(config: Config) -> None:
    """A model is published, and one that can't be used has a dead letter."""

    async def learned() -> bool:
        return bool(await published(config))

    async def refused() -> bool:
        letters = [headers(letter) for letter in await read_topic(config, topics.dlq.name)]
        return "wrong_key" in [letter["reason"] for letter in letters if letter["topic"] == topics.models.name]

    topics = Topics(config.topics)
    await until(learned)
    await send(config, topics.models.name, [(b"stranger", b"no model")])
    await until(refused)


async def check_bridge(config: Config, receiver: Receiver) -> None:
    """Alerts are delivered, and one that is refused has a dead letter."""

    async def delivered() -> bool:
        return bool(receiver.requests)

    async def refused() -> bool:
        return len(await read_topic(config, topics.alerts_dlq.name)) == 1

    topics = Topics(config.topics)
    await until(delivered)
    receiver.statuses = {"unwanted": 422}
    await send(config, topics.alerts.name, [(b"nordtel", alert("a", "unwanted").to_bytes())])
    await until(refused)


@pytest.mark.parametrize("way", ["SCRAM-SHA-512", "SSL"])
async def test_each_worker_does_its_work_with_its_own_rights_alone(
    broker: SecureBroker,
    kafka_config: Callable[..., Config],
    receiver: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    monkeypatch.setenv(WEBHOOK_KEY_VARIABLE, "whsec_" + base64.b64encode(b"a key that only this test has").decode())
    ports = {f"{name}_port": reserved_port() for name in PORTS}
    sections: dict[str, Any] = {
        "metrics": ports,
        "topics": {"partitions": 2},
        "sentiment": {"learn": {"publish_labels": 40, "publish_seconds": 2}},
        "bridge": {"send_suppressed": True, "webhook": {"url": receiver.url}},
    }
    config = kafka_config(kafka={"bootstrap_servers": broker.superuser}, **sections)
    for name in WORKERS:
        grant_printed(broker, granting_commands(config, [name], name))
    file = tmp_path / "posts.jsonl"
    file.write_bytes(posts())
    made = Worker("topics", tmp_path, config, login(broker, "topics", way))
    await made.start()
    assert await made.ended() == 0, made.log
    running = [
        Worker(name, tmp_path, config, login(broker, name, way), *arguments)
        for name, arguments in {"score": (), "detect": (), "train": (), "bridge": ("webhook",)}.items()
    ]
    ingest = Worker("ingest", tmp_path, config, login(broker, "ingest", way), str(file))
    answers = tmp_path / "answers.jsonl"
    answers.write_bytes(b"\n".join(orjson.dumps(answer(label)) for label in labels(120)))
    label = Worker("label", tmp_path, config, login(broker, "label", way), "--by", "anna", "--import", str(answers))
    try:
        for worker in (*running, ingest):
            await worker.start()
        assert await ingest.ended() == 0, ingest.log
        (opened, *_) = await alerts(config)
        await label.start()
        assert await label.ended() == 0, label.log
        with monkeypatch.context() as patched:
            patched.setenv(PASSWORD_VARIABLE, PASSWORD.format(user="label"))
            as_label = kafka_config(kafka=login(broker, "label", way), **sections)
            asked = await ask(as_label, "anna", None, 3, read_key=lambda: "n", show=print)
        await check_train(config)
        await check_bridge(config, receiver)
        told = {worker.name: page(ports[f"{worker.name}_port"], "/metrics") for worker in running}
        for worker in running:
            await until(partial(is_ready, ports[f"{worker.name}_port"]))
    finally:
        codes = [await worker.stop() for worker in running]
    logs = {worker.name: worker.log for worker in (made, *running, ingest, label)}
    assert codes == [0, 0, 0, 0], logs
    assert asked.written == 3
    assert (opened["brand"], opened["kind"]) == ("nordtel", "open")
    assert 'firewatch_mentions_counted_total{brand="nordtel"}' in told["detect"]
    assert "rejected 2" in logs["ingest"]
    for text in (*told.values(), *logs.values()):
        assert not [secret for secret in (*SECRETS, PASSWORD.format(user="")[:9]) if secret in text]
