"""Logging of all workers: one line per event on stderr, readable on a terminal, JSON elsewhere.

A JSON line begins with ``level`` and ``event``. `choose` makes everything that a process writes to stderr such a line:
warnings, errors that nothing has caught, and the message with which a command ends.

Libraries that use the standard library's logging are logged the same way, from `WARNING` up and without tracebacks:
their failures also reach the caller as exceptions, which the command line reports. aiokafka is silenced, because during
an outage it repeats itself several times a second.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO, cast, get_args

import orjson
import structlog

from streams.errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

    from structlog.typing import EventDict, Processor, WrappedLogger

FORMAT_VARIABLE: Final = "FIREWATCH_LOG_FORMAT"
"""Environment variable that sets the format to ``console`` or ``json``, whatever stderr is."""

LogFormat = Literal["console", "json"]


def choose(log_format: LogFormat | None) -> LogFormat:
    """Choose the format for this process and those that it starts, and return it.

    Parameters
    ----------
    log_format
        The format that was asked for; that of the environment, or the one that suits stderr, if None.

    Raises
    ------
    ConfigError
        If the environment names another format.
    """
    chosen = log_format or _format_for(sys.stderr)
    os.environ[FORMAT_VARIABLE] = chosen
    return chosen


def only_json() -> bool:
    """Return whether JSON was chosen, so that stderr may hold nothing else."""
    return os.environ.get(FORMAT_VARIABLE, "").strip() == "json"


def as_json(line: str, worker: str) -> str:
    """Return a line of a worker as JSON; one that is no event yet, such as a library's, becomes one.

    >>> as_json('{"level":"info","event":"starting"}', "score")
    '{"level":"info","event":"starting"}'
    >>> as_json("Fatal Python error", "score")[:44]
    '{"level":"warning","event":"Fatal Python err'
    """
    try:
        if isinstance(orjson.loads(line), dict):
            return line
    except ValueError:
        pass
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    event = {"level": "warning", "event": line, "worker": worker, "timestamp": now}
    return orjson.dumps(event).decode()


def event_in(line: str) -> str:
    """Return the event of a line of JSON; any other line as it is.

    >>> event_in('{"level":"critical","event":"port 9402 is taken"}')
    'port 9402 is taken'
    """
    try:
        event = orjson.loads(line)
    except ValueError:
        return line
    return str(event["event"]) if isinstance(event, dict) and "event" in event else line


def configure(worker: str, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Set up the logging of this process; call it once, before anything logs.

    Parameters
    ----------
    worker
        Name of the worker in every line: ``ingest``, ``score``, ``detect``, ...
    level
        Lowest severity of firewatch's own events.
    stream
        Where lines are written; stderr by default.
    """
    stream = sys.stderr if stream is None else stream
    shared: list[Processor] = [
        _Stamp(worker),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers = _renderers(stream)
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared, _without_traceback],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    if only_json():
        _log_what_nothing_catches()


def _log_what_nothing_catches() -> None:
    """Log warnings, and errors that end the process or a thread, instead of having Python print them."""
    log = structlog.get_logger()
    logging.captureWarnings(capture=True)

    def ended(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        log.critical("unexpected error; this is a defect of firewatch", exc_info=(kind, error, traceback))

    def thread_ended(failure: threading.ExceptHookArgs) -> None:
        error = failure.exc_value or failure.exc_type()
        name = failure.thread.name if failure.thread else None
        log.error("a thread ended with an error", thread=name, exc_info=(type(error), error, failure.exc_traceback))

    def ignored(failure: Any) -> None:
        log.warning("an error was ignored", where=repr(failure.object), error=repr(failure.exc_value))

    sys.excepthook, threading.excepthook, sys.unraisablehook = ended, thread_ended, ignored


def _format_for(stream: TextIO) -> LogFormat:
    wanted = os.environ.get(FORMAT_VARIABLE, "").strip() or ("console" if stream.isatty() else "json")
    if wanted not in get_args(LogFormat):
        raise ConfigError([f"environment variable {FORMAT_VARIABLE}: must be console or json, got {wanted!r}"])
    return cast("LogFormat", wanted)


def _renderers(stream: TextIO) -> list[Processor]:
    if _format_for(stream) == "console":
        return [_without_escapes, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [_level_and_event_first, structlog.processors.JSONRenderer()]


def _level_and_event_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put first by what people and programs choose the lines that they read."""
    first = {name: event.pop(name) for name in ("level", "event") if name in event}
    return {**first, **event}


def _without_escapes(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write characters that a terminal would obey as escapes of Python; tracebacks keep their lines."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception" and not value.isprintable():
            event[name] = "".join(
                each if each.isprintable() else each.encode("unicode_escape").decode() for each in value
            )
    return event


class _Stamp:
    """Adds the worker's name to an event; a processor, because threads of libraries have no context variables."""

    def __init__(self, worker: str) -> None:
        self._worker = worker

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["worker"] = self._worker
        return event


def _without_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event.pop("exc_info", None)
    return event
