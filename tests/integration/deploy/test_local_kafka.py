"""The local broker: starts, is reused, stops, and says why when it can't."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deploy.local.kafka import DEFAULT_HOME, NOT_RUNNING, LocalKafka, answers
from deploy.local.prerequisites import LocalKafkaError
from tests.support.paths import DEPLOY
from tests.support.patience import PATIENCE_SECONDS, wait_for
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("kafka")

SCRIPT = DEPLOY / "local" / "kafka.py"


@pytest.fixture
def broker() -> Iterator[LocalKafka]:
    broker = LocalKafka(DEFAULT_HOME, f"own-{os.getpid()}")
    yield broker
    broker.wipe()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def pid_of(broker: LocalKafka) -> int:
    return int(broker._process_file.read_text().split()[0])


def test_start_answers_is_reused_and_stops(broker: LocalKafka) -> None:
    address = broker.start()
    assert answers(port_of(address))
    assert broker.start() == address == broker.bootstrap
    stopped = broker.stop()
    assert stopped
    assert not answers(port_of(address))
    assert not broker.stop()


def test_a_restarted_broker_keeps_its_port(broker: LocalKafka) -> None:
    """A config, and every shell with KAFKA_BOOTSTRAP, names the port."""
    address = broker.start(reserved_port())
    broker.stop()
    assert broker.start() == address


def test_a_port_that_another_process_took_meanwhile_is_named_and_replaced(
    broker: LocalKafka, capsys: pytest.CaptureFixture[str]
) -> None:
    before = port_of(broker.start(reserved_port()))
    broker.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before))
        other.listen()
        after = broker.start()
    assert port_of(after) != before
    assert f"127.0.0.1:{before} is taken" in capsys.readouterr().err
    broker.stop()
    assert broker.start() == after


def test_a_killed_broker_is_noticed_and_started_anew_with_its_data(broker: LocalKafka) -> None:
    broker.start()
    os.kill(pid_of(broker), signal.SIGKILL)
    wait_for(lambda: broker.bootstrap is None)
    assert answers(port_of(broker.start()))


def test_a_process_id_of_another_process_is_not_taken_for_the_broker(broker: LocalKafka) -> None:
    broker.start()
    broker.stop()
    broker._process_file.write_text(f"{os.getpid()} 1 9092")
    assert broker.bootstrap is None
    assert not broker.stop()


def test_a_taken_port_is_named(broker: LocalKafka) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalKafkaError, match=f"127.0.0.1:{port} is taken"):
            broker.start(port)


def test_a_broker_that_dies_shows_its_log_and_where_that_is(broker: LocalKafka) -> None:
    broker.start()
    broker.stop()
    (broker._folder / "data" / "meta.properties").write_text("version=1\n")
    with pytest.raises(LocalKafkaError) as caught:
        broker.start()
    message = str(caught.value)
    assert "died while starting" in message
    assert "meta.properties" in message
    assert str(broker.log_file) in message
    assert broker.log_file.exists()


def test_wipe_deletes_what_was_stored(broker: LocalKafka) -> None:
    broker.start()
    broker.wipe()
    assert not broker.log_file.parent.exists()


def test_the_command_prints_the_address_and_exit_codes(broker: LocalKafka) -> None:
    def run(command: str) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, str(SCRIPT), command, "--name", broker._folder.name]
        return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)

    assert run("status").returncode == NOT_RUNNING
    started = run("start")
    assert started.returncode == 0
    assert run("status").stdout == started.stdout
    assert run("stop").returncode == 0
    assert run("status").returncode == NOT_RUNNING
