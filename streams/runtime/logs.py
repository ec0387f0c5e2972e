"""Logging of all workers: one line per event on stderr, readable on a terminal, JSON elsewhere.

Libraries that use the standard library's logging are logged the same way, from `WARNING` up and without tracebacks:
their failures also reach the caller as exceptions, which the command line reports. aiokafka is silenced, because during
an outage it repeats itself several times a second.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

import structlog

from streams.errors import ConfigError

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

FORMAT_VARIABLE: Final = "FIREWATCH_LOG_FORMAT"
"""Environment variable that sets the format to ``console`` or ``json``, whatever stderr is."""


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


def _renderers(stream: TextIO) -> list[Processor]:
    wanted = os.environ.get(FORMAT_VARIABLE, "").strip() or ("console" if stream.isatty() else "json")
    if wanted not in {"console", "json"}:
        raise ConfigError([f"environment variable {FORMAT_VARIABLE}: must be console or json, got {wanted!r}"])
    if wanted == "console":
        return [_without_escapes, structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [structlog.processors.JSONRenderer()]


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
