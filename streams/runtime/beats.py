"""Beats by which the supervisor notices that a worker does not run: it is stopped (SIGSTOP), frozen or starved.

A thread of the worker writes a byte into a pipe every second. The worker's own guard (`streams.runtime.health`) notices
an event loop that hangs, but it is stopped along with the rest of the process.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "FIREWATCH_BEATS"
"""Environment variable with the number of the file descriptor that the supervisor reads."""

BEAT_SECONDS: Final = 1.0

STARTING_LIMITS: Final = 4


def start(environment: Mapping[str, str]) -> None:
    """Beat from a thread until the process ends, if a supervisor listens.

    Raises
    ------
    ConfigError
        If the environment variable is no number.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return
    if not text.isascii() or not text.isdecimal():
        raise ConfigError([f"environment variable {VARIABLE}: must be a file descriptor, got {text!r}"])
    threading.Thread(target=_beat, args=(int(text),), name="beats", daemon=True).start()


def _beat(descriptor: int) -> None:
    with suppress(OSError):  # the supervisor is gone
        os.set_blocking(descriptor, False)
        while True:
            with suppress(BlockingIOError):  # the supervisor itself is stopped: the pipe is full
                os.write(descriptor, b".")
            time.sleep(BEAT_SECONDS)


class Pulse:
    """The time since a worker was last seen to run.

    Parameters
    ----------
    now
        Monotonic seconds at which its process was started.
    limit_seconds
        Silence after which the worker counts as unresponsive. Before its first beat, while it loads its libraries, it
        may be silent `STARTING_LIMITS` times as long.
    """

    def __init__(self, now: float, limit_seconds: float) -> None:
        self._limit_seconds = STARTING_LIMITS * limit_seconds
        self._after_a_beat = limit_seconds
        self._last_beat = self._checked = now

    def beat(self, now: float) -> None:
        """Note a beat."""
        self._last_beat = now
        self._limit_seconds = self._after_a_beat

    def check(self, now: float) -> Literal["runs", "silent", "unresponsive"]:
        """Return whether the worker runs, has been silent for a third of the limit, or for longer than the limit.

        A supervisor that was stopped itself could not see the beats, so that it counts from the beginning.
        """
        notice_seconds = self._limit_seconds / 3
        if now - self._checked > notice_seconds:
            self._last_beat = now
        self._checked = now
        silence = self.silence(now)
        if silence > self._limit_seconds:
            return "unresponsive"
        return "silent" if silence > notice_seconds else "runs"

    def silence(self, now: float) -> float:
        """Return the seconds since the last beat."""
        return now - self._last_beat
