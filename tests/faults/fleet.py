"""Workers as processes that a test kills, stops and restarts.

A worker that ends without a request, or in another way than requested, is recorded as a death. It is restarted all the
same, so that the test ends with a verdict on its work. The claim of a detect worker that it was suspended counts where
the kernel confirms it.
"""

from __future__ import annotations

import asyncio
import re
import signal
import time
from typing import TYPE_CHECKING, Final

from streams.errors import WorkerFailed
from streams.runtime.failpoints import VARIABLE
from tests.faults.starvation import Starvation
from tests.support.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RESTART_SECONDS: Final = 0.5
STARVED: Final = re.compile(r"the process was stalled for (\d+) s")
KILLED: Final = frozenset({-signal.SIGKILL})
STOPPED: Final = frozenset({0, -signal.SIGTERM})
"""In good order, or before anything was in flight."""
STOP_SECONDS: Final = 30.0
"""Longest time that a worker may take to end on SIGTERM."""


class Member:
    """One place in the fleet: its worker is replaced whenever it ends.

    Attributes
    ----------
    worker
        The process of now; None until the first one runs.
    lives
        Processes started so far.
    gone
        Whether it left, or was told to.
    done
        Whether it ended by itself with exit code 0, which only an ingest may.
    """

    def __init__(self, fleet: Fleet, name: str, arguments: Sequence[str], failpoints: Sequence[str] = ()) -> None:
        self.name = name
        self.lives = 0
        self.done = False
        self.worker: Worker | None = None
        self._fleet = fleet
        self._arguments = arguments
        self._failpoints = list(failpoints)
        self._meant: frozenset[int] = frozenset()
        self.gone = False
        self.keeping = asyncio.create_task(self._keep())

    async def _keep(self) -> None:
        while not self.gone:
            environment = {VARIABLE: self._failpoints.pop(0)} if self._failpoints else None
            self._meant = KILLED if environment is not None else frozenset()
            self.worker = await Worker.start(
                self.name, self._fleet.config_path, self._arguments, environment, self._fleet.module
            )
            self._fleet.starvation.observe(self.worker.process.pid)
            self.lives += 1
            code = await self._ended(self.worker)
            if code == 0 and self.name == "ingest":
                self.done = True
                return
            if not self._may_end_with(code):
                self._note_end(code, self.worker)
            await asyncio.sleep(RESTART_SECONDS)

    def _may_end_with(self, code: int) -> bool:
        return code in self._meant or (self.gone and code in STOPPED)

    async def _ended(self, worker: Worker) -> int:
        try:
            return await worker.ended(None)
        finally:
            if worker.process.returncode is None:
                worker.process.kill()
            self._fleet.logs.append((self.name, worker.log))

    def _note_end(self, code: int, worker: Worker) -> None:
        claimed = STARVED.search(worker.log) if code == WorkerFailed.exit_code else None
        if claimed and self._fleet.starvation.confirms(worker.process.pid, float(claimed[1])):
            self._fleet.starved += 1
            return
        doubt = ""
        if claimed:
            waited = self._fleet.starvation.longest(worker.process.pid, float(claimed[1]))
            doubt = f" (the kernel knows of {waited:.1f} s)"
        self._fleet.deaths.append(f"{self.name} ended with {code}{doubt}: {worker.log[-2_000:]}")

    def plan(self, *failpoints: str) -> None:
        """Have its next processes die at failpoints, each at one."""
        self._failpoints += failpoints

    def signal(self, number: int) -> None:
        """Send a signal to the process of now."""
        if self.worker is not None and self.worker.process.returncode is None:
            self.worker.process.send_signal(number)

    def condemn(self, *codes: int) -> None:
        """The end of its process of now is meant, with one of these exit codes."""
        self._meant = frozenset(codes)

    async def kill(self) -> None:
        """Kill -9, and wait until the next process has been started."""
        await self._replace(signal.SIGKILL, KILLED)

    async def restart(self) -> None:
        """Ask it to end, and wait until the next process has been started."""
        started = time.monotonic()
        await self._replace(signal.SIGTERM, STOPPED)
        self._fleet.note_stop(self, time.monotonic() - started - RESTART_SECONDS)

    async def _replace(self, number: int, codes: frozenset[int]) -> None:
        if self.done:
            return
        life = self.lives
        self.condemn(*codes)
        self.signal(number)
        await self.reborn(life)

    async def reborn(self, life: int, seconds: float = 60) -> None:
        """Wait until a process after the `life`-th runs."""
        async with asyncio.timeout(seconds):
            while self.lives <= life and not self.done:  # noqa: ASYNC110  `_keep` sets no event
                await asyncio.sleep(0.02)

    async def leave(self) -> None:
        """SIGTERM, for good."""
        self.gone = True
        started = time.monotonic()
        self.signal(signal.SIGTERM)
        done, _ = await asyncio.wait({self.keeping}, timeout=STOP_SECONDS + RESTART_SECONDS)
        self._fleet.note_stop(self, time.monotonic() - started - RESTART_SECONDS)
        if not done:
            await self.vanish()

    async def vanish(self) -> None:
        """Kill -9, for good."""
        self.gone = True
        self.signal(signal.SIGKILL)
        self.keeping.cancel()
        await asyncio.gather(self.keeping, return_exceptions=True)


class Fleet:
    """All workers of one test.

    Attributes
    ----------
    deaths
        What ended without having been told to.
    starved
        How many ended because the machine had not let them run for seconds, as they must.
    starvation
        What proves it.
    hangs
        What took longer than `STOP_SECONDS` to end on SIGTERM.
    slowest_stop
        Seconds the slowest took.
    logs
        Name and log of every process that has ended.
    """

    def __init__(self, config_path: Path, module: str = "streams.cli") -> None:
        self.config_path = config_path
        self.module = module
        self.members: list[Member] = []
        self.deaths: list[str] = []
        self.starved = 0
        self.starvation = Starvation()
        self.hangs: list[str] = []
        self.slowest_stop = 0.0
        self.logs: list[tuple[str, str]] = []

    def start(self, name: str, *arguments: str, failpoints: Sequence[str] = ()) -> Member:
        """Start ``firewatch NAME``; with failpoints, each of its first processes is meant to die at one of them."""
        member = Member(self, name, arguments, failpoints)
        self.members.append(member)
        return member

    def named(self, name: str) -> list[Member]:
        """All that run this worker."""
        return [member for member in self.members if member.name == name]

    def note_stop(self, member: Member, seconds: float) -> None:
        """Keep how long one took to end."""
        self.slowest_stop = max(self.slowest_stop, seconds)
        if seconds > STOP_SECONDS:
            self.hangs.append(f"{member.name} took {seconds:.0f} s to end on SIGTERM")

    async def leave(self) -> None:
        """SIGTERM to all."""
        await asyncio.gather(*[member.leave() for member in self.members])

    async def vanish(self) -> None:
        """Kill -9 to all that still run."""
        await asyncio.gather(*[member.vanish() for member in self.members])
