"""The supervisor of all workers on one machine: it starts, restarts and ends one process for each."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final

import structlog

from streams.errors import BrokerUnreachable, ConfigError, DetectorFailed, InputError, PortTaken, WorkerFailed
from streams.runtime.logs import FORMAT_VARIABLE
from streams.runtime.metrics import RESTARTS_VARIABLE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

CRASHES: Final = 5
CRASHES_WITHIN_SECONDS: Final = 120
"""A worker that ends `CRASHES` times within this time is not restarted any more; ends of `PASSING` do not count."""

FIRST_DELAY_SECONDS: Final = 0.5
LAST_DELAY_SECONDS: Final = 15.0
"""Delays before a restart: each is twice as long as the one before, from the first up to the last."""

STOP_SECONDS: Final = 30
"""Time that a worker gets to finish its work in flight; detect itself aborts earlier."""

HOPELESS: Final = frozenset({ConfigError.exit_code, InputError.exit_code, PortTaken.exit_code})
"""Exit codes that no restart changes."""

PASSING: Final = frozenset({BrokerUnreachable.exit_code, DetectorFailed.exit_code})
"""Exit codes that are not counted: an outage of Kafka ends without the worker, and a detector that keeps raising is
quarantined (`streams.core.detect.quarantine`)."""

_PR_SET_PDEATHSIG: Final = 1

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Command:
    """The command of a worker.

    Parameters
    ----------
    name
        Printed before each of its lines.
    arguments
        Program and arguments.
    finite
        Whether exit code 0 means that it is done, as for an ingest of a file.
    """

    name: str
    arguments: tuple[str, ...]
    finite: bool = False


RELOADING: Final = frozenset({"score", "detect"})
"""Workers that reload their config on SIGHUP; it ends the others."""


class Hangups:
    """Forwards SIGHUP to the workers that reload their config."""

    def __init__(self) -> None:
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    def note(self, name: str, process: asyncio.subprocess.Process) -> None:
        """Note the process of a worker that has been started."""
        if name in RELOADING:
            self._processes[name] = process

    def forward(self) -> None:
        """Send SIGHUP to all workers that run and reload."""
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGHUP)


def worker_command(name: str, config_path: Path, *arguments: str) -> Command:
    """Return the command that runs ``firewatch NAME``."""
    program = (sys.executable, "-m", "streams.cli", name, "--config", str(config_path))
    return Command(name, (*program, *arguments), finite=name == "ingest")


def print_line(name: str, line: str) -> None:
    """Write a line of a worker to stderr."""
    print(f"{name:<7}| {line}", file=sys.stderr, flush=True)


async def run(
    config_path: Path,
    workers: Sequence[str],
    stop: asyncio.Event,
    *,
    ingest: Sequence[str] = (),
    emit: Callable[[str, str], None] = print_line,
    hangups: Hangups | None = None,
) -> None:
    """Run workers until `stop` is set.

    Parameters
    ----------
    config_path
        The YAML file.
    workers
        ``score``, ``detect``, ...
    ingest
        Arguments of an ingest to run as well; none by default.
    emit
        Called with the worker's name and each line that it prints.
    hangups
        Gets the processes of the workers, to forward SIGHUP to them.

    Raises
    ------
    WorkerFailed
        If a worker can't be kept running; the others have been ended by then.
    """
    commands = [worker_command(name, config_path) for name in workers]
    if ingest:
        commands.append(worker_command("ingest", config_path, *ingest))
    await supervise(commands, stop, emit, hangups)


async def supervise(
    commands: Sequence[Command], stop: asyncio.Event, emit: Callable[[str, str], None], hangups: Hangups | None = None
) -> None:
    """Keep all commands running until `stop` is set or one can't be kept running; then end them all.

    Raises
    ------
    WorkerFailed
        With the name of the worker, how often it ended, and its last line.
    """
    hangups = hangups or Hangups()
    stopping = asyncio.create_task(stop.wait())
    keepers = [asyncio.create_task(_keep(command, emit, hangups), name=command.name) for command in commands]
    pending: set[asyncio.Task[object]] = {stopping, *keepers}
    try:
        while stopping in pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in (stopping, *keepers):
            task.cancel()
        await asyncio.gather(stopping, *keepers, return_exceptions=True)


async def _keep(command: Command, emit: Callable[[str, str], None], hangups: Hangups) -> None:
    ends: deque[float] = deque(maxlen=CRASHES)
    last_end = 0.0
    delay = FIRST_DELAY_SECONDS
    for restarts in count():
        process = _Process(command, emit, hangups, restarts)
        code = await process.run()
        if code == 0 and command.finite:
            log.info("worker is done", of=command.name)
            return
        config_broke = restarts > 0 and code == ConfigError.exit_code  # the others keep the last good one
        if code in HOPELESS and not config_broke:
            raise WorkerFailed(f"{command.name} ended with exit code {code}: {process.last_line}")
        now = time.monotonic()
        if now - last_end > CRASHES_WITHIN_SECONDS:
            delay = FIRST_DELAY_SECONDS
        last_end = now
        if code not in PASSING and not config_broke:
            ends.append(now)
        if len(ends) == CRASHES and now - ends[0] <= CRASHES_WITHIN_SECONDS:
            raise WorkerFailed(
                f"{command.name} ended {CRASHES} times within {now - ends[0]:.0f} s, last with {_outcome(code)}: "
                f"{process.last_line}"
            )
        log.warning("worker ended, it will be restarted", of=command.name, outcome=_outcome(code), delay_seconds=delay)
        await asyncio.sleep(delay)
        delay = min(2 * delay, LAST_DELAY_SECONDS)


class _Process:
    """One process of a worker."""

    def __init__(self, command: Command, emit: Callable[[str, str], None], hangups: Hangups, restarts: int) -> None:
        self._command = command
        self._hangups = hangups
        self._emit = emit
        self._restarts = restarts
        self.last_line = "it printed nothing"

    async def run(self) -> int:
        """Start the process and return its exit code; end it when cancelled."""
        log_format = "console" if sys.stderr.isatty() else "json"
        process = await asyncio.create_subprocess_exec(
            *self._command.arguments,
            stdin=None if self._command.finite else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                FORMAT_VARIABLE: log_format,
                **os.environ,
                RESTARTS_VARIABLE: str(self._restarts),
                "PYTHONUNBUFFERED": "1",
            },
            process_group=0,
            preexec_fn=_EndWithParent() if sys.platform == "linux" else None,
        )
        self._hangups.note(self._command.name, process)
        log.info("worker started", of=self._command.name, pid=process.pid)
        relay = asyncio.create_task(self._relay(process))
        try:
            await process.wait()
        finally:
            await _end(process)
            await relay
        return await process.wait()

    async def _relay(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            async for line in _lines(process.stdout):
                self.last_line = line
                self._emit(self._command.name, line)


class _EndWithParent:
    """Run in the child before it becomes the worker: however the supervisor dies, the worker gets SIGTERM."""

    def __init__(self) -> None:
        self._prctl = ctypes.CDLL(None, use_errno=True).prctl
        self._parent = os.getpid()

    def __call__(self) -> None:
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != self._parent:
            os._exit(1)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Terminate the process; kill it, with its children, if it does not end."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)  # `timeout` fails a task that is cancelled before 3.11.3
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield lines of any length, in pieces if they are longer than a read."""
    rest = b""
    while chunk := await stream.read(65_536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace")
        if len(rest) >= 65_536:
            yield rest.decode(errors="replace")
            rest = b""
    if rest:
        yield rest.decode(errors="replace")


def _outcome(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
