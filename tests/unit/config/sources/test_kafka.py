"""A source of the kind `kafka` is checked before anything connects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.config import Config
from streams.config.kafka import PASSWORD_VARIABLE, KafkaSettings
from streams.config.sources.kafka import KafkaSourceSettings
from streams.errors import ConfigError
from tests.support.source_reading import NORDTEL

if TYPE_CHECKING:
    from pathlib import Path

SASL: dict[str, Any] = {
    "bootstrap_servers": "other:9093",
    "security_protocol": "SASL_SSL",
    "sasl_username": "kim",
}


def settings(**entry: Any) -> KafkaSourceSettings:
    fields = {"id": "crawler", "kind": "kafka", "topic": "raw-posts"} | entry
    config = Config.model_validate({"brands": [NORDTEL], "sources": [fields]})
    (source,) = config.sources
    assert isinstance(source, KafkaSourceSettings)
    return source


def test_the_topic_is_in_our_own_kafka_unless_another_is_named() -> None:
    own = KafkaSettings(bootstrap_servers="here:9092")
    assert settings().connection(own) is own
    assert settings(bootstrap="a:1,b:2").connection(own).bootstrap_servers == "a:1,b:2"
    other = settings(cluster=SASL).connection(own)
    assert (other.bootstrap_servers, other.sasl_username) == ("other:9093", "kim")


def test_the_password_of_our_own_kafka_is_never_sent_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "ours")
    assert settings(cluster=SASL).connection(KafkaSettings()).password() is None
    (tmp_path / "secret").write_text("theirs\n")
    password = settings(cluster=SASL | {"password_file": tmp_path / "secret"}).connection(KafkaSettings()).password()
    assert password is not None
    assert password.get_secret_value() == "theirs"
    with pytest.raises(ConfigError, match=r"cluster\.password_file"):
        settings(cluster=SASL | {"password_file": tmp_path / "none"}).connection(KafkaSettings()).password()


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"topic": None}, "topic"),
        ({"topic": "a b"}, "topic"),
        ({"topic": ".."}, "Kafka takes neither . nor .."),
        ({"topic": "x" * 250}, "topic"),
        ({"start": "now"}, "start"),
        ({"bootstrap": "a:1", "cluster": SASL}, "move the addresses to cluster.bootstrap_servers"),
        ({"bootstrap": "a:b"}, "bootstrap"),
        ({"cluster": {}}, "bootstrap_servers"),
        ({"cluster": SASL | {"sasl_username": None}}, "needs sasl_username"),
        ({"map": "raddit"}, "there is no format 'raddit'"),
        ({"map": {"source": "network"}}, "the source of all posts of this entry is its id"),
        ({"key_id": {"const": "a"}}, "an id that is the same for all records"),
        ({"key_id": 5}, "must be the name of a field"),
        ({"group": "a"}, "group"),
        ({"topic": "social.posts"}, "each of them would come back for ever"),
        ({"topic": "social.posts", "bootstrap": "127.0.0.1:9092"}, "each of them would come back for ever"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_place(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match="sources") as refused:
        settings(**entry)
    assert problem in str(refused.value)


def test_a_topic_of_the_same_name_elsewhere_is_another() -> None:
    assert settings(topic="social.posts", bootstrap="other:9092").topic == "social.posts"
