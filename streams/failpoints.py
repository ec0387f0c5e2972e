"""Named places where a process kills itself, so that a test can crash it exactly there.

The environment variable ``FIREWATCH_FAILPOINT=detect.state_saved:3`` arms one: the third time the place is reached,
the process sends itself SIGKILL, as if the machine had died. Without the variable a failpoint is one comparison. Each
stands at a batch or a rarer event, none at a post.
"""

from __future__ import annotations

import os
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
    """Between which two steps a crash can be staged."""

    INGEST_ACKNOWLEDGED = "ingest.acknowledged"
    """The broker has the posts, the cursor does not say so."""
    SCORE_WRITTEN = "score.written"
    """The broker has the mentions and the progress, the offset is not committed."""
    DETECT_ALERT_SENT = "detect.alert_sent"
    """The broker has an alert, the state does not know of it."""
    DETECT_STATE_SAVED = "detect.state_saved"
    """The broker has the state, the worker's own table and the offset are those of before."""
    DETECT_UNACKNOWLEDGED = "detect.unacknowledged"
    """State and table are new, no record of the batch is acknowledged."""
    DETECT_UNCOMMITTED = "detect.uncommitted"
    """The batch is acknowledged, but its offset is not committed."""
    TRAIN_PUBLISHED = "train.published"
    """The broker has the model, the offset of its labels is not committed."""


class _Armed:
    """Which one, and how often it may still be passed."""

    def __init__(self) -> None:
        self.point: Failpoint | None = None
        self.passes = 0


_armed: Final = _Armed()


def arm(environment: Mapping[str, str]) -> None:
    """Read the variable; workers do so when they start.

    Raises
    ------
    ConfigError
        If it names no failpoint, or its number is none.
    """
    setting = environment.get(VARIABLE)
    if not setting:
        return
    name, _, count = setting.partition(":")
    try:
        point, nth = Failpoint(name), int(count or 1)
    except ValueError:
        raise ConfigError(
            [f"{VARIABLE}={setting}: must be name or name:n with one of {', '.join(Failpoint)}"]
        ) from None
    _armed.point, _armed.passes = point, nth - 1
    log.warning("armed to crash", failpoint=name, nth=nth)


def reached(point: Failpoint) -> None:
    """Kill this process if the failpoint is armed and due."""
    if point is not _armed.point:
        return
    if _armed.passes:
        _armed.passes -= 1
        return
    os.kill(os.getpid(), signal.SIGKILL)
