"""Rules within a section."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from streams.config import (
    AlertSettings,
    BridgeSettings,
    IngestSettings,
    LearnSettings,
    MetricsSettings,
    SentimentSettings,
    TopicSettings,
    WindowSettings,
)

if TYPE_CHECKING:
    from streams.config.base import Settings


@pytest.mark.parametrize(
    "settings", [{"bucket_seconds": 420}, {"check_seconds": 7}, {"bucket_seconds": 60, "check_seconds": 90}]
)
def test_buckets_divide_a_day_and_checks_divide_buckets(settings: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="must divide"):
        WindowSettings.model_validate(settings)


def test_no_more_holdout_labels_are_required_than_are_kept() -> None:
    with pytest.raises(ValidationError, match="min_judges must not be more than judges"):
        LearnSettings(judges=50, min_judges=51)


def test_each_quality_has_weights_and_a_pin_of_its_own() -> None:
    sentiment = SentimentSettings.model_validate({"weights": "a", "best_weights": "b", "pin": 1, "best_pin": 2})
    assert [str(sentiment.weights_of(quality)) for quality in ("fast", "best")] == ["a", "b"]
    assert [sentiment.pin_of(quality) for quality in ("fast", "best")] == [1, 2]


def test_a_link_is_checked_before_an_alert_needs_it() -> None:
    assert AlertSettings(generator_url="http://g.example/{brand}").generator_url == "http://g.example/{brand}"
    assert AlertSettings(generator_url="").generator_url is None
    for link in ("http://g.example/{from}", "g.example/{brand}"):
        with pytest.raises(ValidationError, match="generator_url"):
            AlertSettings(generator_url=link)


@pytest.mark.parametrize("port", [-1, 65_536, 99_999, 1.5, "x", True])
def test_a_port_that_does_not_exist_is_refused(port: object) -> None:
    with pytest.raises(ValidationError):
        MetricsSettings.model_validate({"score_port": port})


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (TopicSettings, "posts_retention_hours"),
        (IngestSettings, "max_future_seconds"),
        (IngestSettings, "recent_ids"),
        (BridgeSettings, "forget_after_hours"),
        (BridgeSettings, "retry_hours"),
        (WindowSettings, "end_of_stream_seconds"),
    ],
)
def test_a_number_that_no_clock_and_no_memory_has_room_for_is_refused(model: type[Settings], key: str) -> None:
    with pytest.raises(ValidationError, match="less than or equal"):
        model.model_validate({key: 2**53})


def test_the_time_zone_of_alerts_is_one_of_the_tz_database() -> None:
    assert AlertSettings().timezone == "UTC"
    assert AlertSettings(timezone="Europe/Berlin").timezone == "Europe/Berlin"
    with pytest.raises(
        ValidationError, match=r"timezone\n.*'Europe/Berln' is not a time zone; did you mean Europe/Berlin\?"
    ):
        AlertSettings(timezone="Europe/Berln")
