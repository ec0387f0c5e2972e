"""Processes of a pool end with the one that opened it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from streams.runtime.processes import process_pool

OPENS = """
import gc, os, time
from streams.runtime.processes import process_pool
if __name__ == "__main__":
    with process_pool(2, gc.enable) as others:
        print(others.submit(os.getpid).result(), flush=True)
        others.submit(time.sleep, 60).result()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_they_end_when_the_one_that_opened_them_is_killed(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OPENS], stdout=subprocess.PIPE) as opener:
        assert opener.stdout is not None
        assert int(opener.stdout.readline()) != opener.pid
        opener.send_signal(how)
        opener.communicate(timeout=20)  # ends when nobody holds the pipe any more
        assert opener.returncode == -how


def test_what_begins_in_each_of_them_gets_its_arguments() -> None:
    with process_pool(1, sys.setswitchinterval, 0.125) as others:
        assert others.submit(sys.getswitchinterval).result() == 0.125
    assert sys.getswitchinterval() != 0.125
