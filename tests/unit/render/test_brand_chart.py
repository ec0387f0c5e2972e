"""The chart of a brand: what is drawn is what was counted, raised and known to have happened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba

from detectors.registry import KINDS
from streams.render.bands import Bands
from streams.render.brand_chart import ComparedScores, NumberedIncident, figure, incident_span
from streams.render.palette import GREY, SEVERITY_COLOURS, colours_of
from tests.support.charts import BEGIN, BUCKET, DAY, alert, event, over, series_of, window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from streams.records import Alert
    from streams.render.bucket_series import BucketSeries


def axes_of(series: BucketSeries, *incidents: list[Alert], events: tuple[dict[str, Any], ...] = ()) -> list[Axes]:
    numbered = [NumberedIncident(number, steps) for number, steps in enumerate(incidents, 1)]
    return figure("Nordtel", series, numbered, events, Bands("volume", "tone")).axes


def spans(axis: Axes) -> list[tuple[float, float, object]]:
    """Shaded spans in minutes since the start, and their hatch or colour."""
    found = []
    for patch in axis.patches:
        x, width = patch.get_x(), patch.get_width()  # type: ignore[attr-defined]
        minutes = [round((edge - DAY) * 24 * 60, 3) for edge in (x, x + width)]
        found.append((*minutes, patch.get_hatch() or patch.get_facecolor()[:3]))
    return found


def is_no_data(drawn: PolyCollection) -> bool:
    return bool(np.allclose(drawn.get_facecolor()[0], to_rgba(GREY, 0.18)))


def minutes(span: tuple[float, float]) -> list[float]:
    """Edges of a span in minutes since the start."""
    return [round((edge - DAY) * 24 * 60, 3) for edge in span]


def test_buckets_without_coverage_are_shown_as_without_data() -> None:
    series = series_of(window(0), *(window(i, count=0, coverage=0.0) for i in (1, 2)), window(3), window(4))
    assert series.without_data() == [pytest.approx((DAY + BUCKET, DAY + 3 * BUCKET))]
    (grey,) = [each for each in axes_of(series)[0].collections if isinstance(each, PolyCollection) and is_no_data(each)]
    edges = grey.get_paths()[0].get_extents()
    assert [round((edge - DAY) * 24 * 60, 3) for edge in (edges.x0, edges.x1)] == [5, 15]


def test_each_panel_shows_its_quantity_and_the_threshold_is_at_one() -> None:
    volume, tone, scores = axes_of(series_of(*(window(i, count=i) for i in range(48))))
    assert volume.get_ylim()[1] > 47
    assert "5 min" in volume.get_ylabel()
    assert tone.get_ylim() == (0, 1)
    lines = {line.get_label(): np.asarray(line.get_ydata()) for line in scores.lines}
    assert set(lines) == {"tone", "volume", "threshold"}
    assert set(lines["threshold"].tolist()) == {1}
    assert lines["volume"][20] == 1
    assert {line.get_label(): line.get_ydata()[0] for line in tone.lines}["expected"] == 0.25  # type: ignore[index]


def test_an_incident_is_shaded_by_the_severity_of_its_time_until_it_ended() -> None:
    steps = [alert(0, 15), alert(1, 60, severity="critical"), over(2, 180, 120, severity="critical")]
    for axis in axes_of(series_of(*map(window, range(48))), steps):
        assert spans(axis) == [
            (10, 60, to_rgba(SEVERITY_COLOURS["warning"])[:3]),
            (60, 120, to_rgba(SEVERITY_COLOURS["critical"])[:3]),
        ]


def test_an_open_incident_reaches_to_the_end_and_is_named() -> None:
    axis = axes_of(series_of(*map(window, range(48))), [alert(0, 15)])[0]
    assert [span[:2] for span in spans(axis)] == [(10, 240)]
    assert [text.get_text().strip() for text in axis.texts] == ["1 warning"]


def test_the_label_of_an_incident_at_the_end_is_within_the_chart() -> None:
    series = series_of(*(window(index) for index in range(100)))
    steps = [alert(0, 490, starts_at=BEGIN + timedelta(minutes=485)), over(1, 500, 495)]
    drawn = figure("Nordtel", series, [NumberedIncident(1, steps)])
    (axis, *_), (label,) = drawn.axes, drawn.axes[0].texts
    drawn.canvas.draw()
    assert label.get_text().strip() == "1 warning"
    assert label.get_window_extent().x1 < axis.get_window_extent().x1 + 1


def test_a_suppressed_incident_is_hatched_and_says_why() -> None:
    axis = axes_of(series_of(*map(window, range(48))), [alert(0, 15, suppressed="cold_start")])[0]
    assert spans(axis) == [(10, 240, "///")]
    assert [text.get_text().strip() for text in axis.texts] == ["1 warning (cold start)"]


def test_the_truth_is_drawn_above() -> None:
    truth, *rest = axes_of(series_of(*map(window, range(48))), events=(event("firestorm", "02:00", "23:00"),))
    assert truth.get_ylabel() == "truth"
    assert len(rest) == 3


def test_another_config_has_its_scores_and_its_incidents_below() -> None:
    series, steps = series_of(*map(window, range(48))), [alert(0, 15)]
    other = ComparedScores("score, now.yaml", series, [NumberedIncident(1, [alert(0, 15, suppressed="spam")])])
    drawn = figure("Nordtel", series, [NumberedIncident(1, steps)], scores_are="score, new.yaml", compared=[other])
    *_, tone, new, now = drawn.axes
    assert [axis.get_ylabel() for axis in (tone, new, now)] == ["negative share", "score, new.yaml", "score, now.yaml"]
    warning = to_rgba(SEVERITY_COLOURS["warning"])[:3]
    assert [spans(axis)[0][2] for axis in (tone, new, now)] == [warning, warning, "///"]
    assert new.get_ylim() == now.get_ylim()
    assert new.get_xlim() == now.get_xlim()


def test_an_incident_is_shown_with_half_its_duration_before_and_after_it() -> None:
    series = series_of(*map(window, range(12 * 24 * 5)))
    steps = [alert(0, 1_500, starts_at=BEGIN + timedelta(minutes=1_500)), over(1, 2_100, 2_100)]
    steps[1] = steps[1].model_copy(update={"starts_at": steps[0].starts_at})
    assert minutes(incident_span(steps, series)) == [1_500 - 300, 2_100 + 300]


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (3_000, 3_005, [2_880, 3_125]),  # one bucket: two hours around it
        (3_000, 8_760, [1_560, 10_200]),  # four days: a day before and after
        (10, 60, [0, 180]),  # no more than there are buckets
        (3_000, None, [1_560, 12 * 24 * 50 * 5]),  # open: to the end
    ],
)
def test_the_margin_of_an_incident_has_limits(begin: int, end: int | None, expected: list[int]) -> None:
    series = series_of(*map(window, range(12 * 24 * 50)))
    starts_at = BEGIN + timedelta(minutes=begin)
    steps = [alert(0, begin, starts_at=starts_at)]
    if end is not None:
        steps.append(over(1, end, end, starts_at=starts_at))
    assert minutes(incident_span(steps, series)) == expected


def test_a_span_is_drawn_alone_and_its_axes_fit_what_is_in_it() -> None:
    series = series_of(*(window(i, count=5_000 if i == 0 else 10) for i in range(12 * 48)))
    axes = figure("Nordtel", series, [], span=(DAY + 1.5, DAY + 1.75)).axes
    assert [axis.get_xlim() for axis in axes] == [pytest.approx((DAY + 1.5, DAY + 1.75))] * 3
    assert axes[0].get_ylim()[1] < 100


def test_the_time_of_a_brand_has_no_silences_of_weeks() -> None:
    weeks = [*range(600), *range(12 * 24 * 200, 12 * 24 * 200 + 2_000)]
    series = series_of(*(window(i) for i in weeks), *(window(i, count=0) for i in range(5_000, 50_000, 7)))
    axes = figure("Nordtel", series, []).axes
    limits = [minutes(axis.get_xlim()) for axis in axes[:2]]
    assert [round(edge / 1440) for span in limits for edge in span] == [0, 2, 200, 207]
    drawn = figure("Nordtel", series, [])
    assert "left out between the stretches: 197 days without mentions" in str(drawn.get_supxlabel())


def test_mentions_of_large_brands_are_written_without_exponents() -> None:
    drawn = figure("Nordtel", series_of(*(window(i, count=1_630 * i) for i in range(48))), [])
    drawn.draw_without_rendering()
    ticks = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
    assert "75,000" in ticks
    assert not any("e" in tick for tick in ticks)


def test_fifty_incidents_have_their_numbers_where_there_is_room() -> None:
    series = series_of(*map(window, range(12 * 24 * 30)))
    incidents = [
        NumberedIncident(number + 1, [alert(0, at, starts_at=start), over(1, at + 60, at + 60, starts_at=start)])
        for number in range(50)
        for at in [number * 860]
        for start in [BEGIN + timedelta(minutes=at)]
    ]
    axis = figure("Nordtel", series, incidents).axes[0]
    assert [text.get_text().strip() for text in axis.texts] == [str(number) for number in range(1, 51)]
    crowded = [NumberedIncident(each.number, incidents[0].steps) for each in incidents]
    assert len(figure("Nordtel", series, crowded).axes[0].texts) == 3


def test_a_brand_without_mentions_says_so() -> None:
    axis = figure("Nordtel", series_of(*(window(i, count=0) for i in range(24))), []).axes[0]
    assert [text.get_text() for text in axis.texts] == ["no mentions"]


def test_times_are_in_the_zone_that_is_given() -> None:
    series = series_of(*map(window, range(12 * 6)))
    drawn = figure("Nordtel", series, [], zone=ZoneInfo("Asia/Kolkata"))
    drawn.draw_without_rendering()
    assert drawn.get_supxlabel() == "event time, Asia/Kolkata"
    labels = [label.get_text() for label in drawn.axes[-1].get_xticklabels()]
    assert "06:00" in labels  # 00:30 UTC
    utc = figure("Nordtel", series, [])
    utc.draw_without_rendering()
    assert "03:00" in [label.get_text() for label in utc.axes[-1].get_xticklabels()]


def test_the_band_and_the_mentions_reach_to_the_end_of_the_last_bucket() -> None:
    series = series_of(window(0), window(1), window(5))
    mentions, band = axes_of(series)[0].collections[:2]
    for drawn in (mentions, band):
        edges = np.concatenate([np.asarray(path.vertices)[:, 0] for path in drawn.get_paths()])
        assert sorted({round((edge - DAY) / BUCKET, 6) for edge in edges.tolist()}) == [0, 1, 2, 5, 6]


def test_each_kind_of_detector_has_a_colour_of_its_own() -> None:
    """A config with all kinds had two blue and two orange lines."""
    assert len(set(colours_of(list(KINDS)).values())) == len(KINDS)
