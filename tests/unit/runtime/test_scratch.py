"""A scratch folder is gone afterwards, however its process ends short of kill -9."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.runtime.scratch import scratch

WAITS = """
import signal, sys, time
from streams.runtime.scratch import scratch
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
with scratch("firewatch-test-") as folder:
    (folder / "file").write_text("x")
    print(folder, flush=True)
    for _ in range(600):
        time.sleep(0.1)
"""


def begun(hangup: str = "SIG_DFL") -> tuple[subprocess.Popen[bytes], Path]:
    process = subprocess.Popen([sys.executable, "-c", WAITS, hangup], stdout=subprocess.PIPE)
    assert process.stdout is not None
    folder = Path(process.stdout.readline().decode().strip())
    assert (folder / "file").exists()
    return process, folder


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_it_goes_with_the_process_that_a_signal_ends(how: signal.Signals) -> None:
    process, folder = begun()
    with process:
        process.send_signal(how)
        assert process.wait(timeout=20) == -how
    assert not folder.exists()


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    process, folder = begun(hangup="SIG_IGN")
    with process:
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        assert folder.exists()
        process.terminate()
        process.wait(timeout=20)
    assert not folder.exists()


def test_signals_are_left_as_they_were_found() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]
    with scratch("firewatch-test-") as folder:
        assert folder.is_dir()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before
