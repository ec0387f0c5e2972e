from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from streams.offline.series.labelled import load

if TYPE_CHECKING:
    from pathlib import Path

    from streams.offline.series.labelled import LabelledSeries


@pytest.fixture(scope="session")
def nab_score(shared_data: Path) -> Any:
    """The scorer of the Numenta Anomaly Benchmark that is shared beside the research data."""
    path = shared_data.parent / "eval" / "nab_score.py"
    if not path.is_file():
        pytest.skip(f"no scorer at {path}")
    spec = importlib.util.spec_from_file_location("nab_score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def series(labelled_folder: Path) -> list[LabelledSeries]:
    return load(labelled_folder, labelled_folder / "labels.json", labelled_folder / "marks.json")
