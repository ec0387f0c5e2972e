from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from streams.errors import ConfigError
from streams.offline.simulate import KINDS, SimulationSettings


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"days": 0}, "days: must be between a minute"),
        ({"days": 400}, "and 366, got 400"),
        ({"days": float("nan")}, "days: must be"),
        ({"brands": 0}, "brands: must be 1 to 500, got 0"),
        ({"start": datetime(9999, 12, 31, tzinfo=UTC)}, "start: must lie between 1970 and 2199"),
        ({"start": datetime(2026, 3, 2)}, "start: needs a time zone"),  # noqa: DTZ001  the mistake under test
        ({"start": datetime(2026, 3, 2, 0, 0, 30, tzinfo=UTC)}, "start: must be a whole minute"),
        ({"scenario": "firestrom"}, "scenario: unknown firestrom; allowed are all, calm, firestorm"),
        ({"scenario": ""}, "scenario: unknown empty list"),
        ({"scenario": ["all", "spam"]}, "'all' and 'calm' can't be combined"),
    ],
)
def test_names_the_setting_that_is_out_of_range(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SimulationSettings(**setting)
    assert message in str(caught.value)
    assert len(caught.value.problems) == 1


def test_names_all_problems_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        SimulationSettings(days=-1, brands=1_000, scenario="x")
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["days", "brands", "scenario"]


def test_scenarios() -> None:
    assert SimulationSettings().kinds == KINDS
    assert SimulationSettings(scenario="calm").kinds == ()
    assert SimulationSettings(scenario=["spam", "firestorm"]).kinds == ("firestorm", "spam")


def test_start_is_converted_to_utc() -> None:
    start = datetime(2026, 3, 2, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert SimulationSettings(start=start).first_minute_of_week == 6 * 1_440 + 23 * 60
