"""firewatch from its wheel, without the source: the files of deploy/ and the demo come along."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.cli import cli
from tests.support.paths import ROOT
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contents of the wheel; what it depends on is that of the tests."""
    dist, target = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", dist, ROOT], check=True)
    subprocess.run([*pip, "install", "--no-deps", "--target", target, *dist.glob("*.whl")], check=True)
    return target


def firewatch(
    installed: Path, folder: Path, *arguments: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the console script of the wheel in a folder that has nothing of the source."""
    path = os.pathsep.join([*environment.pop("PYTHONPATH", "").split(), str(installed)])
    script = installed / "bin" / "firewatch"
    done = subprocess.run(
        [sys.executable, script, *arguments], cwd=folder, capture_output=True, text=True, check=False,
        timeout=PATIENCE_SECONDS, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": path} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_writes_the_same_files_as_from_the_source(installed: Path, tmp_path: Path) -> None:
    source, wheel = tmp_path / "source", tmp_path / "wheel"
    assert CliRunner().invoke(cli, ["init", str(source), "--deploy"], catch_exceptions=False).exit_code == 0
    firewatch(installed, tmp_path, "init", wheel, "--deploy")
    assert files_of(wheel) == files_of(source)
    assert "good" in firewatch(installed, wheel, "check-config", "firewatch.yaml").stdout
    assert "good" in firewatch(installed, wheel, "check-config", Path("deploy", "config.example.yaml")).stdout


def test_the_local_kafka_comes_along_and_keeps_out_of_the_installation(installed: Path, tmp_path: Path) -> None:
    script = installed / "streams" / "shipped" / "deploy" / "local" / "kafka.py"
    done = subprocess.run(
        [sys.executable, script, "status", "--home", tmp_path / "kafka"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (3, "kafka: not running\n")
    program = "from streams.cli.demo import broker; print(*broker._command('start'), sep='\\n')"
    environment = {"PYTHONPATH": str(installed), "HOME": str(tmp_path)}
    command = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment
    ).stdout.splitlines()
    assert command[1] == str(script)
    assert command[-2:] == ["--home", str(tmp_path / ".cache" / "firewatch" / "kafka")]


def test_the_demo_runs_without_kafka_and_without_matplotlib_and_says_so_first(installed: Path, tmp_path: Path) -> None:
    assert "Example:" in firewatch(installed, tmp_path, "demo", "--help").stdout
    firewatch(installed, tmp_path, "simulate", "--out", "posts.jsonl", "--days", "0.05", "--scenario", "calm")
    without = tmp_path / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text("import sys\nsys.modules['matplotlib'] = None\n")
    (tmp_path / "bin").mkdir()  # has neither Java nor Docker
    done = firewatch(
        installed, tmp_path, "demo", "--posts", "posts.jsonl", "--config", "posts.yaml", "--seconds", "10",
        PYTHONPATH=str(without), PATH=str(tmp_path / "bin"),
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert lines[0] == "no charts: they need matplotlib, pip install 'firewatch[plot]'"
    assert "NO KAFKA CAN BE STARTED HERE" in done.stdout
    assert lines[-1] == "pictures none"
    assert (tmp_path / "demo-out" / "latest" / "alerts.jsonl").exists()
