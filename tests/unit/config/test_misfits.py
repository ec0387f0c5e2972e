"""What does not fit together across sections is refused at its place, all of it at once."""

from __future__ import annotations

from typing import Any

import pytest

from streams.config.rounds import check

BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
ACME = {"id": "acme", "name": "Acme", "match": {"any": ["acme"]}}
OFF = {name: {"mode": "off"} for name in ("volume", "tone", "crisis")}
EVENT = {"reason": "x", "day": "2026-03-05"}


def problems(**sections: Any) -> list[str]:
    return [str(found.problem) for found in check({"brands": [BRAND, ACME]} | sections).found]


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"brands": [BRAND, ACME, BRAND]}, "brands[2].id: must be unique, and brands[0].id is 'nordtel' already"),
        (
            {"detectors": [{"name": "a", "kind": "volume"}] * 2},
            "detectors[1].name: must be unique, and detectors[0].name is 'a' already",
        ),
        (
            {"detectors": [{"name": "a", "kind": "volumes"}]},
            "detectors[0].kind: unknown detector kind 'volumes'; there are volume, sentiment_shift, composite, "
            "multivariate, drift, tone_drift, river; did you mean volume?",
        ),
        (
            {"detectors": [{"name": "surge"}]},
            "detectors[0].kind: is required, since 'surge' is none of the defaults (volume, tone, crisis): one of "
            "volume, sentiment_shift, composite, multivariate, drift, tone_drift, river",
        ),
        (
            {"detectors": [{"name": "volume", "once_in_day": 9}]},
            "detectors[0].once_in_day: is not a parameter of kind 'volume'; there are once_in_days, refractory_hours, "
            "at_least_times, direction; did you mean once_in_days?",
        ),
        (
            {"detectors": [{"name": "volume", "enabled": False}]},
            "detectors[0].enabled: is not a parameter: write `mode: off` for a detector that does not run, got "
            "'enabled'",
        ),
        (
            {"expected_events": [EVENT | {"brands": ["acne"]}]},
            "expected_events[0].brands[0]: there is no brand 'acne'; there are acme, nordtel; did you mean acme?",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_at_its_place(sections: dict[str, Any], problem: str) -> None:
    assert problems(**sections) == [problem]


def test_every_wrong_parameter_of_every_detector_is_named() -> None:
    brand = BRAND | {"detectors": {"tone": {"once_in_days": 1}, "volum": {}}}
    found = problems(brands=[brand, ACME], detectors=[{"name": "volume", "once_in_days": 1, "direction": "left"}])
    assert [each.partition(": ")[0] for each in found] == [
        "detectors[0].direction", "detectors[0].once_in_days", "brands[0].detectors.tone.once_in_days",
        "brands[0].detectors.volum",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sections", "modes"),
    [
        ({"detectors": [{"name": name, "mode": "off"} for name in OFF]}, "volume off, tone off, crisis off"),
        ({"detectors": [{"name": "a", "kind": "drift", "mode": "shadow"}], "default_detectors": False}, "a shadow"),
        ({"default_detectors": False}, "there is none"),
    ],
)
def test_a_config_without_a_live_detector_is_refused(sections: dict[str, Any], modes: str) -> None:
    """It used to run for ever without an alert."""
    (problem,) = problems(**sections)
    assert problem.startswith(
        f"detectors: no detector is live ({modes}), so no brand (nordtel, acme) can raise an alert:"
    )


def test_a_brand_without_a_live_detector_is_named() -> None:
    assert problems(brands=[BRAND, ACME | {"detectors": OFF}]) == [
        "brands[1].detectors: no detector of brand 'acme' is live (volume off, tone off, crisis off), so it can't "
        "raise an alert: set `mode: live` for one of them, or remove the brand"
    ]
    off = [{"name": name, "mode": "off"} for name in OFF]
    live = ACME | {"detectors": {"volume": {"mode": "live"}}}
    (problem,) = problems(brands=[BRAND, live], detectors=off)
    assert problem.startswith("brands[0].detectors: no detector of brand 'nordtel' is live")
    assert problems(brands=[live], detectors=off) == []
