"""All problems of a tree are found at once, and none that is only a consequence of another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from streams.config.rounds import check
from tests.support.config_trees import config_trees

BRAND = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
ACME = {"id": "acme", "name": "Acme", "match": {"any": ["acme"]}}


def fields(tree: dict[str, Any]) -> list[str]:
    return sorted(found.problem.field for found in check(tree).found)


def test_what_belongs_together_is_checked_beside_what_is_wrong_by_itself() -> None:
    """Pydantic checks what belongs together only after each part is valid: every repair showed a new problem."""
    tree = {
        "brands": [BRAND, {"id": "acme", "match": {"anny": ["acme"]}, "detectors": {"volum": {}}}, BRAND],
        "topics": {"partitions": 0},
        "windows": {"bucket_seconds": 420, "check_seconds": 11},
        "expected_events": [{"reason": "x", "day": "2026-02-30"}, {"day": "2026-03-01", "brands": ["akme"]}],
    }
    assert fields(tree) == [
        "brands[1].detectors.volum", "brands[1].match.anny", "brands[1].name", "brands[2].id",
        "expected_events[0].day", "expected_events[1].brands[0]", "expected_events[1].reason", "topics.partitions",
        "windows", "windows",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tree", "only"),
    [
        ({"brands": [BRAND | {"id": "Nord Tel"}], "maintenance": []}, "brands[0].id"),
        ({"brands": [BRAND, "acme"]}, "brands[1]"),
        ({"brands": ["acme"]}, "brands[0]"),
        ({"brands": [BRAND | {"detectors": {"surge": {"mode": "off"}}}], "detectors": [{"name": "surge"}]},
         "detectors[0].kind"),
        ({"brands": [BRAND], "default_detectors": False, "detectors": [{"name": "volume", "once_in_days": 1}]},
         "detectors[0].once_in_days"),
        ({"brands": [BRAND], "kafka": {"security_protocol": "SSLL", "ca_file": "x"}}, "kafka.security_protocol"),
        ({"brands": [BRAND], "expected_events": [{"reason": "x", "from": 20, "to": "2026-03-01"}]},
         "expected_events[0].from"),
        ({"brands": [BRAND], "detectors": [{"name": "crisis"}, {"name": "crisis"}]}, "detectors[1].name"),
        ({"brands": [BRAND], "expected_events": [{"reason": "x", "every": ["caturday"], "from": "8:00", "to": "9:00"}]},
         "expected_events[0].every[0]"),
        ({"brands": [BRAND], "maintenance": [{"reason": "x", "every": "fortnight", "from": "8:00", "to": "9:00"}]},
         "maintenance[0].every"),
        ({"brands": [BRAND], "expected_events": [{"holiday": "Xmas", "country": "DE", "from": "8:00", "to": "12:00"}]},
         "expected_events[0].holiday"),
        ({"brands": [BRAND], "expected_events": [{"reason": "x", "day": "2026-03-01", "brands": ["Nord tel"]}]},
         "expected_events[0].brands[0]"),
        ({"brands": [BRAND, {"id": "Ac me"}], "expected_events": [{"reason": "x", "day": "2026-03-01",
          "brands": ["Ac me"]}]}, None),
    ],
)  # fmt: skip
def test_a_consequence_of_a_problem_is_not_told(tree: dict[str, Any], only: str | None) -> None:
    if only is None:
        assert not [each for each in fields(tree) if "no brand" in each]
    else:
        assert fields(tree) == [only]


def test_a_detector_without_a_name_conceals_no_problem_of_the_others() -> None:
    """The name that stood in for it was none that a detector may have, so that the check ended with it."""
    tree = {"brands": [BRAND], "detectors": [{"kind": "drift"}, {"name": "tone", "kind": "volum"}, {"name": "tone"}]}
    assert fields(tree) == ["detectors[0].name", "detectors[1].kind", "detectors[2].name"]


def test_each_wrong_name_of_a_list_of_holidays_is_told() -> None:
    tree = {"brands": [BRAND], "expected_events": [{"holiday": ["Xmas", "Neujahr", "Pessach"], "country": "DE"}]}
    assert fields(tree) == ["expected_events[0].holiday[0]", "expected_events[0].holiday[2]"]


def test_all_that_does_not_fit_in_a_section_is_told_at_once() -> None:
    kafka = {"security_protocol": "SASL_PLAINTEXT", "key_file": "k", "ca_file": "c"}
    assert fields({"brands": [BRAND], "kafka": kafka}) == ["kafka"] * 4


def test_what_is_left_can_be_used() -> None:
    config = check({"brands": [BRAND, {"id": "acme"}], "topics": {"prefix": "x.", "partitions": 0}}).config
    assert config is not None
    assert [(brand.id, brand.name) for brand in config.brands] == [("nordtel", "Nordtel"), ("acme", "acme")]
    assert config.topics.prefix == "x."


def test_nothing_is_told_of_what_could_not_be_read() -> None:
    checked = check({"brands": [BRAND]}, [("alerts", "language"), ("windows",)])
    assert (checked.found, checked.config is not None) == ([], True)
    assert check({}, [("brands",)]).found == []


@given(config_trees)
def test_a_tree_is_refused_if_and_only_if_there_are_problems(tree: dict[str, Any]) -> None:
    checked = check(tree)
    assert checked.found or checked.config is not None
    assert len({(found.path, found.problem.message) for found in checked.found}) == len(checked.found)
