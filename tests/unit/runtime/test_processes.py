"""Processes of a pool end with the one that opened it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter

import pytest

from streams.runtime.processes import ProcessPool
from tests.support.patience import PATIENCE_SECONDS

OPENS = """
import os, time
from streams.runtime.processes import ProcessPool
if __name__ == "__main__":
    with ProcessPool(2, os.getpid) as pool:
        print(pool.submit(int).result(), flush=True)
        pool.submit(time.sleep).result()  # as many seconds as the process has for an id
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_they_end_when_the_one_that_opened_them_is_killed(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OPENS], stdout=subprocess.PIPE) as opener:
        assert opener.stdout is not None
        assert int(opener.stdout.readline()) != opener.pid
        opener.send_signal(how)
        opener.communicate(timeout=PATIENCE_SECONDS)  # ends when nobody holds the pipe any more
        assert opener.returncode == -how


def test_the_state_is_built_from_the_arguments_once_and_handed_to_every_call() -> None:
    pool: ProcessPool[Counter[str]] = ProcessPool(1, Counter, "aab")
    with pool:
        assert pool.submit(Counter.total).result() == 3
        pool.submit(Counter.update, "b").result()
        assert pool.submit(Counter.most_common, n=2).result() == [("a", 2), ("b", 2)]


def test_what_a_call_raises_reaches_the_caller() -> None:
    pool: ProcessPool[list[str]] = ProcessPool(1, list, "ab")
    with pool, pytest.raises(IndexError):
        pool.submit(list.__getitem__, 2).result()
