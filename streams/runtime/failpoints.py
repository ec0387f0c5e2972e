"""Failpoints: named places where a process kills or suspends itself, so that tests can stage a crash exactly there.

The environment variable ``FIREWATCH_FAILPOINT=detect.state_saved:3`` arms one: the third time the place is reached,
the process sends itself SIGKILL, as if the machine had died; with ``:stop`` added SIGSTOP, as if it were suspended.
Without the variable a failpoint costs one comparison. They are reached once a batch or less often, never per post.
"""

from __future__ import annotations

import os
import re
import signal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "FIREWATCH_FAILPOINT"

log = structlog.get_logger()


class Failpoint(StrEnum):
    """The places, each between two steps of a worker."""

    INGEST_ACKNOWLEDGED = "ingest.acknowledged"
    """The broker has the posts, the cursor is not updated."""
    SCORE_WRITTEN = "score.written"
    """The broker has the mentions and the progress, the offset is not committed."""
    DETECT_RESTORING = "detect.taking_over"
    """Former owners of the partitions are shut out, part of the state is read."""
    DETECT_ALERT_SENT = "detect.alert_sent"
    """The broker has an alert, the state that includes it is not written."""
    DETECT_OWNERSHIP_CHECKED = "detect.ownership_checked"
    """The worker has checked that it still owns its partitions, nothing of the new state is written."""
    DETECT_STATE_SENT = "detect.state_sent"
    """The broker has the records of the new state of a partition, their transaction is open."""
    DETECT_STATE_SAVED = "detect.state_saved"
    """The broker has the new state, no record of the batch is acknowledged to Faust."""
    DETECT_UNCOMMITTED = "detect.uncommitted"
    """The batch is acknowledged, but its offset is not committed."""
    TRAIN_PUBLISHED = "train.published"
    """The broker has the model, the offset of its labels is not committed."""
    TRAIN_DEAD_LETTERS_SENT = "train.letters_sent"
    """The broker has the dead letters of models and the offset they reach to, their transaction is open."""


_SETTING: Final = re.compile(f"({'|'.join(map(re.escape, Failpoint))})(?::([1-9][0-9]*)(:stop)?)?")


class _Armed:
    """The armed failpoint, how often it is still passed without effect, and the signal."""

    def __init__(self) -> None:
        self.point: Failpoint | None = None
        self.passes = 0
        self.signal = signal.SIGKILL


_armed: Final = _Armed()


def arm(environment: Mapping[str, str]) -> None:
    """Arm the failpoint that the environment names; workers call this when they start.

    Raises
    ------
    ConfigError
        If it does not name a failpoint, or its number is not one.
    """
    setting = environment.get(VARIABLE)
    if not setting:
        return
    found = _SETTING.fullmatch(setting)
    if found is None:
        names = ", ".join(Failpoint)
        raise ConfigError([f"{VARIABLE}={setting}: must be name, name:n or name:n:stop with one of {names}"])
    name, nth, stop = found.groups()
    _armed.point = Failpoint(name)
    _armed.passes = int(nth or 1) - 1
    _armed.signal = signal.SIGSTOP if stop else signal.SIGKILL
    log.warning("armed to fail", failpoint=setting)


def reached(point: Failpoint) -> None:
    """Kill or stop this process if the failpoint is armed and due."""
    if point is not _armed.point:
        return
    if _armed.passes:
        _armed.passes -= 1
        return
    _armed.point = None
    log.warning("failing here", failpoint=point.value)
    os.kill(os.getpid(), _armed.signal)
