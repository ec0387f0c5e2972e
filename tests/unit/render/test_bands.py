"""The bands of a chart are those of the detectors with its units."""

from __future__ import annotations

from streams.config import Config
from streams.render.bands import Bands, bands_of


def test_bands_are_those_of_detectors_by_whatever_name() -> None:
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    detectors = [
        {"name": "level", "kind": "tone_drift"},
        {"name": "mood", "kind": "sentiment_shift"},
        {"name": "attention", "kind": "volume"},
        {"name": "second", "kind": "volume"},
    ]
    config = Config.model_validate({"brands": [brand], "detectors": detectors})
    assert bands_of(config.detectors_of()) == Bands(volume="attention", negative_share="mood")
    assert bands_of([]) == Bands()
