"""The detectors that the example config shows as comments."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
import yaml

from detectors.registry import KINDS, build
from tests.support.paths import DEPLOY

EXAMPLE = DEPLOY / "config.example.yaml"


def shown() -> dict[str, dict[str, Any]]:
    """Parameters of each kind, with those in comments."""
    section = re.search(r"(?m)^detectors:\n((?:  .*\n)+)", EXAMPLE.read_text(encoding="utf-8"))
    assert section is not None
    text = re.sub(r"(?m)^  # (- name|  )", r"  \1", section[1])
    return {detector.pop("kind"): detector for detector in yaml.safe_load(text)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_shown_with_every_parameter_at_its_default(kind: str) -> None:
    settings = dict(shown()[kind])
    assert settings.pop("name")
    settings.pop("mode", None)
    parameters = inspect.signature(KINDS[kind]).parameters.values()
    assert settings == {each.name: each.default for each in parameters if each.name != "usual_posts_per_day"}
    assert build(kind, settings).kind == kind
