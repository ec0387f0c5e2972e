"""The clock of this machine. The functional core never reads it; callers pass the time in."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Return milliseconds since the epoch (UTC)."""
    return time.time_ns() // 1_000_000
