"""The broker of the demo: the one that is named, one that is started and wiped, or none."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from streams.cli.demo import broker

if TYPE_CHECKING:
    from pathlib import Path

STARTS = """
import pathlib, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
if sys.argv[1] == "start":
    print("127.0.0.1:4711")
    sys.exit((here / "fails").exists())
"""


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a stand-in for the script that starts Kafka; the file `fails` makes it fail."""
    folder = tmp_path / "deploy" / "local"
    folder.mkdir(parents=True)
    (folder / "kafka.py").write_text(STARTS)
    monkeypatch.setattr(broker, "deploy_folder", lambda: tmp_path / "deploy")
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    return folder


def opened() -> tuple[str | None, str]:
    console = Console(file=io.StringIO(), width=200)
    with broker.broker(console) as address:
        assert isinstance(console.file, io.StringIO)
        return address, console.file.getvalue()


def calls(local: Path) -> list[str]:
    return (local / "calls").read_text().splitlines()


def test_one_that_is_named_is_used_and_none_started(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka:9092")
    assert opened() == ("kafka:9092", "")
    assert not (local / "calls").exists()


def test_one_is_started_and_wiped_afterwards(local: Path) -> None:
    address, printed = opened()
    assert address == "127.0.0.1:4711"
    assert "Kafka at 127.0.0.1:4711" in printed
    assert calls(local) == ["start --name demo --docker", "wipe --name demo --docker"]


def test_one_that_is_started_is_wiped_after_a_failure_too(local: Path) -> None:
    with pytest.raises(KeyboardInterrupt), broker.broker(Console(file=io.StringIO())):
        raise KeyboardInterrupt
    assert calls(local)[-1].startswith("wipe")


def test_where_none_can_be_started_that_is_said(local: Path) -> None:
    (local / "fails").touch()
    address, printed = opened()
    assert address is None
    assert "NO KAFKA CAN BE STARTED HERE" in printed


def test_an_installed_firewatch_keeps_kafka_in_the_cache_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "--home" not in broker._command("start")
    monkeypatch.setattr(broker, "is_checkout", lambda: False)
    command = broker._command("start")
    assert command[0] == sys.executable
    assert command[-2:] == ["--home", str(tmp_path / "firewatch" / "kafka")]
