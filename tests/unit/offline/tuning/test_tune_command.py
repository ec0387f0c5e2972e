"""`firewatch tune` on simulated posts: what it suggests is what a backtest finds, and nothing is written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.config.loader import load_config
from streams.errors import ConfigError, InputError
from streams.offline.backtest import run_configs, scored
from streams.offline.tuning.candidate_run import run_candidates
from streams.offline.tuning.candidates import distinct, parameters

if TYPE_CHECKING:
    from pathlib import Path

    from streams.offline.incident_matching import RaisedIncident, Rise

DAYS = 6
THINNED = 6
"""One post in so many is kept: enough for storms to be seen."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six simulated days with a firestorm each, labels from their truth, a config that fires at too much, and one that
    watches the same brands by other settings."""
    made = tmp_path_factory.mktemp("tune")
    lines: list[str] = []
    labels = []
    for day in range(DAYS):
        result = run(
            made, "simulate", "--out", "@day.jsonl", "--seed", str(day + 1), "--days", "1", "--brands", "3",
            "--scenario", "firestorm", "--start", f"2026-03-0{day + 2}",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        lines += (made / "day.jsonl").read_text().splitlines()[::THINNED]
        labels += [
            {"brand": event["brand"], "from": event["onset"], "to": event["end"]}
            for event in json.loads((made / "day.truth.json").read_text())["events"]
        ]
    (made / "posts.jsonl").write_text("\n".join(lines) + "\n")
    (made / "short.jsonl").write_text("\n".join(lines[:1000]) + "\n")
    (made / "labels.yaml").write_text(yaml.safe_dump({"incidents": labels}))
    brands = yaml.safe_load((made / "day.yaml").read_text())["brands"]
    for brand in brands:
        brand["usual_posts_per_day"] /= THINNED
    tree = {
        "brands": brands,
        "topics": {"partitions": 2},
        "windows": {"bucket_seconds": 900, "check_seconds": 300},
        "detectors": [
            {"name": "volume", "kind": "volume"},
            {"name": "crisis", "kind": "composite", "once_in_days": 2.2},
        ],
    }
    (made / "c.yaml").write_text(yaml.safe_dump(tree))
    tree["detectors"] = [{"name": "volume", "kind": "volume", "mode": "shadow"}]
    (made / "shadow.yaml").write_text(yaml.safe_dump(tree))
    return made


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [each.replace("@", f"{folder}/") for each in arguments])


def tune(folder: Path, *arguments: str, posts: str = "posts", config: str = "c") -> Result:
    return run(folder, "tune", "--posts", f"@{posts}.jsonl", "-c", f"@{config}.yaml", *arguments)


@pytest.fixture(scope="module")
def printed(folder: Path) -> bytes:
    """What it prints for programs; the config is not touched by that."""
    config = folder / "c.yaml"
    before = config.read_bytes(), config.stat().st_mtime_ns
    config.chmod(0o444)
    there = sorted(folder.iterdir())
    result = tune(folder, "--labels", "@labels.yaml", "--json")
    assert result.exit_code == 0, result.output
    assert (config.read_bytes(), config.stat().st_mtime_ns) == before
    assert sorted(folder.iterdir()) == there
    return result.stdout_bytes


@pytest.fixture(scope="module")
def result(printed: bytes) -> dict[str, Any]:
    tree: dict[str, Any] = orjson.loads(printed)
    return tree


def test_a_config_that_fires_at_too_much_is_told_to_fire_at_less(result: dict[str, Any]) -> None:
    assert result["labels"] == DAYS
    assert result["now"]["false"] > 0
    suggestion = result["suggestion"]
    assert result["keep_because"] == []
    assert suggestion["times_as_rare"] > 1
    assert suggestion["false"] < result["now"]["false"]
    assert suggestion["score"] > result["now"]["score"]
    assert result["held_out"]["score"] > result["now"]["score"]
    assert result["held_out"]["recall"] >= result["now"]["recall"]
    assert sum(fold["labels"] for fold in result["folds"]) == DAYS
    curve = next(each for each in result["curves"] if each["turned"] == suggestion["turned"])
    assert any(first <= suggestion["times_as_rare"] <= last for first, last in curve["flat"])


def test_the_trade_off_falls_from_many_false_incidents_to_few(result: dict[str, Any]) -> None:
    curve = next(each for each in result["curves"] if each["turned"] == "all")
    false = [point["false_per_brand_week"] for point in curve["points"]]
    assert false[0] > false[-1]
    assert [point["times_as_rare"] for point in curve["points"]] == sorted(
        point["times_as_rare"] for point in curve["points"]
    )
    assert result["brand_weeks"] == pytest.approx(3 * DAYS / 7, rel=0.05)


def test_what_is_suggested_does_in_a_backtest_what_was_said(folder: Path, result: dict[str, Any]) -> None:
    suggestion = result["suggestion"]
    tree = yaml.safe_load((folder / "c.yaml").read_text()) | yaml.safe_load(suggestion["yaml"])
    (folder / "suggested.yaml").write_text(yaml.safe_dump(tree))
    backtest = run(
        folder, "backtest", "--posts", "@posts.jsonl", "-c", "@suggested.yaml", "--compare", "@c.yaml",
        "--labels", "@labels.yaml",
    )  # fmt: skip
    for name, figures in (("suggested", suggestion), ("c", result["now"])):
        line = next(line for line in backtest.output.splitlines() if f"{name}.yaml: recall" in line)
        assert f"recall {figures['recall']:.0%}" in line
        assert f"precision {figures['precision']:.0%}" in line
        assert f"median delay {figures['delay_minutes']:.1f} min" in line
    false = re.split(r"suggested\.yaml: recall", backtest.output)[-1].count("\n  false ")
    assert false == suggestion["false"]


def test_again_it_says_the_same(folder: Path, printed: bytes) -> None:
    assert tune(folder, "--labels", "@labels.yaml", "--json").stdout_bytes == printed


def told(incidents: list[RaisedIncident]) -> list[tuple[str, list[Rise], list[str]]]:
    return sorted((each.brand, each.rises, list(each.labels)) for each in incidents)


def test_candidates_raise_together_what_each_raises_alone(folder: Path) -> None:
    config = load_config(folder / "c.yaml")
    candidates = distinct(parameters(config))
    with scored(str(folder / "posts.jsonl"), config, processes=2) as mentions:
        assert len(mentions.files) > 1
        runs = run_candidates(config, [each.days for each in candidates], mentions, processes=2)
        some = range(0, len(candidates), 8)
        alone = run_configs([("", candidates[place].config) for place in some], mentions, series=False)
    assert [told(runs.raised[place]) for place in some] == [told(each.raised) for each in alone]
    assert len({str(told(raised)) for raised in runs.raised}) > 3


def test_the_page_shows_the_curves_and_all_that_the_terminal_does(folder: Path) -> None:
    result = tune(folder, "--labels", "@labels.yaml", "--report", "@tune.html")
    assert result.exit_code == 0, result.output
    page = (folder / "tune.html").read_text()
    assert page.count("data:image/png;base64,") == 1
    assert not re.search(r'(src|href)="(?!data:)', page)
    for said in ("all detectors together", "crisis alone:", "cross-validation:", "held out", "flat from", "detectors:"):
        assert said in result.output
        assert said in page
    assert "suggested in place of `detectors` in" in result.output
    assert re.search(r"note: it differs from the config in use by [1-4] incidents? only\n", result.output)


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


def test_a_report_never_goes_over_what_is_read(folder: Path) -> None:
    before = (folder / "c.yaml").read_bytes()
    result = tune(folder, "--labels", "@labels.yaml", "--report", "@c.yaml", posts="short")
    assert result.exit_code == InputError.exit_code
    assert "is read, so nothing can be written there" in result.output
    assert (folder / "c.yaml").read_bytes() == before


def test_posts_that_are_not_there_and_no_source_at_all_are_told(folder: Path) -> None:
    result = tune(folder, "--labels", "@labels.yaml", posts="nowhere")
    assert result.exit_code == InputError.exit_code
    assert "nowhere.jsonl" in result.output
    result = run(folder, "tune", "-c", "@c.yaml", "--labels", "@labels.yaml")
    assert result.exit_code != 0
    assert "--posts" in result.output
