"""After a detection the same event fires once, and again only if it gets much worse or is over."""

from __future__ import annotations

import pytest

from detectors.base import ParameterError
from detectors.refractory import Refractory
from detectors.units import HOUR_MS, MINUTE_MS


def test_the_first_detection_is_never_suppressed() -> None:
    assert Refractory(24).suppresses(0, 1.0) is None


def test_the_same_event_is_suppressed_until_the_period_is_over() -> None:
    period = Refractory(24)
    period.learn(0, 1.0)
    assert period.suppresses(24 * HOUR_MS - 1, 1.5) == "refractory"
    assert period.suppresses(24 * HOUR_MS, 1.0) is None


def test_what_is_twice_as_high_as_the_peak_of_the_first_hour_fires_again() -> None:
    period = Refractory(24)
    period.learn(0, 1.0)
    period.learn(30 * MINUTE_MS, 1.6)
    assert period.suppresses(40 * MINUTE_MS, 3.1) == "refractory"
    assert period.suppresses(40 * MINUTE_MS, 3.2) is None
    period.learn(2 * HOUR_MS, 3.0)  # after the first hour: the peak stays
    assert period.suppresses(3 * HOUR_MS, 3.2) is None


def test_no_period_suppresses_nothing() -> None:
    period = Refractory(0)
    period.learn(0, 1.0)
    assert period.suppresses(0, 1.0) is None


def test_a_restored_one_continues() -> None:
    period, restored = Refractory(24), Refractory(24)
    period.learn(5 * HOUR_MS, 1.3)
    restored.load(iter(period.dump()))
    assert restored.dump() == period.dump()
    assert restored.suppresses(6 * HOUR_MS, 2.0) == "refractory"


def test_a_period_out_of_range_is_named() -> None:
    with pytest.raises(ParameterError, match="must be a number from 0 to 720"):
        Refractory(721)
