"""What can be read of a file whose structure is broken."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.yaml_blocks import read_blocks
from streams.errors import ConfigError

FILE = Path("firewatch.yaml")
WHOLE = """\
brands:
  - {id: nordtel}
kafka:
  bootstrap_servers: kafka:9092
topics: {prefix: x.}
alerts: {language: de}
"""


def test_a_file_that_is_yaml_is_read_as_a_whole() -> None:
    reading = read_blocks(WHOLE.encode(), FILE)
    assert reading.problems == []
    assert reading.document.tree["topics"] == {"prefix": "x."}


@pytest.mark.parametrize(
    ("broken", "lost", "line"),
    [
        (WHOLE.replace("language: de}", "language: de"), "alerts", 6),
        (WHOLE.replace("{id: nordtel}", '{id: "nordtel}'), "brands", 2),
        (WHOLE.replace("  - {id", "\t- {id"), "brands", 2),
        (WHOLE.replace("{id: nordtel}", "id: a: b"), "brands", 2),
    ],
)
def test_each_block_that_is_yaml_is_read_and_the_others_are_refused_at_their_line(
    broken: str, lost: str, line: int
) -> None:
    reading = read_blocks(broken.encode(), FILE)
    assert reading.document.tree.keys() == {"brands", "kafka", "topics", "alerts"} - {lost}
    assert reading.unreadable == {(lost,)}
    assert [problem.line for problem in reading.problems] == [line]
    assert reading.document.line(["kafka", "bootstrap_servers"]) == 4


def test_an_anchor_of_another_block_is_no_problem() -> None:
    text = 'brands: [{id: "a}]\nscore: &few {batch_records: 5}\nwindows: *few\n'
    reading = read_blocks(text.encode(), FILE)
    assert [problem.line for problem in reading.problems] == [1]
    assert reading.unreadable == {("brands",), ("windows",)}


def test_a_file_without_any_readable_block_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"firewatch\.yaml:2:1: is not valid YAML"):
        read_blocks(b"[a,\n", FILE)


@given(st.text("ab:-[]{}\"'&*\n ", max_size=60))
def test_any_text_is_read_or_refused_with_a_problem(text: str) -> None:
    with suppress(ConfigError):
        reading = read_blocks(text.encode(), FILE)
        assert reading.problems or not reading.unreadable
