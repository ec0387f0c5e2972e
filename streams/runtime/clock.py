"""This machine's clock. The functional core does not know it: it is told what time it is."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Milliseconds since the epoch (UTC)."""
    return time.time_ns() // 1_000_000
