from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from streams.offline.series import labelled
from streams.offline.series.benchmark import PROFILES, THRESHOLD, LabelledWindow, normalised, probation, score_alarms
from streams.offline.series.csv_reader import read_rows
from streams.offline.series.detector_choice import DetectorChoice
from streams.offline.series.evaluation import evaluate
from streams.offline.series.online import alarm_score, scored_rows, write_scores

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1_000
WINDOWS = [LabelledWindow(300, 399), LabelledWindow(700, 749)]
STANDARD = PROFILES[0]


def test_an_alarm_at_the_start_of_each_window_is_perfect_and_none_is_nothing() -> None:
    assert normalised([score_alarms(ROWS, WINDOWS, [300, 700])], STANDARD) == pytest.approx(100)
    assert normalised([score_alarms(ROWS, WINDOWS, [])], STANDARD) == 0


def test_only_the_first_alarm_of_a_window_counts_and_each_one_outside() -> None:
    once = score_alarms(ROWS, WINDOWS, [310])
    assert score_alarms(ROWS, WINDOWS, [310, 350, 399]) == once
    assert normalised([score_alarms(ROWS, WINDOWS, [250, 251, 310])], STANDARD) == pytest.approx(
        normalised([once], STANDARD) - 100 * 2 * 0.11 / 4
    )


def test_false_alarms_close_behind_a_window_cost_less() -> None:
    (_, near), (_, far), (_, farthest) = score_alarms(ROWS, WINDOWS, [400, 450, 699]).false_alarms
    assert 0 < near < 0.1 < far < farthest == 1


def test_the_start_of_a_series_is_not_judged() -> None:
    assert (probation(1_000), probation(6_000), probation(1)) == (150, 750, 0)
    alarms = score_alarms(ROWS, [LabelledWindow(100, 140), LabelledWindow(140, 200)], [10, 110, 149, 150])
    assert alarms.windows == [LabelledWindow(140, 200)]
    assert [row for row, _ in alarms.hits.values()] == [150]
    assert not alarms.false_alarms


def test_without_windows_there_is_no_score() -> None:
    assert math.isnan(normalised([score_alarms(ROWS, [], [500])], STANDARD))


def test_agrees_with_the_published_scorer_on_random_alarms(nab_score: Any) -> None:
    draw = random.Random(5)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    theirs, ours = [], []
    for case in range(60):
        rows = draw.randrange(200, 6_000)
        edges = sorted(draw.sample(range(rows), 2 * draw.randrange(1, 5)))
        windows = [LabelledWindow(*edges[index : index + 2]) for index in range(0, len(edges), 2)]
        scores = [draw.random() + (0.02 if draw.random() < 0.5 else 0) for _ in range(rows)]
        alarms = [row for row, score in enumerate(scores) if score >= THRESHOLD]
        times = [start + timedelta(minutes=5 * row) for row in range(rows)]
        spans = [(times[window.first], times[window.last]) for window in windows]
        theirs.append(nab_score.Series(str(case), times, scores, spans))
        ours.append(score_alarms(rows, windows, alarms))
    for profile, theirs_name in zip(PROFILES, nab_score.PROFILES, strict=True):
        weights = nab_score.PROFILES[theirs_name]
        raw = nab_score.corpus_raw(theirs, THRESHOLD, weights)
        assert sum(one.raw(profile) for one in ours) == pytest.approx(raw, abs=1e-9)
        expected = nab_score.normalise(raw, nab_score.n_windows(theirs), weights)
        assert normalised(ours, profile) == pytest.approx(expected, abs=1e-9)


def test_agrees_with_the_published_scorer_on_the_tweet_counts(
    nab_score: Any, shared_data: Path, tmp_path: Path
) -> None:
    """What `detect-series` writes gets from the published scorer what `evaluate-series` prints, to four decimals."""
    folder = shared_data / "nab-tweets"
    choice = DetectorChoice("volume")
    series = labelled.load(folder, folder / "labels.json")
    alarms = []
    for one in series:
        judged = evaluate(one, choice.build())
        assert [score.fires for score in judged.scores] == [alarm_score(score) >= 1 for score in judged.scores]
        alarms.append(judged.alarms)
        with (tmp_path / one.name).open("w") as out:
            write_scores(scored_rows(read_rows(str(folder / one.name)), choice.build()), out)
    labels = {
        one.name: [(one.rows[first].timestamp, one.rows[last].timestamp) for first, last in one.windows]
        for one in series
    }
    theirs = nab_score.load(str(tmp_path), labels)
    assert len(theirs) == len(series) == 5
    for profile, weights in zip(PROFILES, nab_score.PROFILES.values(), strict=True):
        raw = nab_score.corpus_raw(theirs, THRESHOLD, weights)
        expected = nab_score.normalise(raw, nab_score.n_windows(theirs), weights)
        assert round(normalised(alarms, profile), 4) == round(expected, 4)
