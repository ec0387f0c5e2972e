"""A folder of charts: one of each brand, one of each incident, and the page that shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from matplotlib.image import imread

from streams.errors import FirewatchError
from streams.records import WindowCounts
from streams.render.charts import draw, incidents_of
from tests.support.charts import BEGIN, alert, event, over, window

if TYPE_CHECKING:
    from pathlib import Path

    from streams.records import Window


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


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FirewatchError, match=r"taken: charts can't be written there \(File exists\)"):
        draw([window(0)], [], tmp_path / "taken")


def since(minutes: float) -> WindowCounts:
    start = BEGIN + timedelta(minutes=minutes)
    return WindowCounts(start=start, end=start, mentions=1, authors=1, reposts=0, engagement=0)


def test_each_incident_has_a_chart_that_zooms_to_it_and_the_page_links_to_it(tmp_path: Path) -> None:
    start = BEGIN + timedelta(minutes=600)
    steps = [
        alert(0, 600, starts_at=start),
        over(1, 700, 700, starts_at=start),
        alert(2, 1_000, reopened=1, starts_at=start, severity="critical", window=since(990)),
        over(3, 1_100, 1_100, reopened=1, starts_at=start, severity="critical", window=since(990)),
        alert(4, 6_000, fingerprint="f2", starts_at=BEGIN + timedelta(minutes=6_000)),
    ]
    paths = draw(map(window, range(12 * 24 * 5)), steps, tmp_path, zone=ZoneInfo("Europe/Berlin"))
    names = ["nordtel.png", "nordtel-incident-1.png", "nordtel-incident-2.png", "index.html"]
    assert [path.name for path in paths] == names
    page = paths[-1].read_text(encoding="utf-8")
    assert page.count('src="nordtel-incident-') == 2
    assert page.count('<a href="#nordtel-1">1</a>') == 2  # it was reopened: two rows, one chart
    assert "from (Europe/Berlin)" in page
    assert "<td>Mon 2026-03-02 11:00</td>" in page  # 10:00 UTC


def test_an_incident_that_fills_the_chart_of_its_brand_has_no_other(tmp_path: Path) -> None:
    paths = draw(map(window, range(24)), [alert(0, 15)], tmp_path)
    assert [path.name for path in paths] == ["nordtel.png", "index.html"]


def test_the_openings_of_an_incident_have_one_number() -> None:
    steps = [alert(0, 20), alert(0, 20), alert(1, 60, fingerprint="f2"), alert(2, 90, reopened=1)]
    assert [(number, len(of_one)) for number, of_one in incidents_of(steps)["nordtel"]] == [(1, 1), (2, 1), (1, 1)]
