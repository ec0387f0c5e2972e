"""Events as bars above the charts of a brand."""

from __future__ import annotations

from matplotlib.figure import Figure

from streams.render.event_strip import draw_events, event_span
from tests.support.charts import DAY, event

HOUR = 1 / 24


def test_bars_are_cut_to_the_span_and_an_event_outside_of_it_is_not_drawn() -> None:
    axis = Figure().subplots()
    events = (
        event("firestorm", "02:00", "23:00"),
        event("surge", "00:00", "02:00", brand=None),
        event("outage", "02:00", "03:00", brand=None, source="forum"),
        event("launch", "08:00", "09:00"),
    )
    draw_events(axis, events, (DAY + HOUR, DAY + 4 * HOUR), "truth")
    assert [text.get_text().strip() for text in axis.texts] == ["firestorm", "surge of all brands", "outage of forum"]
    bars = [collection.get_paths()[0].get_extents() for collection in axis.collections]
    edges = [[round((edge - DAY) * 24, 3) for edge in (bar.x0, bar.x1)] for bar in bars]
    assert edges == [[2, 4], [1, 2], [2, 3]]
    assert axis.get_ylabel() == "truth"


def test_a_name_with_a_dollar_sign_is_no_formula() -> None:
    drawn = Figure()
    axis = drawn.subplots()
    draw_events(axis, (event("$x_$", "02:00", "03:00"),), (DAY, DAY + 1), "")
    drawn.canvas.draw()
    assert [text.get_text().strip() for text in axis.texts] == ["$x $"]
    assert axis.get_ylabel() == ""


def test_the_span_of_an_event_is_in_days() -> None:
    assert event_span(event("launch", "06:00", "12:00")) == (DAY + 0.25, DAY + 0.5)
