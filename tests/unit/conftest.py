"""Labelled posts of words that no lexicon knows, the shipped models, labelled series, and logs at their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
import structlog
from hypothesis import HealthCheck, settings

from streams.core.sentiment import LABELS, LinearModel
from streams.core.sentiment.learner import OnlineSentiment
from streams.sources.weights import load_model, read_weights
from tests.support.series_files import write_labelled_series

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # a machine with other work to do is no error of what is tested

WORDS = ("flimmert", "knarzt", "leuchtet")
"""Negative, neutral and positive in `gold_file`."""


@pytest.fixture(autouse=True)
def default_logs() -> Iterator[None]:
    """Undo what a command of the test before has set: its loggers would be cached, and `capture_logs` miss them."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shipped() -> LinearModel:
    return load_model()


@pytest.fixture
def learner() -> OnlineSentiment:
    """Starts from what ships."""
    return OnlineSentiment.from_snapshot(read_weights())


@pytest.fixture
def gold_file(tmp_path: Path) -> Path:
    path = tmp_path / "gold.jsonl"
    posts = [
        {"id": f"{number}-{label}", "text": f"{word} Gerät {number}", "lang": "de", "label": label}
        for number in range(40)
        for word, label in zip(WORDS, LABELS, strict=True)
    ]
    path.write_bytes(b"\n".join(map(orjson.dumps, posts)))
    return path


@pytest.fixture(scope="session")
def labelled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three series of counts with labels and marks."""
    folder = tmp_path_factory.mktemp("series")
    write_labelled_series(folder)
    return folder
