"""Evidence from the kernel that the machine kept a process from running: a worker's own claim is no proof.

A worker whose threads all wait for one of its own, as for a lock that a slow computation holds, sees the same as one
that is starved; but the kernel counts only the latter as waiting for a processor.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

SAMPLE_SECONDS: Final = 0.25
KEPT_SECONDS: Final = 90.0
PROVEN_SHARE: Final = 0.5
"""Share of the time for which a worker claims to have been suspended that the kernel must confirm."""


class Starvation:
    """Notes how long threads of processes wait for a processor, and how long this process is kept from noting."""

    def __init__(self) -> None:
        self._samples: dict[int, deque[tuple[float, dict[str, float]]]] = {}
        self._own: deque[float] = deque(maxlen=round(KEPT_SECONDS / SAMPLE_SECONDS))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="starvation", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()

    def observe(self, pid: int) -> None:
        """Take samples of a process until it ends."""
        self._samples[pid] = deque(maxlen=round(KEPT_SECONDS / SAMPLE_SECONDS))

    def longest(self, pid: int, seconds: float) -> float:
        """Return the longest wait of one thread for a processor within so many seconds, or of the whole machine."""
        waits = [later - earlier for earlier, later in pairwise([*self._own])]
        samples = list(self._samples[pid])
        for index, (at, before) in enumerate(samples):
            for later, after in samples[index + 1 :]:
                waits += [after[task] - before[task] for task in before.keys() & after.keys()]
                if later - at > seconds:
                    break
        return max(waits, default=0.0)

    def confirms(self, pid: int, seconds: float) -> bool:
        """Return whether a process that claims to have been suspended for so long was kept from running."""
        return self.longest(pid, seconds) >= PROVEN_SHARE * seconds

    def _run(self) -> None:
        while not self._closing.wait(SAMPLE_SECONDS):
            now = time.monotonic()
            self._own.append(now)
            for pid, samples in list(self._samples.items()):
                if waits := _waits(pid):
                    samples.append((now, waits))


def _waits(pid: int) -> dict[str, float]:
    """Seconds that each thread has ever been ready to run without running, by its id."""
    found = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            told = (task / "schedstat").read_text(encoding="ascii").split()
        except OSError:  # it has ended meanwhile
            continue
        found[task.name] = int(told[1]) / 1e9
    return found
