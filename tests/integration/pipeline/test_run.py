"""The supervisor with real processes: restarts, giving up, ending all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import structlog

from streams.errors import BrokerUnreachable, ConfigError, WorkerFailed
from streams.runtime.restarts import REASONS, to_text
from streams.workers import supervisor as run
from streams.workers.supervisor import Command, Hangups, supervise
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from streams.runtime.restarts import RestartReason

ENDLESS = "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.05)"


class Lines(list[tuple[str, str]]):
    def __call__(self, name: str, line: str) -> None:
        self.append((name, line))

    async def wait_for(self, name: str, line: str, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.count((name, line)) < times:  # noqa: ASYNC110  lines come from a callback
                await asyncio.sleep(0.02)


def python(name: str, code: str, *arguments: str, finite: bool = False) -> Command:
    return Command(name, (sys.executable, "-c", code, *arguments), finite=finite)


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pids: list[int]) -> bool:
    end = time.monotonic() + PATIENCE_SECONDS
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(run, "LAST_DELAY_SECONDS", 0.1)


async def test_a_crashed_worker_is_restarted(tmp_path: Path) -> None:
    code = (
        f"import pathlib, sys\np = pathlib.Path(sys.argv[1])\nif not p.exists():\n  p.touch()\n  sys.exit(9)\n{ENDLESS}"
    )
    lines, stop = Lines(), asyncio.Event()
    supervising = asyncio.create_task(supervise([python("detect", code, str(tmp_path / "seen"))], stop, lines))
    await lines.wait_for("detect", "up")
    stop.set()
    await supervising


@pytest.mark.parametrize(("code", "reason"), [(9, "failed"), (BrokerUnreachable.exit_code, "outage")])
async def test_a_worker_is_told_how_often_it_was_restarted_and_why(code: int, reason: str) -> None:
    program = f"import os, sys\nprint(os.environ['FIREWATCH_RESTARTS'], flush=True)\nsys.exit({code})"
    lines, stop = Lines(), asyncio.Event()
    supervising = asyncio.create_task(supervise([python("score", program)], stop, lines))
    counts = [to_text(dict.fromkeys(REASONS, 0) | {cast("RestartReason", reason): count}) for count in range(3)]
    await lines.wait_for("score", counts[2])
    stop.set()
    await supervising
    assert lines[:3] == [("score", count) for count in counts]


BEATING = (
    "import os\nfrom streams.runtime import beats\nbeats.start(os.environ)\n"
    f"print(os.environ['FIREWATCH_RESTARTS'], flush=True)\nprint(os.getpid(), flush=True)\n{ENDLESS}"
)


async def test_a_worker_that_is_stopped_is_noticed_killed_and_restarted() -> None:
    """SIGSTOP ends nothing, and a stopped process keeps its port and its partitions."""
    lines, stop = Lines(), asyncio.Event()
    command = replace(python("detect", BEATING), unresponsive_seconds=15)  # it warns after a third of them
    with structlog.testing.capture_logs() as logged:
        supervising = asyncio.create_task(supervise([command], stop, lines))
        await lines.wait_for("detect", "up")
        stopped = int(lines[1][1])
        os.kill(stopped, signal.SIGSTOP)
        await lines.wait_for("detect", "up", times=2)
        stop.set()
        await supervising
    assert ("detect", "failed=0,outage=0,unresponsive=1") in lines
    assert not is_running(stopped)
    about = [each for each in logged if each.get("pid") == stopped or each.get("reason") == "unresponsive"]
    assert [(each["log_level"], each["event"]) for each in about] == [
        ("info", "worker started"),
        ("warning", "worker does not respond"),
        ("error", "worker does not respond; killing it"),
        ("warning", "worker ended, it will be restarted"),
    ]


async def test_a_worker_that_runs_again_in_time_is_left_alone() -> None:
    lines, stop = Lines(), asyncio.Event()
    command = replace(python("detect", BEATING), unresponsive_seconds=30)
    with structlog.testing.capture_logs() as logged:

        async def heard(event: str) -> None:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while all(each["event"] != event for each in logged):  # noqa: ASYNC110  logged by other tasks
                    await asyncio.sleep(0.02)

        supervising = asyncio.create_task(supervise([command], stop, lines))
        await lines.wait_for("detect", "up")
        pid = int(lines[1][1])
        os.kill(pid, signal.SIGSTOP)
        await heard("worker does not respond")
        os.kill(pid, signal.SIGCONT)
        await heard("worker responds again")
        assert is_running(pid)
        stop.set()
        await supervising
    assert lines.count(("detect", "up")) == 1


async def test_a_stopped_worker_ends_with_the_others() -> None:
    lines, stop = Lines(), asyncio.Event()
    supervising = asyncio.create_task(supervise([python("detect", BEATING)], stop, lines))
    await lines.wait_for("detect", "up")
    pid = int(lines[1][1])
    os.kill(pid, signal.SIGSTOP)
    stop.set()
    await asyncio.wait_for(supervising, run.STOP_SECONDS / 2)
    assert not is_running(pid)


async def test_a_killed_worker_is_restarted() -> None:
    lines, stop = Lines(), asyncio.Event()
    code = f"import os\nprint(os.getpid(), flush=True)\n{ENDLESS}"
    supervising = asyncio.create_task(supervise([python("score", code)], stop, lines))
    await lines.wait_for("score", "up")
    os.kill(int(lines[0][1]), signal.SIGKILL)
    await lines.wait_for("score", "up", times=2)
    stop.set()
    await supervising


@pytest.mark.parametrize("passing", sorted(run.PASSING))
async def test_an_outage_of_kafka_and_a_failing_detector_are_not_given_up_on(passing: int, tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\np = pathlib.Path(sys.argv[1])\nlives = len(p.read_text()) if p.exists() else 0\n"
        f"if lives < {2 * run.CRASHES}:\n  p.write_text('x' * (lives + 1))\n  sys.exit({passing})\n{ENDLESS}"
    )
    lines, stop = Lines(), asyncio.Event()
    supervising = asyncio.create_task(supervise([python("detect", code, str(tmp_path / "lives"))], stop, lines))
    await lines.wait_for("detect", "up")
    stop.set()
    await supervising


async def test_it_gives_up_on_a_worker_that_keeps_crashing_and_ends_the_others() -> None:
    lines = Lines()
    commands = [
        python("detect", "import sys\nprint('no disk left', flush=True)\nsys.exit(9)"),
        python("score", f"import os\nprint(os.getpid(), flush=True)\n{ENDLESS}"),
    ]
    with pytest.raises(WorkerFailed, match=r"detect ended 5 times within \d+ s, last with exit code 9: no disk left"):
        await supervise(commands, asyncio.Event(), lines)
    assert lines.count(("detect", "no disk left")) == run.CRASHES
    others = [int(line) for name, line in lines if name == "score" and line.isdecimal()]
    assert others
    assert wait_until_gone(others)


OTHER_DEADLINE = """
import asyncio
from streams.config import KafkaSettings
from streams.kafka.clients import answered_within

async def work():
    async with answered_within(KafkaSettings(), "reading"), asyncio.timeout(0.01):
        await asyncio.sleep(60)

asyncio.run(work())
"""


async def test_a_worker_with_a_deadline_that_is_not_kafkas_is_given_up_on() -> None:
    with pytest.raises(WorkerFailed, match=rf"late ended {run.CRASHES} times .* exit code 1: TimeoutError"):
        await supervise([python("late", OTHER_DEADLINE)], asyncio.Event(), Lines())


async def test_no_restart_where_none_can_help() -> None:
    lines = Lines()
    code = f"import sys\nprint('brands: is required', flush=True)\nsys.exit({ConfigError.exit_code})"
    with pytest.raises(WorkerFailed, match="score ended with exit code 2: brands: is required"):
        await supervise([python("score", code)], asyncio.Event(), lines)
    assert len(lines) == 1


async def test_a_config_that_broke_while_workers_ran_is_waited_for(tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    code = (
        f"import pathlib, sys\np = pathlib.Path({str(lives)!r})\nlives = len(p.read_text()) if p.exists() else 0\n"
        f"p.write_text('x' * (lives + 1))\nif lives == 0: sys.exit(9)\nif lives < 8: sys.exit(2)\n{ENDLESS}"
    )
    stop, lines = asyncio.Event(), Lines()
    supervising = asyncio.create_task(supervise([python("detect", code)], stop, lines))
    await lines.wait_for("detect", "up")
    stop.set()
    await supervising
    assert len(lives.read_text()) == 9


async def test_an_ingest_that_is_done_is_not_started_again() -> None:
    lines, stop = Lines(), asyncio.Event()
    commands = [python("ingest", "print('all read')", finite=True), python("score", ENDLESS)]
    supervising = asyncio.create_task(supervise(commands, stop, lines))
    await lines.wait_for("ingest", "all read")
    await lines.wait_for("score", "up")
    await asyncio.sleep(0.2)
    stop.set()
    await supervising
    assert lines.count(("ingest", "all read")) == 1


async def test_stopping_lets_a_worker_finish() -> None:
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n  time.sleep(0.2); print('drained', flush=True); sys.exit(0)\n"
        f"signal.signal(signal.SIGTERM, end)\n{ENDLESS}"
    )
    lines, stop = Lines(), asyncio.Event()
    supervising = asyncio.create_task(supervise([python("detect", code)], stop, lines))
    await lines.wait_for("detect", "up")
    stop.set()
    await supervising
    assert lines[-1] == ("detect", "drained")


async def test_a_worker_that_does_not_end_is_killed_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STOP_SECONDS", 0.3)
    code = (
        "import os, signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3_600)'])\n"
        f"print(os.getpid(), child.pid, flush=True)\n{ENDLESS}"
    )
    lines, stop = Lines(), asyncio.Event()
    supervising = asyncio.create_task(supervise([python("detect", code)], stop, lines))
    await lines.wait_for("detect", "up")
    stop.set()
    await supervising
    assert wait_until_gone([int(pid) for pid in lines[0][1].split()])


async def test_long_lines_are_relayed_in_pieces() -> None:
    lines, stop = Lines(), asyncio.Event()
    code = "import sys\nsys.stdout.write('x' * 1_000_000)\nsys.stderr.write('\\nend without a line break')"
    supervising = asyncio.create_task(supervise([python("ingest", code, finite=True)], stop, lines))
    await lines.wait_for("ingest", "end without a line break")
    stop.set()
    await supervising
    assert sum(line.count("x") for _, line in lines) == 1_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_workers_end_when_the_supervisor_is_killed() -> None:
    code = (
        "import asyncio, sys\n"
        "from streams.workers.supervisor import Command, print_line, supervise\n"
        "worker = Command('score', (sys.executable, '-c', sys.argv[1]))\n"
        "asyncio.run(supervise([worker, worker], asyncio.Event(), print_line))"
    )
    worker = f"import os\nprint(os.getpid(), flush=True)\n{ENDLESS}"
    with subprocess.Popen([sys.executable, "-c", code, worker], stderr=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stderr is not None
        pids: list[int] = []
        try:
            while len(pids) < 2:
                last_word = supervisor.stderr.readline().split()[-1]
                if last_word.isdecimal():
                    pids.append(int(last_word))
            assert all(is_running(pid) for pid in pids)
        finally:
            supervisor.kill()
        supervisor.wait()
        assert wait_until_gone(pids)


async def test_a_hangup_is_handed_to_the_workers_that_read_their_config_again() -> None:
    code = (
        "import signal\nsignal.signal(signal.SIGHUP, lambda *_: print('read again', flush=True))\n"
        "print('ready', flush=True)\nwhile True: signal.pause()"
    )
    stop, lines, hangups = asyncio.Event(), Lines(), Hangups()
    commands = [python(name, code) for name in ("score", "detect", "train")]
    supervising = asyncio.create_task(supervise(commands, stop, lines, hangups))
    for name in ("score", "detect", "train"):
        await lines.wait_for(name, "ready")
    hangups.forward()
    await lines.wait_for("score", "read again")
    await lines.wait_for("detect", "read again")
    stop.set()
    await supervising
    assert ("train", "read again") not in lines
