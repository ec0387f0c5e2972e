"""Logins, certificates and rights on a broker that asks for them."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from streams.errors import KafkaError, NotAllowed
from streams.kafka.acls import accesses
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import check_reachable, producer
from streams.kafka.names import WORKERS
from streams.kafka.preflight import preflight
from tests.support.broker import until
from tests.support.patience import PATIENCE_SECONDS
from tests.support.secure_broker import PASSWORD, grant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config
    from tests.support.secure_broker import SecureBroker


@pytest.fixture
def login(
    broker: SecureBroker, kafka_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Config]:
    """A config that logs in by SCRAM as a user, or as the settings say."""

    def make(user: str, **settings: Any) -> Config:
        monkeypatch.setenv("FIREWATCH_KAFKA_PASSWORD", PASSWORD.format(user=user))
        kafka = {
            "bootstrap_servers": broker.scram,
            "security_protocol": "SASL_SSL",
            "sasl_username": user,
            "ca_file": broker.authority,
            "request_timeout_seconds": 30,
        }
        return kafka_config(kafka=kafka | settings)

    return make


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_a_password_opens_the_door(login: Callable[..., Config], mechanism: str) -> None:
    await check_reachable(login("score", sasl_mechanism=mechanism).kafka)


async def test_a_certificate_opens_the_door(broker: SecureBroker, kafka_config: Callable[..., Config]) -> None:
    certificate, key = broker.certificate("score")
    settings = {"bootstrap_servers": broker.mtls, "security_protocol": "SSL", "ca_file": broker.authority}
    config = kafka_config(kafka=settings | {"certificate_file": certificate, "key_file": key})
    await check_reachable(config.kafka)
    with pytest.raises(NotAllowed):
        await preflight(config, "score")
    with pytest.raises(KafkaError, match=r"asks for a certificate: see kafka\.certificate_file"):
        await preflight(kafka_config(kafka=settings), "score")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"bootstrap_servers": "wrong_host"}, "certificate is not valid for '127.0.0.1'"),
        ({"bootstrap_servers": "expired"}, "certificate has expired"),
        ({"ca_file": "stranger"}, "unable to get local issuer certificate"),
        ({"ca_file": None}, "self-signed certificate in certificate chain|unable to get local issuer"),
        ({"sasl_username": "nobody"}, "refuses the login of 'nobody' by SCRAM-SHA-512"),
        ({"sasl_username": "detect"}, "refuses the login of 'detect' by SCRAM-SHA-512"),  # with score's password
        ({"sasl_mechanism": "PLAIN"}, "refuses the login of 'score' by PLAIN"),
    ],
)
async def test_a_closed_door_says_why_in_one_line_without_the_secret(
    broker: SecureBroker, login: Callable[..., Config], settings: dict[str, Any], complaint: str
) -> None:
    named = {name: getattr(broker, str(value), value) for name, value in settings.items()}
    with pytest.raises(KafkaError, match=complaint) as refused:
        await check_reachable(login("score", **named).kafka)
    await until(connections_are_closed)
    assert "\n" not in str(refused.value)
    assert PASSWORD.format(user="score") not in str(refused.value)


async def connections_are_closed() -> bool:
    """Whether this event loop has closed all sockets: after aiokafka has hung up, TLS takes a round trip to say so."""
    transports = asyncio.get_running_loop()._transports  # type: ignore[attr-defined]
    return all(each._sock is None for each in list(transports.values()))


async def test_a_login_without_encryption_must_be_asked_for(broker: SecureBroker, login: Callable[..., Config]) -> None:
    clear = {"bootstrap_servers": broker.clear, "security_protocol": "SASL_PLAINTEXT", "ca_file": None}
    with pytest.raises(ValueError, match="allow_sasl_plaintext: true"):
        login("score", **clear)
    await check_reachable(login("score", **clear, allow_sasl_plaintext=True).kafka)


@pytest.mark.parametrize("worker", WORKERS[1:])
async def test_a_worker_without_a_right_names_it(
    broker: SecureBroker, login: Callable[..., Config], worker: Any
) -> None:
    config = login(worker)
    superuser = config.model_copy(update={"kafka": type(config.kafka)(bootstrap_servers=broker.superuser)})
    await ensure_topics(superuser, create=True)
    needed = [access for access in accesses(worker, config) if access.kind != "transactional-id"]
    missing = [(access, operation) for access in needed for operation in access.operations]
    with pytest.raises(NotAllowed) as refused:
        await preflight(config, worker)
    assert len(refused.value.permissions) == len(missing)
    for access, operation in missing:
        expected = f"{operation} on {access.kind} {access.name}"
        assert expected in refused.value.permissions
        grant(broker, worker, [access._replace(operations=(operation,))])

        async def granted(expected: str = expected) -> bool:
            """Whether the right is no longer missing: the broker applies a grant when it has read it itself."""
            try:
                await preflight(config, worker)
            except NotAllowed as error:
                return expected not in error.permissions
            return True

        await until(granted)
    await preflight(config, worker)


@pytest.mark.parametrize("worker", ["detect", "train"])
async def test_a_transactional_id_that_is_not_granted_is_named(
    broker: SecureBroker, login: Callable[..., Config], worker: Any
) -> None:
    config = login(worker)
    (*_, transactional) = accesses(worker, config)
    assert transactional.kind == "transactional-id"
    with pytest.raises(KafkaError, match=rf"{re.escape(transactional.name)}.*not allow this to user '{worker}'"):
        async with producer(config.kafka, transactional.name):
            pass
    grant(broker, worker, [transactional])

    async def granted() -> bool:
        """Whether it is no longer refused: the broker applies a grant when it has read it itself."""
        with suppress(KafkaError):
            async with producer(config.kafka, transactional.name):
                return True
        return False

    await until(granted)


@pytest.mark.parametrize("worker", ["ingest", "detect"])
def test_a_failing_start_tells_no_secret(
    broker: SecureBroker, login: Callable[..., Config], tmp_path: Path, worker: str
) -> None:
    config = login("stranger", sasl_username="nobody")
    secret = PASSWORD.format(user="stranger")
    password_file = tmp_path / "password"
    password_file.write_text(secret)
    tree = config.model_dump(mode="json", exclude_none=True)
    tree["kafka"]["password_file"] = str(password_file)
    file, posts = tmp_path / "firewatch.yaml", tmp_path / "posts.jsonl"
    file.write_text(yaml.safe_dump(tree))
    posts.write_text('{"id": 1, "created_at": 1700000000, "text": "hallo"}\n')
    arguments = [worker, *([str(posts)] if worker == "ingest" else []), "--config", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == KafkaError.exit_code
    assert "refuses the login of 'nobody'" in done.stderr
    assert secret not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
