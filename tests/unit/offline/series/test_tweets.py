"""The shipped default on tweet counts of the Numenta Anomaly Benchmark; skipped where the research data is absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.offline.series.benchmark import PROFILES, AlarmScore, Profile, normalised
from streams.offline.series.detector_choice import DetectorChoice
from streams.offline.series.evaluation import at_days
from streams.offline.series.labelled import load

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = 7
STANDARD = PROFILES[0]


@pytest.fixture(scope="module")
def alarms(shared_data: Path) -> dict[float, list[AlarmScore]]:
    """By `once_in_days`, at the shipped default and at the ends of what an operator may set without thinking."""
    tweets = shared_data / "nab-tweets"
    return at_days(load(tweets, tweets / "labels.json", None), DetectorChoice("volume", None), (4, SHIPPED, 9))


@pytest.mark.parametrize(("profile", "must"), list(zip(PROFILES, (86, 80, 90), strict=True)), ids=str)
def test_volume_is_ahead_of_what_was_published(
    alarms: dict[float, list[AlarmScore]], profile: Profile, must: float
) -> None:
    assert normalised(alarms[SHIPPED], profile) >= must


@pytest.mark.parametrize("once_in_days", [4, 9])
def test_the_threshold_is_no_cliff(alarms: dict[float, list[AlarmScore]], once_in_days: float) -> None:
    assert normalised(alarms[once_in_days], STANDARD) >= 76
