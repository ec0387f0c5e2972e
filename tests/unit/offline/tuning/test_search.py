"""Labels have to fit the config and the posts, and too few of them suggest nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from detectors.units import MINUTE_MS
from streams.errors import ConfigError, InputError
from streams.offline.backtest import evaluate
from streams.offline.tuning.candidates import parameters
from streams.offline.tuning.curve import choose, flat_ranges
from streams.offline.tuning.objective import score
from streams.offline.tuning.search import TuningResult
from streams.offline.tuning.text import lines
from tests.support.tuning import config, incident, label, tune

if TYPE_CHECKING:
    from pathlib import Path

    from streams.offline.backtest import LabelEvaluation


@pytest.mark.parametrize("count", [1, 4])
def test_few_labels_say_too_little(folder: Path, count: int) -> None:
    labels = yaml.safe_load((folder / "labels.yaml").read_text())["incidents"]
    at = [{"from": f"2026-03-02T0{hour}:00:00Z", "to": f"2026-03-02T0{hour}:30:00Z"} for hour in range(1, count + 1)]
    few = [{"brand": labels[0]["brand"]} | each for each in at]
    (folder / "few.yaml").write_text(yaml.safe_dump({"incidents": few}))
    result = tune(folder, "--labels", "@few.yaml", posts="short")
    assert result.exit_code == 0, result.output
    assert f"{count} {'label is' if count == 1 else 'labels are'} too few: all of fewer than 5" in result.output
    labels_are = f"of {count} {'label' if count == 1 else 'labels'} may be anything"
    assert re.search(rf"{labels_are} .* it takes about \d+ labels to know it", result.output)
    assert re.search(r"^keep .* as it is:$", result.output, re.MULTILINE)
    assert "suggested in place" not in result.output
    assert tune(folder, "--labels", "@few.yaml", "--json", posts="short").exit_code == 0


@pytest.mark.parametrize(
    ("incidents", "problem"),
    [
        ("[]", "bad.yaml: incidents: there are none"),
        (
            "[{brand: acme, from: 2026-03-02T01:00:00Z, to: 2026-03-02T02:00:00Z}]",
            "bad.yaml: incidents[0].brand: the config has no brand 'acme'; it has nordtel, aerovanta, bruemmerling",
        ),
        (
            "[{brand: nordtel, from: 2026-03-02T01:00:00Z, to: 2026-03-02T02:00:00Z}, "
            "{brand: nordtel, from: 2026-03-02T01:00:00Z, to: 2026-03-02T03:00:00Z}]",
            "bad.yaml: incidents[1]: is the same as incidents[0]; drop one",
        ),
        (
            "[{brand: nordtel, from: 2025-03-02T01:00:00Z, to: 2025-03-02T02:00:00Z}]",
            "label 'nordtel 2025-03-02 01:00': begins at 2025-03-02 01:00, outside of the posts, which go from 2026",
        ),
        ("[{brand: nordtel}]", "bad.yaml:1: incidents[0].from: is required"),
    ],
)
def test_labels_that_do_not_fit_are_refused(folder: Path, incidents: str, problem: str) -> None:
    (folder / "bad.yaml").write_text(f"incidents: {incidents}\n")
    result = tune(folder, "--labels", "@bad.yaml", posts="short")
    assert result.exit_code == InputError.exit_code
    assert problem in result.output
    assert "Traceback" not in result.output


def test_a_brand_that_no_post_names_can_not_be_tuned_for(folder: Path) -> None:
    tree = yaml.safe_load((folder / "c.yaml").read_text())
    tree["brands"].append({"id": "silent", "name": "Silent", "match": {"any": ["silentium"]}})
    (folder / "silent.yaml").write_text(yaml.safe_dump(tree))
    (folder / "bad.yaml").write_text(
        "incidents: [{brand: silent, from: 2026-03-02T01:00:00Z, to: 2026-03-02T02:00:00Z}]\n"
    )
    result = tune(folder, "--labels", "@bad.yaml", posts="short", config="silent")
    assert result.exit_code == InputError.exit_code
    assert "label 'silent 2026-03-02 01:00': no post names 'silent'" in result.output


def test_nothing_is_tuned_where_no_detector_is_live(folder: Path) -> None:
    result = tune(folder, "--labels", "@labels.yaml", posts="short", config="shadow")
    assert result.exit_code == ConfigError.exit_code
    assert "detectors: no detector is live (volume shadow)" in result.output


@pytest.mark.parametrize(("minutes", "is_warned"), [(0.0, False), (3.0, True)])
def test_a_suggestion_that_finds_the_same_incidents_later_is_warned_of(minutes: float, is_warned: bool) -> None:
    tuned = parameters(config(detectors=[{"name": "volume"}], default_detectors=False))
    labels = [label(brand, 0) for brand in ("alpha", "beta", "gamma", "delta")]

    def evaluation(found: int, delay_minutes: float) -> LabelEvaluation:
        raised = [incident(each.brand, round(delay_minutes * MINUTE_MS)) for each in labels[:found]]
        return evaluate(labels, raised, "warning")

    candidates, current = tuned[0].candidates, tuned[0].current
    best = len(candidates) - 1
    curve = [evaluation(4, minutes) if place == best else evaluation(2, 0.0) for place in range(len(candidates))]
    scores = [[score(each) for each in curve]]
    choice = choose(scores, [current], 0.02)
    result = TuningResult(
        config(), "warning", 0.02, labels, tuned[:1], [curve], 1.0, flat_ranges(scores, 0.02), choice, [], [], 0, 0, 0
    )
    warned = [each for each in result.warnings if each.startswith("it finds the same incidents later")]
    assert bool(warned) == is_warned
    if is_warned:
        assert "2 labels are found by both, +3.0 min in the median and at most +3.0 min (beta 1970-" in warned[0]
    assert any(f"{minutes:+.1f} min" in line for line in lines(result, "c.yaml"))
