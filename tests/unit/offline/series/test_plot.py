from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import FirewatchError
from streams.offline.series.detector_choice import DetectorChoice
from streams.offline.series.evaluation import SeriesEvaluation, evaluate
from streams.offline.series.labelled import load
from streams.offline.series.plot import draw

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def evaluations(labelled_folder: Path) -> list[SeriesEvaluation]:
    series = load(labelled_folder, labelled_folder / "labels.json")
    return [evaluate(one, DetectorChoice("volume").build()) for one in series]


def test_each_series_has_its_panel(evaluations: list[SeriesEvaluation], tmp_path: Path) -> None:
    for count in (1, 3):
        path = tmp_path / f"{count}.svg"
        draw(evaluations[:count], path)
        assert path.read_text().count("<!-- tweets/brand") == count


@pytest.mark.parametrize(
    ("name", "message"), [("no/out.png", r"out\.png: can't be written"), ("out.csv", r"out\.csv: .*not supported")]
)
def test_a_picture_that_cannot_be_written_is_named(
    name: str, message: str, evaluations: list[SeriesEvaluation], tmp_path: Path
) -> None:
    with pytest.raises(FirewatchError, match=message):
        draw(evaluations[:1], tmp_path / name)
