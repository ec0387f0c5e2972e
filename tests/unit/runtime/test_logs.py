"""What a line of the log looks like."""

from __future__ import annotations

import io
import logging
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
