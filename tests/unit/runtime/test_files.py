"""A full disk is reported with the file's name and without a traceback; temporary directories are always removed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError, OutputError
from streams.runtime.files import ensure_distinct_paths, open_output, temporary_directory
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL = Path("/dev/full")
REASON = "can't be written: No space left on device"

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def firewatch(*arguments: str | Path, stdout: int | Path = subprocess.PIPE) -> tuple[int, str]:
    command = [sys.executable, "-m", "streams.cli", *map(str, arguments)]
    if isinstance(stdout, Path):
        with stdout.open("wb") as out:
            done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=False)
    else:
        done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stderr.decode()


@pytest.fixture
def replay(tmp_path: Path) -> Sequence[str | Path]:
    posts, config = tmp_path / "posts.jsonl", tmp_path / "config.yaml"
    lines = [
        f'{{"id": "{number}", "created_at": {1_700_000_000 + 60 * number}, "text": "Nordtel"}}\n'
        for number in range(600)
    ]
    posts.write_text("".join(lines))
    config.write_text("brands:\n  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}}\n")
    return "replay", posts, "--config", config


@pytest.mark.parametrize("full", ["--alerts", "--windows"])
def test_a_replay_names_the_file(replay: Sequence[str | Path], full: str, tmp_path: Path) -> None:
    files = {"--alerts": tmp_path / "alerts.jsonl", "--windows": tmp_path / "windows.jsonl"} | {full: FULL}
    code, told = firewatch(*replay, *(part for option in files.items() for part in option))
    if full == "--alerts" and "alerts 0;" in told:  # nothing to write, nothing refused
        assert code == 0
        return
    assert code == OutputError.exit_code
    assert f"firewatch: {FULL} {REASON}" in told
    assert "Traceback" not in told


def test_standard_output_may_be_full_too() -> None:
    code, told = firewatch("schema", "alert", stdout=FULL)
    assert code == OutputError.exit_code
    assert REASON in told
    assert "Traceback" not in told


def test_what_is_refused_comes_out_at_the_end_at_the_latest() -> None:
    file = open_output(FULL)
    file.write(b"x")
    with pytest.raises(OutputError, match=f"{FULL} {REASON}"):
        file.flush()
    with pytest.raises(OutputError):
        file.close()


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        open_output(tmp_path / "missing" / "out.jsonl")


def test_an_output_can_be_read_again(tmp_path: Path) -> None:
    with open_output(tmp_path / "out.jsonl") as file:
        file.write(b"one\ntwo\n")
        file.seek(0)
        assert list(file) == [b"one\n", b"two\n"]


WAITS = """
import os
import signal, sys, time
from streams.runtime.files import temporary_directory
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
with temporary_directory("firewatch-test-") as directory:
    (directory / "file").write_text("x")
    print(directory, flush=True)
    for _ in range(600):
        time.sleep(0.1)
"""


def waiting_process(hangup: str = "SIG_DFL") -> tuple[subprocess.Popen[bytes], Path]:
    process = subprocess.Popen([sys.executable, "-c", WAITS, hangup], stdout=subprocess.PIPE)
    assert process.stdout is not None
    directory = Path(process.stdout.readline().decode().strip())
    assert (directory / "file").exists()
    return process, directory


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_temporary_directory_goes_with_the_process_that_a_signal_ends(how: signal.Signals) -> None:
    process, directory = waiting_process()
    with process:
        process.send_signal(how)
        assert process.wait(timeout=PATIENCE_SECONDS) == -how
    assert not directory.exists()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    process, directory = waiting_process(hangup="SIG_IGN")
    with process:
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        assert directory.exists()
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
    assert not directory.exists()


def test_signals_are_left_as_they_were_found() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    with temporary_directory("firewatch-test-") as directory:
        assert directory.is_dir()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_a_file_is_known_by_any_of_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").touch()
    (tmp_path / "symbolic").symlink_to("c.yaml")
    os.link("c.yaml", "hard")
    for name in ("symbolic", "hard", tmp_path / ".." / tmp_path.name / "c.yaml"):
        with pytest.raises(InputError, match="is read, so nothing can be written there"):
            ensure_distinct_paths([Path("c.yaml")], [Path(name)])


def test_devices_and_what_is_not_given_are_in_nobodys_way() -> None:
    ensure_distinct_paths([Path("/dev/null"), None], [Path("/dev/null"), Path("/dev/null"), None, None])
    ensure_distinct_paths([Path("-"), Path("c.yaml")], [Path("new.jsonl")])


def test_an_output_is_for_its_owner_alone(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("what was there before")
    old.chmod(0o644)
    before = os.umask(0)
    try:
        for path in (new, old):
            with open_output(path) as file:
                file.write(b"x")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (new, old)] == [0o600, 0o600]
    assert new.read_bytes() == old.read_bytes() == b"x"


def test_the_mode_of_a_device_stays() -> None:
    before = Path("/dev/null").stat().st_mode
    with open_output(Path("/dev/null")) as file:
        file.write(b"x")
    assert Path("/dev/null").stat().st_mode == before
