"""A process dies at the failpoint it was armed for, and at no other."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from streams.errors import ConfigError
from streams.runtime.failpoints import VARIABLE, Failpoint, arm, reached

PASSES = """
import os
from streams.runtime.failpoints import Failpoint, arm, reached
arm(os.environ)
for number in range(5):
    reached(Failpoint.SCORE_WRITTEN)
    print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("setting", "printed", "code"),
    [
        ("score.written", [], -signal.SIGKILL),
        ("score.written:3", ["0", "1"], -signal.SIGKILL),
        ("detect.state_saved", ["0", "1", "2", "3", "4"], 0),
        ("", ["0", "1", "2", "3", "4"], 0),
    ],
)
def test_it_dies_the_nth_time(setting: str, printed: list[str], code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PASSES], env={VARIABLE: setting}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stdout.split() if line.isdecimal()]) == (code, printed)


@pytest.mark.parametrize("setting", ["score.writen", "score.written:often", "score.written:0", "score.written:stop"])
def test_an_unknown_one_is_named(setting: str) -> None:
    with pytest.raises(ConfigError, match=f"{VARIABLE}={setting}: must be .*ingest.acknowledged"):
        arm({VARIABLE: setting})


def test_without_the_variable_no_signal_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda *sent: signals.append(sent))
    arm({})
    for point in Failpoint:
        reached(point)
    assert not signals
