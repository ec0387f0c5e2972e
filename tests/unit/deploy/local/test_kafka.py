"""Where the local Kafka listens, and the commands that it names to go on with."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from deploy.local import kafka
from deploy.local.kafka import DEFAULT_NAME, LocalKafka, next_steps
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def port_of_choice(home: Path, name: str, remembered: int | None = None) -> int:
    broker = LocalKafka(home, name)
    if remembered is not None:
        broker._port_file.parent.mkdir(parents=True)
        broker._port_file.write_text(str(remembered))
    return broker._port_of_choice()


def test_the_default_instance_listens_where_firewatch_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "_is_free", lambda _port: True)
    assert port_of_choice(tmp_path, DEFAULT_NAME) == 9092


def test_another_instance_leaves_that_port_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "_is_free", lambda _port: True)
    assert port_of_choice(tmp_path, "other") != 9092


def test_the_port_of_before_is_chosen_again(tmp_path: Path) -> None:
    free = reserved_port()
    assert port_of_choice(tmp_path, DEFAULT_NAME, free) == free


def test_a_taken_port_is_named_and_replaced(tmp_path: Path, taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert port_of_choice(tmp_path, "other", taken) != taken
    assert f"127.0.0.1:{taken} is taken by another process" in capsys.readouterr().err


def test_at_the_default_address_nothing_has_to_be_set(tmp_path: Path) -> None:
    first, second = next_steps("127.0.0.1:9092", tmp_path)
    assert first.endswith("firewatch init")
    assert second.endswith("firewatch run -c firewatch.yaml")
    (tmp_path / "firewatch.yaml").touch()
    assert next_steps("127.0.0.1:9092", tmp_path) == [second]


def test_another_address_is_handed_on(tmp_path: Path) -> None:
    """Else the next command would look at the default port, and name the command that starts Kafka."""
    assert next_steps("127.0.0.1:40123", tmp_path)[0].startswith("export KAFKA_BOOTSTRAP=127.0.0.1:40123 ")
