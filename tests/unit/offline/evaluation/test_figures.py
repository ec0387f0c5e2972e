"""Figures and tables, against trials made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from streams.offline.evaluation import BrandEvent, RaisedIncident, Rise, Trial, figures, match, rendered, report
from streams.offline.evaluation.figures import percentile

if TYPE_CHECKING:
    from streams.offline.evaluation import IncidentLevel
    from streams.offline.simulate import Kind

MINUTE = 60_000
HOUR = 60 * MINUTE


def trial(
    seed: int, *happened: tuple[Kind, float | None, IncidentLevel], false: tuple[IncidentLevel, ...] = ()
) -> Trial:
    """A week of ten brands: each case lasts ten hours and is raised so many minutes after its onset, if at all."""
    known = []
    incidents = []
    for number, (kind, minutes, level) in enumerate(happened):
        brand = f"b{number}"
        known.append(BrandEvent(kind, brand, 0, 10 * HOUR, posts_ms=range(0, 10 * HOUR, MINUTE)))
        if minutes is not None:
            incidents.append(RaisedIncident(brand, brand, [Rise(round(minutes * MINUTE), level)]))
    incidents += [RaisedIncident("calm", str(number), [Rise(20 * HOUR, level)]) for number, level in enumerate(false)]
    outcomes, others = match(known, incidents)
    return Trial(seed, 10, 7.0, 1_000, 1.0, outcomes, others)


@pytest.fixture(scope="module")
def trials() -> list[Trial]:
    return [
        trial(
            1,
            ("firestorm", 4, "critical"),
            ("firestorm", 12, "warning"),
            ("launch", 30, "watch"),
            ("slow_burn", 180, "warning"),
            false=("watch", "critical"),
        ),
        trial(
            2, ("firestorm", 8, "watch"), ("firestorm", None, "nothing"), ("launch", 20, "warning"), false=("watch",)
        ),
        trial(3, ("firestorm", 20, "critical"), false=("suppressed",)),
    ]


def test_recall_delay_and_time_limits(trials: list[Trial]) -> None:
    storms = figures(trials).kinds["firestorm"]
    assert storms.cases == 5
    assert storms.raised_as == {"nothing": 1, "suppressed": 0, "watch": 1, "warning": 1, "critical": 2}
    assert storms.in_time == 1 / 5
    assert (storms.warning.share, storms.watch.share) == (3 / 5, 4 / 5)
    assert storms.warning.median_ms == 12 * MINUTE
    assert storms.warning.p90_ms == pytest.approx(18.4 * MINUTE)
    assert storms.warning.median_posts == 13
    assert storms.watch.median_ms == 10 * MINUTE


def test_the_limit_belongs_to_the_kind_and_includes_its_last_moment(trials: list[Trial]) -> None:
    kinds = figures(trials).kinds
    assert kinds["slow_burn"].in_time == 1
    assert kinds["launch"].in_time is None
    assert kinds["launch"].warning.share == 1 / 2
    assert "spam" not in kinds


def test_false_incidents_are_counted_by_level_over_brand_weeks(trials: list[Trial]) -> None:
    found = figures(trials)
    assert found.brand_weeks == 30
    assert (found.false_count("watch"), found.false_count("warning")) == (3, 1)
    assert found.others["suppressed"] == 1


def test_the_tables_show_them(trials: list[Trial]) -> None:
    text = rendered(figures(trials), {"firestorm": 0.93, "slow_burn": 0.5})
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    assert ["firestorm", "5", "warning or above", "60%", "20% in 10 min", "93%", "12 min", "18.4 min", "13"] in rows
    assert ["firestorm", "5", "2", "1", "1", "0", "1", "60.0%"] in rows
    assert ["launch (praise)", "2", "0", "1", "1", "0", "0", "50.0%"] in rows
    assert ["at warning or above", "1", "0.033"] in rows
    assert ["at any severity", "3", "0.100"] in rows
    assert ["only suppressed", "1", "0.033"] in rows


def test_calm_trials_have_no_table_of_events() -> None:
    text = rendered(figures([trial(1)]), {})
    assert "recall" not in text
    assert "at warning or above" in text


def test_the_report_holds_every_case_and_false_incident(trials: list[Trial]) -> None:
    tree = orjson.loads(orjson.dumps(report(figures(trials), trials, "c1", {"firestorm": 0.93})))
    assert [len(entry["cases"]) for entry in tree["trials"]] == [4, 3, 1]
    assert tree["trials"][0]["cases"][0]["reached"]["critical"] == {
        "at": "1970-01-01T00:04:00+00:00",
        "delay_seconds": 240.0,
        "posts_by_then": 5,
    }
    assert [incident["level"] for incident in tree["trials"][0]["false"]] == ["watch", "critical"]
    assert tree["figures"]["kinds"]["firestorm"]["cases"] == 5
    assert tree["oracle"] == {"firestorm": 0.93}


@pytest.mark.parametrize(("share", "expected"), [(0, 10), (0.5, 25), (0.9, 37), (1, 40)])
def test_percentiles_are_interpolated(share: float, expected: float) -> None:
    assert percentile([40, 10, 30, 20], share) == pytest.approx(expected)
