"""Processor time of calls, for tests that bound what an input may cost."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def thread_seconds(work: Callable[[], object]) -> float:
    """Return the processor time that this thread takes for a call.

    Other threads do not count, nor does the collection of garbage: it visits all objects of the tests before.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        started = time.thread_time()
        work()
        return time.thread_time() - started
    finally:
        if was_enabled:
            gc.enable()
