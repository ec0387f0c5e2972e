"""Labels have to fit the config and the posts, and too few of them suggest nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from streams.errors import ConfigError, InputError
from tests.support.tuning import tune

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("count", [1, 4])
def test_few_labels_say_too_little(folder: Path, count: int) -> None:
    labels = yaml.safe_load((folder / "labels.yaml").read_text())["incidents"]
    at = [{"from": f"2026-03-02T0{hour}:00:00Z", "to": f"2026-03-02T0{hour}:30:00Z"} for hour in range(1, count + 1)]
    few = [{"brand": labels[0]["brand"]} | each for each in at]
    (folder / "few.yaml").write_text(yaml.safe_dump({"incidents": few}))
    result = tune(folder, "--labels", "@few.yaml", posts="short")
    assert result.exit_code == 0, result.output
    assert f"{count} {'label is' if count == 1 else 'labels are'} too few: all of fewer than 5" in result.output
    assert re.search(r"it takes about \d+ labels to know it", result.output)
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
        ("[{brand: nordtel}]", "bad.yaml: incidents[0].from: is required"),
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
    assert "none is live, so there is nothing to tune" in result.output
