"""What differs between two configs, and what running workers can't apply."""

from __future__ import annotations

from typing import Any

import pytest

from streams.config import Config
from streams.config.changes import LIVE, check_live, differences
from streams.errors import ConfigError

NORDTEL = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 900}
ACME = {"id": "acme", "name": "Acme", "match": {"any": ["acme"]}}


def config(*brands: dict[str, Any], **sections: Any) -> Config:
    return Config.model_validate({"brands": list(brands) or [NORDTEL]} | sections)


def test_differences_name_brands_and_detectors() -> None:
    old = config(NORDTEL, ACME, detectors=[{"name": "volume", "kind": "volume", "once_in_days": 7}])
    new = config(
        NORDTEL | {"usual_posts_per_day": 1200},
        preset="calm",
        detectors=[
            {"name": "volume", "kind": "volume", "once_in_days": 10}, {"name": "level", "kind": "drift"},
        ],
    )  # fmt: skip
    assert differences(old, new) == [
        "brands.nordtel.usual_posts_per_day: 900.0 -> 1200.0",
        "brands.acme: removed",
        "preset: balanced -> calm",
        "detectors.volume.once_in_days: 7 -> 10",
        "detectors.level: added",
    ]


def test_the_order_of_brands_is_no_difference() -> None:
    assert differences(config(NORDTEL, ACME), config(ACME, NORDTEL)) == []


def test_an_empty_value_is_shown_as_null() -> None:
    assert differences(config(), config(score={"max_posts_per_source_per_minute": 60_000})) == [
        "score.max_posts_per_source_per_minute: null -> 60000"
    ]


def test_live_sections_can_change() -> None:
    new = config(
        NORDTEL, ACME, preset="calm", incidents={"negative_share": 0.5}, alerts={"samples": 3},
        score={"batch_records": 10},
    )  # fmt: skip
    check_live(config(), new)
    assert set(Config.model_fields) >= LIVE


def test_all_other_changes_are_refused_each_by_its_path() -> None:
    new = config(topics={"partitions": 8}, windows={"bucket_seconds": 600})
    with pytest.raises(ConfigError) as refused:
        check_live(config(), new)
    assert refused.value.problems == [
        "topics.partitions: can't change while workers run (4 -> 8): restart them",
        "windows.bucket_seconds: can't change while workers run (300 -> 600): restart them",
    ]


def test_a_quality_without_a_loaded_model_is_refused_by_its_brand() -> None:
    best = ACME | {"quality": "best"}
    with pytest.raises(ConfigError, match=r"brands\.acme\.quality: no model of this quality has been loaded"):
        check_live(config(), config(NORDTEL, best))
    check_live(config(NORDTEL, best), config(NORDTEL | {"quality": "best"}))
