from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Bucket, Score
from detectors.units import MINUTE_MS
from detectors.volume import Volume
from streams.offline.series.csv_reader import SeriesRow
from streams.offline.series.online import COLUMNS, SUPPRESSED, Spacing, alarm_score, scored_rows, write_scores
from tests.support.series import buckets

if TYPE_CHECKING:
    from collections.abc import Iterable


def rows(counts: Iterable[float], *, minutes: float = 5, start_ms: int = 0) -> list[SeriesRow]:
    return [
        SeriesRow(str(index), str(count), start_ms + int(index * minutes * MINUTE_MS), count)
        for index, count in enumerate(counts)
    ]


class Recorder(Volume):
    """Remembers what it learned from."""

    def __init__(self) -> None:
        super().__init__()
        self.learned: list[Bucket] = []

    def learn_one(self, bucket: Bucket) -> None:
        self.learned.append(bucket)
        super().learn_one(bucket)


@pytest.mark.parametrize("length_ms", [1_000, 60_000, 300_000, 3_600_000, 86_400_000])
def test_a_row_lasts_until_the_next_and_a_hole_is_not_filled(length_ms: int) -> None:
    detector = Recorder()
    starts = [index * length_ms for index in range(100) if not 40 <= index < 60]
    list(scored_rows([SeriesRow("", "", start, 3.0) for start in starts], detector))
    assert [bucket.start_ms for bucket in detector.learned] == starts
    assert {bucket.length_ms for bucket in detector.learned} == {length_ms}


def test_a_hole_after_the_first_row_is_soon_forgotten() -> None:
    spacing = Spacing()
    seen = []
    for ms in (0, 3_600_000, *range(3_900_000, 5_000_000, 300_000)):
        spacing.add(ms)
        seen.append(spacing.ms)
    assert seen == [None, 3_600_000, 300_000, 300_000, 300_000, 300_000]


def test_spacing_of_times_that_jitter_and_of_a_series_that_changes_its_spacing() -> None:
    spacing = Spacing()
    for index in range(200):
        spacing.add(index * 300_000 + index % 3 * 10_000)
    assert spacing.ms == pytest.approx(300_000, rel=0.05)
    for index in range(1, 16):
        spacing.add(200 * 300_000 + index * 3_600_000)
    assert spacing.ms == 3_600_000


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.floats(0, 1e15)), min_size=2, max_size=60),
    st.data(),
)
def test_no_row_depends_on_a_later_one(steps: list[tuple[int, float]], data: st.DataObject) -> None:
    ms, series = 0, []
    for minutes, value in steps:
        ms += minutes * MINUTE_MS
        series.append(SeriesRow("", "", ms, value))
    cut = data.draw(st.integers(1, len(series)))
    whole = [score for _, score in scored_rows(series, Volume(usual_posts_per_day=100))]
    assert [score for _, score in scored_rows(series[:cut], Volume(usual_posts_per_day=100))] == whole[:cut]
    assert all(math.isfinite(score.value) for score in whole)


def test_a_score_is_there_before_the_next_row_is_asked_for() -> None:
    asked = 0

    def slowly() -> Iterable[SeriesRow]:
        nonlocal asked
        for row in rows([5.0] * 10):
            asked += 1
            yield row

    for number, _ in enumerate(scored_rows(slowly(), Volume()), 1):
        assert asked == number


def test_a_storm_is_an_alarm_once_and_silence_follows() -> None:
    counts = [bucket.count for bucket in buckets(12, lambda _: 2_000)]
    storm = 10 * 288
    counts[storm : storm + 24] = [count * 15 for count in counts[storm : storm + 24]]
    scores = [score for _, score in scored_rows(rows(counts), Volume())]
    alarms = [index for index, score in enumerate(scores) if alarm_score(score) >= 1]
    assert alarms
    assert storm <= alarms[0] <= storm + 2
    assert alarms[-1] < storm + 24
    silenced = [score for score in scores if score.suppressed]
    assert silenced
    assert all(alarm_score(score) == SUPPRESSED for score in silenced)


def test_a_hole_raises_no_alarm() -> None:
    counts = [bucket.count for bucket in buckets(12, lambda _: 2_000)]
    series = [row for index, row in enumerate(rows(counts)) if not 1_500 <= index < 2_000]
    assert not any(score.fires for _, score in scored_rows(series, Volume()))


def test_what_is_written_reads_back_exactly_on_the_right_side_of_the_threshold() -> None:
    values = [0.0, 1 - 2**-53, 1.0, 7.25]
    written = [
        (Score(value, 3, 2, 0, 4), None) for value in values
    ] + [(Score(value, 3, 2, 0, 4, suppressed="refractory"), "refractory") for value in values]  # fmt: skip
    for score, suppressed in written:
        assert (float(str(alarm_score(score))) >= 1) == (score.value >= 1 and suppressed is None)


def test_csv_keeps_the_cells_of_the_input() -> None:
    out = io.StringIO()
    write_scores(
        scored_rows([SeriesRow("2026-03-02 00:00:00,5", "3.0", 0, 3.0), SeriesRow("b", "4", 300_000, 4.0)], Volume()),
        out,
    )
    header, first, second = csv.reader(out.getvalue().splitlines())
    assert tuple(header) == COLUMNS
    assert first[:2] == ["2026-03-02 00:00:00,5", "3.0"]
    assert second[:2] == ["b", "4"]
    assert all(math.isfinite(float(cell)) for cell in second[2:])
    assert float(second[3]) == 3.0
