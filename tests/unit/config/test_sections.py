"""Rules within a section."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from streams.config import (
    LearnSettings,
    SentimentSettings,
    WindowSettings,
)


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
