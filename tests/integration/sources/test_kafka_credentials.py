"""A topic of another cluster is read by credentials of its own, and what they do not allow is refused in a sentence."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from streams.errors import SourceError, SourceRefused
from streams.kafka.acls import Access
from tests.support.foreign_kafka import ForeignKafka
from tests.support.secure_broker import PASSWORD, grant
from tests.support.source_reading import read_until, source_of

if TYPE_CHECKING:
    from pathlib import Path

    from streams.sources.live.base import LiveSource
    from tests.support.secure_broker import SecureBroker

USER = "stranger"


def source(broker: SecureBroker, topic: str, folder: Path, password: str, **cluster: Any) -> LiveSource:
    (folder / "password").write_text(password)
    settings = {
        "bootstrap_servers": broker.scram,
        "security_protocol": "SASL_SSL",
        "sasl_username": USER,
        "password_file": str(folder / "password"),
        "ca_file": str(broker.authority),
    }
    entry = {"id": "partner", "kind": "kafka", "topic": topic, "start": "earliest", "cluster": settings | cluster}
    return source_of(entry)


async def test_only_who_may_read_the_topic_reads_it(
    broker: SecureBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREWATCH_KAFKA_PASSWORD", "of our own Kafka")
    topic, right = f"reviews-{uuid.uuid4().hex[:8]}", PASSWORD.format(user=USER)
    with ForeignKafka(broker.superuser) as foreign:
        foreign.create(topic)
        foreign.send(topic, {"id": 7, "created_at": 1_772_446_500, "text": "Nordtel"})

    async def refusal(**cluster: Any) -> SourceError:
        password = cluster.pop("password", right)
        with pytest.raises(SourceRefused, match="source partner: ") as refused:
            await read_until(source(broker, topic, tmp_path, password, **cluster), lambda _: True)
        assert right not in str(refused.value)
        return refused.value

    wrong = await refusal(password="wrong")  # noqa: S106
    assert wrong.reason == "login"
    assert "refuses the login of 'stranger'" in wrong.detail
    assert "check cluster.sasl_username" in wrong.detail
    untrusted = await refusal(ca_file=str(broker.stranger))
    assert untrusted.reason == "tls"
    assert "check cluster.ca_file" in untrusted.detail
    hidden = await refusal()
    assert hidden.reason in {"no_topic", "not_allowed"}
    grant(broker, USER, [Access("topic", topic, ("Describe",))])
    unreadable = await refusal()
    assert unreadable.reason == "not_allowed"
    assert f"may not read topic {topic}" in unreadable.detail
    grant(broker, USER, [Access("topic", topic, ("Read",))])
    read = await read_until(source(broker, topic, tmp_path, right), lambda read: read.ids)
    assert read.ids == ["7"]
