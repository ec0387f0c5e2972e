"""Process pools whose processes end when the process that opened the pool does, however it ends."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

CONTEXT: Final = get_context("spawn")
"""The multiprocessing context of the pools; create shared queues and events from it."""


def process_pool(workers: int, begin: Callable[..., object], *arguments: Any) -> ProcessPoolExecutor:
    """Open a process pool, to be closed by ``with``.

    A pool of the standard library is closed by the process that opened it. If that is killed, by SIGTERM for instance,
    the processes of the pool would wait for work for ever; those of this pool end within moments.

    Parameters
    ----------
    workers
        How many processes there are at most.
    begin, arguments
        Called in each of them before anything else.
    """
    return ProcessPoolExecutor(workers, CONTEXT, _start, (begin, *arguments))


def _start(begin: Callable[..., object], *arguments: Any) -> None:
    Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    begin(*arguments)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
