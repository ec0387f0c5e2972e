"""Files of labels that can't be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from streams.errors import ExpectationFailed, InputError
from tests.support.backtest import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("incidents: [{brand: a}]", "incidents[0].from: is required"),
        ("incidents: [{brand: a, from: 2026-01-02, to: 2026-01-01}]", "incidents[0].to: must be after `from`"),
        (
            "incident: []",
            "incident: unknown key; allowed here: false_alarms, incidents, undecided; did you mean incidents?",
        ),
        ("[", "is not valid YAML"),
    ],
)
def test_labels_that_can_not_be_used_are_told_by_their_place(folder: Path, text: str, problem: str) -> None:
    (folder / "bad.yaml").write_text(text)
    result = run(folder, "backtest", "--posts", "@posts.jsonl", "-c", "@now.yaml", "--labels", "@bad.yaml")
    assert result.exit_code == InputError.exit_code
    assert problem in result.output
    assert "Traceback" not in result.output


SPAN = "from: 2026-01-01, to: 2026-01-02"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f"incidents:\n  - {{brand: suedmilch, {SPAN}}}\n  - {{brand: nordtl, {SPAN}}}\n",
            "bad.yaml: incidents[1].brand: the config has no brand 'nordtl'; did you mean nordtel? (line 3)",
        ),
        (
            f"incidents:\n  - brand: Südmilch\n    {SPAN.replace(', ', chr(10) + '    ')}\n",
            "bad.yaml: incidents[0].brand: the config has no brand 'Südmilch'; did you mean suedmilch? (line 2)",
        ),
        (
            f"incidents: []\nfalse_alarms:\n  - {{brand: nord-tel, {SPAN}}}\n",
            "bad.yaml: false_alarms[0].brand: the config has no brand 'nord-tel'; did you mean nordtel? (line 3)",
        ),
        (
            f"incidents: []\nundecided:\n  - {{brand: acme, {SPAN}}}\n",
            "bad.yaml: undecided[0].brand: the config has no brand 'acme'; it has nordtel, suedmilch (line 3)",
        ),
    ],
)
@pytest.mark.parametrize("command", ["backtest", "tune"])
def test_a_brand_that_the_config_does_not_have_is_an_error_that_names_the_nearest(
    folder: Path, command: str, text: str, problem: str
) -> None:
    """It was a label that `backtest` missed under every config, and so a recall that was too low."""
    (folder / "bad.yaml").write_text(text)
    result = run(folder, command, "--posts", "@posts.jsonl", "-c", "@now.yaml", "--labels", "@bad.yaml")
    assert result.exit_code == InputError.exit_code
    assert problem in result.output


def test_all_unknown_brands_are_named_at_once(folder: Path) -> None:
    (folder / "bad.yaml").write_text(
        f"incidents: [{{brand: nordtle, {SPAN}}}, {{brand: nordtel, {SPAN}}}, {{brand: sudmilch, {SPAN}}}]\n"
    )
    output = run(folder, "backtest", "--posts", "@posts.jsonl", "-c", "@now.yaml", "--labels", "@bad.yaml").output
    assert [line.partition(" (")[0].rpartition("mean ")[2] for line in output.splitlines()] == [
        "nordtel?",
        "suedmilch?",
    ]


def test_a_brand_that_only_the_config_in_use_has_is_missed_by_the_new_one(folder: Path) -> None:
    (folder / "fewer.yaml").write_text(
        "\n".join(line for line in (folder / "now.yaml").read_text().splitlines() if "suedmilch" not in line)
    )
    (folder / "gone.yaml").write_text(f"incidents: [{{brand: suedmilch, {SPAN}}}]\n")
    arguments = ["backtest", "--posts", "@posts.jsonl", "-c", "@fewer.yaml", "--labels", "@gone.yaml"]
    assert run(folder, *arguments).exit_code == InputError.exit_code
    assert run(folder, *arguments, "--compare", "@now.yaml").exit_code == ExpectationFailed.exit_code


def test_cases_name_the_nearest_brand_and_its_line(folder: Path) -> None:
    (folder / "typo.yaml").write_text(
        "config: now.yaml\ncases:\n  - name: silence\n    posts: posts.jsonl\n    severity: critical\n"
        f"    expect: [{{brand: nordtell, {SPAN}}}]\n    quiet:\n      - südmilch\n"
    )
    result = run(folder, "test-config", "@typo.yaml")
    assert result.exit_code == ExpectationFailed.exit_code
    assert (
        "cases[0].expect[0].brand: the config has no brand 'nordtell'; did you mean nordtel? (line 6)" in result.output
    )
    assert "cases[0].quiet[0]: the config has no brand 'südmilch'; did you mean suedmilch? (line 8)" in result.output


def test_what_is_raised_in_an_undecided_span_counts_for_nothing(folder: Path) -> None:
    (span,) = yaml.safe_load((folder / "labels.yaml").read_text())["incidents"]
    del span["severity"]
    arguments = ["backtest", "--posts", "@posts.jsonl", "-c", "@now.yaml", "--severity", "watch", "--labels"]
    for section, precision in (("undecided", "-"), ("false_alarms", "0%")):
        (folder / "open.yaml").write_text(yaml.safe_dump({"incidents": [], section: [span]}))
        result = run(folder, *arguments, "@open.yaml")
        assert result.exit_code == 0
        assert f"now.yaml: recall - (0 of 0), precision {precision}, " in result.output
        left_out = "incidents raised in the undecided span of the labels count neither as found nor as false"
        assert (left_out in result.output) == (section == "undecided")
        assert ("known false alarms: 1 of 1 is raised again" in result.output) == (section == "false_alarms")
