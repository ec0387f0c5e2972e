"""The folder that the tests of backtests read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.backtest import write_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Posts with a storm about one brand, configs that see it and that do not, labels and cases."""
    made = tmp_path_factory.mktemp("backtest")
    write_files(made)
    return made
