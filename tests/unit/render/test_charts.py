"""Charts: what is drawn is what was counted, raised and known to have happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.image import imread

from streams.config import Config
from streams.errors import FirewatchError
from streams.render.charts import SEVERITY_COLOURS, Bands, bands_of, draw, figure
from tests.support.charts import BUCKET, DAY, alert, over, series_of, window

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from streams.records import Alert, Window
    from streams.render.bucket_series import BucketSeries


def event(kind: str, onset: str, end: str, brand: str | None = "nordtel", source: str | None = None) -> dict[str, Any]:
    when = {"onset": f"2026-03-02T{onset}:00Z", "peak": f"2026-03-02T{onset}:00Z", "end": f"2026-03-02T{end}:00Z"}
    return {"kind": kind, "brand": brand, "source": source, "factor": 9.0, "negative_share": 0.8, **when}


def axes_of(series: BucketSeries, *incidents: list[Alert], events: tuple[dict[str, Any], ...] = ()) -> list[Axes]:
    return figure("Nordtel", series, incidents, events, Bands("volume", "tone")).axes


def spans(axis: Axes) -> list[tuple[float, float, object]]:
    """Shaded spans in minutes since the start, and their hatch or colour."""
    found = []
    for patch in axis.patches:
        x, width = patch.get_x(), patch.get_width()  # type: ignore[attr-defined]
        minutes = [round((edge - DAY) * 24 * 60, 3) for edge in (x, x + width)]
        found.append((*minutes, patch.get_hatch() or patch.get_facecolor()[:3]))
    return found


def test_buckets_without_coverage_are_shown_as_without_data() -> None:
    series = series_of(window(0), *(window(i, count=0, coverage=0.0) for i in (1, 2)), window(3), window(4))
    assert series.without_data() == [pytest.approx((DAY + BUCKET, DAY + 3 * BUCKET))]
    assert [span[:2] for span in spans(axes_of(series)[0])] == [(5, 15)]


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
    assert [text.get_text().strip() for text in axis.texts] == ["warning"]


def test_a_suppressed_incident_is_hatched_and_says_why() -> None:
    axis = axes_of(series_of(*map(window, range(48))), [alert(0, 15, suppressed="cold_start")])[0]
    assert spans(axis) == [(10, 240, "///")]
    assert [text.get_text().strip() for text in axis.texts] == ["warning (cold start)"]


def test_the_truth_is_drawn_above_and_cut_to_what_was_seen() -> None:
    series = series_of(*(window(i) for i in range(12, 48)))
    events = (
        event("firestorm", "02:00", "23:00"),
        event("surge", "00:00", "02:00", brand=None),
        event("outage", "02:00", "03:00", brand=None, source="forum"),
        event("launch", "08:00", "09:00"),
    )
    truth, *rest = axes_of(series, events=events)
    assert len(rest) == 3
    assert [text.get_text().strip() for text in truth.texts] == ["firestorm", "surge of all brands", "outage of forum"]
    bars = [collection.get_paths()[0].get_extents() for collection in truth.collections]
    assert [round((edge - DAY) * 24, 3) for edge in (bars[0].x0, bars[0].x1)] == [2, 4]
    assert [round((edge - DAY) * 24, 3) for edge in (bars[1].x0, bars[1].x1)] == [1, 2]


def test_a_file_for_each_brand_and_a_page_that_shows_them(tmp_path: Path) -> None:
    windows = [window(i, brand=brand) for i in range(24) for brand in ("nordtel", "a b/c")]
    paths = draw(windows, [alert(0, 15), alert(0, 15)], tmp_path / "new" / "out", names={"nordtel": "Nörd & <Tel> $x$"})
    assert [path.name for path in paths] == ["nordtel.png", "a%20b%2Fc.png", "index.html"]
    height, width, _ = imread(paths[0]).shape
    assert (width, height) == (1300, 800)
    page = paths[-1].read_text(encoding="utf-8")
    assert "Nörd &amp; &lt;Tel&gt; $x$" in page
    assert 'src="a%2520b%252Fc.png"' in page
    assert page.count('<span class="warning">') == 2  # in the overview and with the brand, a repeated alert once
    assert "http" not in page


def test_only_the_brands_own_events_and_those_of_all_are_drawn(tmp_path: Path) -> None:
    truth = {"events": [event("launch", "00:30", "01:00", brand="other"), event("surge", "00:30", "01:00", brand=None)]}
    path, _ = draw(map(window, range(24)), [], tmp_path, truth)
    without, _ = draw(map(window, range(24)), [], tmp_path / "without")
    assert imread(path).shape[0] - imread(without).shape[0] == 30  # pixels of one row


@pytest.mark.parametrize("windows", [[], [window(0)], [window(0, count=0, scores={})], [window(0, coverage=0.0)]])
def test_little_or_nothing_to_draw_is_no_error(windows: list[Window], tmp_path: Path) -> None:
    paths = draw(windows, [], tmp_path, names={"quiet": "Quiet"})
    assert len(paths) == len(windows) + 1
    assert ("No brand had a closed bucket." in paths[-1].read_text(encoding="utf-8")) is not bool(windows)


def test_bands_are_those_of_detectors_by_whatever_name() -> None:
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    detectors = [
        {"name": "level", "kind": "tone_drift"},
        {"name": "mood", "kind": "sentiment_shift"},
        {"name": "attention", "kind": "volume"},
        {"name": "second", "kind": "volume"},
    ]
    config = Config.model_validate({"brands": [brand], "detectors": detectors})
    assert bands_of(config.detectors_of()) == Bands(volume="attention", negative_share="mood")
    assert bands_of([]) == Bands()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FirewatchError, match=r"taken: charts can't be written there \(File exists\)"):
        draw([window(0)], [], tmp_path / "taken")
