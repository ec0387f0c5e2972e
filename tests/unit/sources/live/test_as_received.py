"""Whatever can be read can become a dead letter."""

from __future__ import annotations

from typing import Any

import pytest

from streams.core.ingest.parsing import parse
from streams.sources.live.as_received import as_received


def nested(levels: int) -> Any:
    return parse(b'{"a":' * levels + b"7" + b"}" * levels)


@pytest.mark.parametrize("record", [None, 7, "ü", [], {"a": [1.5, None]}])
def test_a_record_is_json(record: Any) -> None:
    assert parse(b'{"a":%b}' % as_received(record)) == {"a": record}


def test_a_record_that_is_nested_too_deeply_to_be_written_is_text() -> None:
    assert as_received(nested(300)) == repr(nested(300)).encode()


def test_the_deepest_record_that_is_read_is_text_or_left_out_by_the_python_that_runs() -> None:
    deepest = nested(1_023)
    try:
        text = repr(deepest).encode()
    except RecursionError:
        text = b""
    assert as_received(deepest) == text
