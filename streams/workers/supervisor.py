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
from streams.runtime import beats, logs, restarts

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

UNRESPONSIVE_SECONDS: Final = 60.0
"""Default of `liveness.unresponsive_seconds`."""

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
    unresponsive_seconds
        Time without a beat (`streams.runtime.beats`) after which it is killed and restarted; None if it does not beat.
    """

    name: str
    arguments: tuple[str, ...]
    finite: bool = False
    unresponsive_seconds: float | None = None


SOURCES: Final = "sources"
"""Name of the worker that reads the sources of the config."""

RELOADING: Final = ("score", "detect", SOURCES)
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


def worker_command(name: str, config_path: Path, unresponsive_seconds: float, *arguments: str) -> Command:
    """Return the command that runs ``firewatch NAME``, or ``firewatch ingest`` for all sources of the config."""
    command = ("ingest", "--source", "all") if name == SOURCES else (name,)
    program = (sys.executable, "-m", "streams.cli", *command, "--config", str(config_path))
    return Command(name, (*program, *arguments), name in {"ingest", SOURCES}, unresponsive_seconds)


def print_line(name: str, line: str) -> None:
    """Write a line of a worker to stderr: as JSON, or after the worker's name where people read it."""
    shown = logs.as_json(line, name) if logs.only_json() else f"{name:<7}| {line}"
    print(shown, file=sys.stderr, flush=True)


async def run(
    config_path: Path,
    workers: Sequence[str],
    stop: asyncio.Event,
    *,
    ingest: Sequence[str] = (),
    unresponsive_seconds: float = UNRESPONSIVE_SECONDS,
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
    unresponsive_seconds
        Time without a beat after which a worker is killed and restarted.
    emit
        Called with the worker's name and each line that it prints.
    hangups
        Gets the processes of the workers, to forward SIGHUP to them.

    Raises
    ------
    WorkerFailed
        If a worker can't be kept running; the others have been ended by then.
    """
    commands = [worker_command(name, config_path, unresponsive_seconds) for name in workers]
    if ingest:
        commands.append(worker_command("ingest", config_path, unresponsive_seconds, *ingest))
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
    restarted = dict.fromkeys(restarts.REASONS, 0)
    last_end = 0.0
    delay = FIRST_DELAY_SECONDS
    for life in count():
        process = _Process(command, emit, hangups, restarts.to_text(restarted))
        code = await process.run()
        if code == 0 and command.finite:
            log.info("worker is done", of=command.name)
            return
        config_broke = life > 0 and code == ConfigError.exit_code  # the others keep the last good one
        if code in HOPELESS and not config_broke:
            raise WorkerFailed(f"{command.name} ended with exit code {code}: {process.last_message}")
        now = time.monotonic()
        if now - last_end > CRASHES_WITHIN_SECONDS:
            delay = FIRST_DELAY_SECONDS
        last_end = now
        if code not in PASSING and not config_broke:
            ends.append(now)
        if len(ends) == CRASHES and now - ends[0] <= CRASHES_WITHIN_SECONDS:
            raise WorkerFailed(
                f"{command.name} ended {CRASHES} times within {now - ends[0]:.0f} s, last with {_outcome(code)}: "
                f"{process.last_message}"
            )
        reason = _reason(code, unresponsive=process.was_unresponsive)
        restarted[reason] += 1
        log.warning(
            "worker ended, it will be restarted",
            of=command.name,
            outcome=_outcome(code),
            reason=reason,
            delay_seconds=delay,
        )
        await asyncio.sleep(delay)
        delay = min(2 * delay, LAST_DELAY_SECONDS)


def _reason(code: int, *, unresponsive: bool) -> restarts.RestartReason:
    if unresponsive:
        return "unresponsive"
    return "outage" if code == BrokerUnreachable.exit_code else "failed"


class _Process:
    """One process of a worker.

    Attributes
    ----------
    was_unresponsive
        Whether it was killed because it did not beat.
    """

    def __init__(self, command: Command, emit: Callable[[str, str], None], hangups: Hangups, restarted: str) -> None:
        self._command = command
        self._hangups = hangups
        self._emit = emit
        self._restarted = restarted
        self._last_line: str | None = None
        self.was_unresponsive = False

    @property
    def last_message(self) -> str:
        """Return the message of the last line that it printed."""
        return "it printed nothing" if self._last_line is None else logs.event_in(self._last_line)

    async def run(self) -> int:
        """Start the process and return its exit code; end it when cancelled."""
        beats_in, beats_out = os.pipe()
        try:
            process = await self._start(beats_out)
        finally:
            os.close(beats_out)
        self._hangups.note(self._command.name, process)
        log.info("worker started", of=self._command.name, pid=process.pid)
        relay = asyncio.create_task(self._relay(process))
        watching = asyncio.create_task(self._watch(process, beats_in))
        try:
            await process.wait()
        finally:
            watching.cancel()
            await _end(process)
            await relay
            os.close(beats_in)
        return await process.wait()

    async def _start(self, beats_out: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command.arguments,
            stdin=None if self._command.finite else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={
                logs.FORMAT_VARIABLE: "console" if sys.stderr.isatty() else "json",
                **os.environ,
                restarts.VARIABLE: self._restarted,
                beats.VARIABLE: str(beats_out),
                "PYTHONUNBUFFERED": "1",
            },
            pass_fds=(beats_out,),
            process_group=0,
            preexec_fn=_EndWithParent() if sys.platform == "linux" else None,
        )

    async def _relay(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            async for line in _lines(process.stdout):
                self._last_line = line
                self._emit(self._command.name, line)

    async def _watch(self, process: asyncio.subprocess.Process, beats_in: int) -> None:
        """Kill the process if it does not beat: SIGTERM would wait until it runs again."""
        if self._command.unresponsive_seconds is None:
            return
        os.set_blocking(beats_in, False)
        pulse = beats.Pulse(time.monotonic(), self._command.unresponsive_seconds)
        state, seconds = "runs", 0.0
        while state != "unresponsive":
            await asyncio.sleep(min(beats.BEAT_SECONDS, self._command.unresponsive_seconds / 10))
            now = time.monotonic()
            with suppress(BlockingIOError):
                if os.read(beats_in, 4096):
                    pulse.beat(now)
            before, state = state, pulse.check(now)
            seconds = round(pulse.silence(now), 1)
            if before == "runs" and state == "silent":
                log.warning("worker does not respond", of=self._command.name, pid=process.pid, seconds=seconds)
            elif before == "silent" and state == "runs":
                log.info("worker responds again", of=self._command.name, pid=process.pid)
        log.error("worker does not respond; killing it", of=self._command.name, pid=process.pid, seconds=seconds)
        self.was_unresponsive = True
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


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
    process.send_signal(signal.SIGCONT)  # one that is stopped takes no signal before
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
