"""Cases that a config must pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.errors import ExpectationFailed
from tests.support.backtest import run

if TYPE_CHECKING:
    from pathlib import Path


def test_cases_say_which_fail_and_why(folder: Path) -> None:
    result = run(folder, "test-config", "@cases.yaml")
    assert result.exit_code == ExpectationFailed.exit_code
    assert "ok      the storm" in result.output
    assert "FAILED  silence" in result.output
    assert "should be quiet: " in result.output
