"""The number of restarts goes from process to process by the environment."""

from __future__ import annotations

import pytest

from streams.errors import ConfigError
from streams.runtime.restarts import REASONS, VARIABLE, from_environment, to_text


def test_what_is_written_is_read() -> None:
    counts = {reason: number for number, reason in enumerate(REASONS)}
    assert from_environment({VARIABLE: to_text(counts)}) == counts


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}, {VARIABLE: " "}])
def test_every_reason_is_there_from_the_start(environment: dict[str, str]) -> None:
    """A series of a counter that appears with its first event is easily missed."""
    assert from_environment(environment) == dict.fromkeys(REASONS, 0)


def test_another_supervisor_may_give_a_number_without_a_reason() -> None:
    assert from_environment({VARIABLE: "3"})["failed"] == 3


@pytest.mark.parametrize("text", ["-x", "-1", "failed", "failed=", "moon=1", "failed=1;outage=2", "9" * 10, "³"])
def test_anything_else_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=f"environment variable {VARIABLE}: must be "):
        from_environment({VARIABLE: text})
