"""Thresholds that one word selects."""

from __future__ import annotations

import pytest

from detectors import registry
from streams.config.presets import RARENESS, thresholds


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_preset_is_valid_for_every_kind_and_balanced_is_the_default(kind: str) -> None:
    defaults = {name: parameter.default for name, parameter in registry.parameters(kind).items()}
    for preset in RARENESS:
        registry.build(kind, thresholds(preset, kind))
    assert defaults | thresholds("balanced", kind) == defaults


@pytest.mark.parametrize("kind", registry.KINDS)
def test_calm_waits_for_rarer_events_than_sensitive(kind: str) -> None:
    calm, sensitive = thresholds("calm", kind), thresholds("sensitive", kind)
    assert calm.keys() == sensitive.keys()
    assert all(calm[name] > sensitive[name] for name in calm)


def test_an_unknown_kind_has_no_thresholds() -> None:
    assert thresholds("calm", "seismograph") == {}
