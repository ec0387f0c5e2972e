"""How long tests wait for others: processes, threads, brokers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS: Final = 120.0
"""Longest wait for what an idle machine does within seconds; a busy one may take its time.

A wait ends when the awaited has happened, so that patience costs time only where a test fails.
"""


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS, what: object = "") -> None:
    """Ask again and again until the answer is yes; fail with `what` is missing if it never is.

    An error of the operating system is a no: a server, say, does not listen yet.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail(f"not so within {seconds} s: {what}")


async def until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition holds, and let other tasks go on."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  of many conditions none is an event
            await asyncio.sleep(0.005)
