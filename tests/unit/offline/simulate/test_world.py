from __future__ import annotations

import re
import statistics
from importlib.resources import files
from pathlib import Path

import pytest

from streams.config import Config
from streams.core.text.matching import Matcher
from streams.offline.simulate.world import world

# Companies and products of the sectors that the world has brands in, and some that everybody knows.
REAL = frozenset(Path(__file__).with_name("real_companies.txt").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("name", ["brands.toml", "phrases_de.toml", "phrases_en.toml"])
def test_names_no_real_company(name: str) -> None:
    text = files("streams.offline.simulate").joinpath(name).read_text(encoding="utf-8").lower()
    words = set(re.findall(r"[\w&.-]*\w", text))
    assert not words & REAL


def test_generated_names_are_unique_and_no_real_companies() -> None:
    brands = world(500)
    for field in ("id", "name", "handle"):
        assert len({getattr(brand, field) for brand in brands}) == 500
    assert not {brand.id for brand in brands} & REAL


def test_a_larger_world_begins_with_the_smaller_one() -> None:
    assert world(40)[:13] == world(13)


def test_usual_volumes_spread_over_orders_of_magnitude() -> None:
    volumes = [brand.posts_per_day for brand in world(200)]
    assert min(volumes) >= 20
    assert 3_000 < max(volumes) <= 8_000
    assert 300 < statistics.median(volumes) < 700


def test_tones_are_shares() -> None:
    for brand in world(200):
        assert 0.1 <= brand.negative <= 0.36
        assert brand.positive >= 0.09
        assert brand.negative + brand.positive <= 0.7
        assert 0 <= brand.german <= 1


def test_config_of_a_large_world_is_valid() -> None:
    config = Config.model_validate({"brands": [brand.to_config() for brand in world(200)]})
    matcher = Matcher.of(config)
    for brand in world(200):
        assert matcher.match(f"Heute bei {brand.name} gewesen") == (brand.id,)
        for phrase in (*brand.exclude, *brand.lookalikes):
            assert matcher.match(f"Heute: {phrase}.") == (), phrase
