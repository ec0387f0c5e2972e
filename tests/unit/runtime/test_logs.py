"""What a line of the log looks like."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest
import structlog

from streams.runtime import logs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def test_events_are_json_where_nobody_watches() -> None:
    stream = io.StringIO()
    logs.configure("detect", stream=stream)
    structlog.get_logger().info("took over", partitions=[0, 1])
    event = orjson.loads(stream.getvalue())
    assert list(event)[:2] == ["level", "event"]
    assert event.pop("timestamp").endswith("Z")
    assert event == {"event": "took over", "partitions": [0, 1], "worker": "detect", "level": "info"}


def test_the_format_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.FORMAT_VARIABLE, "console")
    stream = io.StringIO()
    logs.configure("score", stream=stream)
    structlog.get_logger().warning("lagging", records=7)
    assert "lagging" in stream.getvalue()
    assert "records=7" in stream.getvalue()
    assert "{" not in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_an_event_is_one_line_without_escapes_whatever_a_post_put_in(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setenv(logs.FORMAT_VARIABLE, form)
    stream = io.StringIO()
    logs.configure("score", stream=stream)
    hostile = ["\x1b[31mred", "\x9b31m", "line\nfirewatch: all well", "\u202ereversed", "\r\x00", "\u2028", "\x85"]
    for each in hostile:
        structlog.get_logger().warning("unusable record", detail=each, where=(each, 0, 1))
        logging.getLogger("mode.services").error("Crashed reason=%s", each)
    assert len(stream.getvalue().splitlines()) == 2 * len(hostile)
    assert stream.getvalue().replace("\n", "").isprintable()


def test_libraries_log_warnings_without_tracebacks() -> None:
    stream = io.StringIO()
    logs.configure("detect", stream=stream)
    library = logging.getLogger("mode.services")
    library.info("Starting...")
    try:
        Path("/no/such/file").read_bytes()
    except FileNotFoundError:
        library.exception("Crashed reason=%r", "gone")
    event = orjson.loads(stream.getvalue())
    assert event["event"] == "Crashed reason='gone'"
    assert event["logger"] == "mode.services"
    assert "exc_info" not in event
    assert "exception" not in event


UNCAUGHT = """
import sys, threading, warnings
from streams.runtime import logs
logs.choose("json")
logs.configure("detect")
warnings.warn("an old setting", DeprecationWarning, stacklevel=1)
warnings.warn("odd", UserWarning, stacklevel=1)
class Odd:
    def __del__(self):
        raise ValueError("ignored")
odd = Odd()
del odd
thread = threading.Thread(target=lambda: 1 / 0, name="reader")
thread.start()
thread.join()
raise RuntimeError("a defect\\nof two lines")
"""


def test_whatever_python_would_print_is_an_event() -> None:
    """A program that collects the log can't read a traceback or a warning between its lines of JSON."""
    done = subprocess.run([sys.executable, "-c", UNCAUGHT], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    events = [orjson.loads(line) for line in done.stderr.splitlines()]
    assert all(list(event)[:2] == ["level", "event"] and event["worker"] == "detect" for event in events)
    told = {event["event"].splitlines()[0]: event for event in events}
    assert any("UserWarning: odd" in event for event in told)
    assert "ZeroDivisionError" in told["a thread ended with an error"]["exception"]
    assert told["a thread ended with an error"]["thread"] == "reader"
    assert "ValueError('ignored')" in told["an error was ignored"]["error"]
    *_, last = events
    assert (last["level"], last["event"]) == ("critical", "unexpected error; this is a defect of firewatch")
    assert "RuntimeError: a defect" in last["exception"]


@pytest.mark.parametrize(
    "line", ["Traceback (most recent call last):", "7", '["a"]', '"text"', "", "\x1b[31mred", "{not json"]
)
def test_a_line_that_is_no_event_becomes_one(line: str) -> None:
    event = orjson.loads(logs.as_json(line, "score"))
    assert (event["event"], event["worker"], list(event)[:2]) == (line, "score", ["level", "event"])


def test_an_event_stays_as_the_worker_wrote_it() -> None:
    line = '{"level": "info", "event": "starting", "worker": "score"}'
    assert logs.as_json(line, "detect") == line
