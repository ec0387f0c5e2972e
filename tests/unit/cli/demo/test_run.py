"""`firewatch demo` without Kafka: what it refuses, what it says first, and what it writes."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
import yaml
from rich.console import Console

from streams.cli.demo import broker, run
from streams.cli.demo.show import Show
from streams.config.loader import load_config
from streams.errors import ConfigError, OutputError
from tests.support.alerts import alert
from tests.support.cli import BRANDS, post_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.records import Alert


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    """An hour of posts, and the config of their brand beside them."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(map(post_line, range(60))))
    path.with_suffix(".yaml").write_text(f"{BRANDS}windows: {{lateness_seconds: 60}}\n")
    return path


@pytest.fixture
def without_kafka(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    monkeypatch.setattr(broker, "deploy_folder", lambda: tmp_path / "none")


@pytest.mark.parametrize("half", ["posts", "config"])
def test_half_a_demo_is_refused(half: str, tmp_path: Path) -> None:
    posts, config = (Path("posts.jsonl"), None) if half == "posts" else (None, Path("brands.yaml"))
    with pytest.raises(ConfigError, match="posts and config go together"):
        run.run(posts, config, 10.0, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("without_kafka")
def test_without_kafka_and_matplotlib_it_says_so_and_shows_the_same_pipeline(
    posts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "can_draw", lambda: False)
    out = tmp_path / "out"
    run.run(posts, posts.with_suffix(".yaml"), 0.5, out)
    printed = capsys.readouterr().out
    assert printed.startswith("no charts: they need matplotlib, pip install 'firewatch[plot]'\n")
    assert "NO KAFKA" in printed
    assert "posts 60  mentions matched 60  counted 60" in printed
    assert "pictures none" in printed
    assert {path.name for path in (out / "latest").iterdir()} == {"config.yaml", "alerts.jsonl"}


@pytest.mark.parametrize(
    ("raised", "printed"),
    [
        ([], "no incident\n"),
        ([alert(severity="critical", summary="Nordtel: [red]")], "critical  still open\n      Nordtel: [red]\n"),
        ([alert(severity="watch")], "  and 1 that does not page: suppressed, or below warning\n"),
    ],
)
def test_incidents_of_posts_of_the_user_are_listed_at_the_end(
    raised: list[Alert], printed: str, posts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show = Show(Console(), load_config(posts.with_suffix(".yaml")), posts, 10.0)
    run._print_incidents(show, raised, None)
    assert capsys.readouterr().out.endswith(printed)


@pytest.mark.usefixtures("without_kafka")
def test_results_of_earlier_runs_stay(posts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "can_draw", lambda: False)
    out = tmp_path / "out"
    for _ in range(2):
        run.run(posts, posts.with_suffix(".yaml"), 0.5, out)
    folders = [path for path in out.iterdir() if not path.is_symlink()]
    assert len(folders) == 2
    assert all((folder / "alerts.jsonl").exists() for folder in folders)
    assert (out / "latest").resolve() == max(folders, key=lambda folder: folder.stat().st_mtime_ns).resolve()


def test_runs_that_start_in_the_same_second_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = {run.folder_of_a_run(tmp_path) for _ in range(5)}
    assert len(folders) == 5
    assert (tmp_path / "latest").resolve() in {folder.resolve() for folder in folders}


def test_a_file_of_the_user_named_latest_stays(tmp_path: Path) -> None:
    (tmp_path / "latest").write_text("mine")
    run.folder_of_a_run(tmp_path)
    assert (tmp_path / "latest").read_text() == "mine"


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file can't be written"):
        run.folder_of_a_run(tmp_path / "file")


@pytest.mark.usefixtures("without_kafka")
def test_charts_of_the_brands_are_drawn(posts: Path, tmp_path: Path) -> None:
    run.run(posts, posts.with_suffix(".yaml"), 0.5, tmp_path / "out")
    latest = tmp_path / "out" / "latest"
    assert {path.name for path in (latest / "pictures").iterdir()} >= {"index.html", "nordtel.png"}
    assert all(orjson.loads(line) for line in (latest / "alerts.jsonl").read_bytes().splitlines())


def test_the_config_of_a_run_has_its_own_topics_and_free_ports_and_keeps_the_rest(
    posts: Path, tmp_path: Path, unused: Callable[[], int]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken, free = other.getsockname()[1], unused()
        given = posts.with_suffix(".yaml")
        given.write_text(given.read_text() + f"metrics: {{score_port: {taken}, detect_port: {free}}}\n")
        first, second = (run.write_own_config(given, tmp_path / name, "127.0.0.1:1") for name in ("a", "b"))
    before, after = load_config(given, {}), load_config(first, {})
    assert after.kafka.bootstrap_servers == "127.0.0.1:1"
    assert after.topics.prefix.startswith("demo-")
    assert after.topics.prefix != load_config(second, {}).topics.prefix
    assert after.metrics.score_port not in {taken, 0}
    assert after.metrics.detect_port == free
    assert after.windows == before.windows.model_copy(update={"end_of_stream_seconds": run.END_OF_STREAM_SECONDS})
    assert after.brands == before.brands
    assert yaml.safe_load(given.read_text())["windows"] == {"lateness_seconds": 60}


@pytest.fixture
def unused(tmp_path: Path) -> Callable[[], int]:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    def port() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    return port
