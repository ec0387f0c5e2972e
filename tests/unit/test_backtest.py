"""What a config would have raised: against labels, against another config, as a page, and as cases."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from streams.backtest import compare, judge
from streams.backtest.expected import Expected
from streams.backtest.whatif import curves
from streams.cli import cli
from streams.config import Config
from streams.course import Course
from streams.errors import ExpectationFailed, InputError
from streams.evaluation.matching import Raised, Rise
from streams.records import Window, WindowScore
from tests.unit.test_monitor import START, story

if TYPE_CHECKING:
    from pathlib import Path

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
STORM_MS = START + 400 * MINUTE_MS

CONFIG = """\
brands:
  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}, usual_posts_per_day: 1440}
  - {id: suedmilch, name: Südmilch, match: {any: [südmilch]}, usual_posts_per_day: 1440}
topics: {partitions: 2}
"""


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Posts with a storm about one brand, configs that see it and that do not, and labels."""
    made = tmp_path_factory.mktemp("backtest")
    lines = [
        {"id": each.id, "source": each.source, "author": each.author, "created_at": iso(each.ts_ms), "text": each.text}
        for each in sorted(story(1), key=lambda post: post.ts_ms)
    ]
    (made / "posts.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    (made / "now.yaml").write_text(CONFIG)
    (made / "off.yaml").write_text(CONFIG + "detectors: [{name: volume, kind: volume, mode: shadow}]\n")
    storm = (
        f"{{brand: nordtel, from: '{iso(STORM_MS)}', to: '{iso(STORM_MS + HOUR_MS)}', severity: watch, name: storm}}"
    )
    (made / "labels.yaml").write_text(f"incidents:\n  - {storm}\n")
    (made / "cases.yaml").write_text(
        "config: now.yaml\ncases:\n"
        f"  - {{name: the storm, posts: posts.jsonl, severity: watch, expect: [{storm}], quiet: [suedmilch]}}\n"
        "  - {name: silence, posts: posts.jsonl, severity: watch, quiet: [nordtel]}\n"
    )
    return made


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [each.replace("@", f"{folder}/") for each in arguments])


def test_a_config_that_misses_a_labelled_incident_fails_and_shows_what_is_lost(folder: Path) -> None:
    result = run(
        folder, "backtest", "--posts", "@posts.jsonl", "--config", "@off.yaml", "--compare", "@now.yaml",
        "--labels", "@labels.yaml", "--severity", "watch", "--report", "@out.html",
    )  # fmt: skip
    assert result.exit_code == ExpectationFailed.exit_code
    assert "off.yaml misses storm" in result.output
    assert re.search(r"gained 0, lost \d+, moved 0, as before 0", result.output)
    assert re.search(r"now\.yaml: recall 100% \(1 of 1\)", result.output)
    assert re.search(r"off\.yaml: recall 0% \(0 of 1\), precision -, median delay -", result.output)
    page = (folder / "out.html").read_text()
    assert page.count("data:image/png;base64,") == 2 + 2 * 2
    assert not re.search(r'(src|href)="(?!data:)', page)


def test_a_config_that_finds_all_is_good(folder: Path) -> None:
    result = run(
        folder,
        "backtest",
        "--posts",
        "@posts.jsonl",
        "-c",
        "@now.yaml",
        "--labels",
        "@labels.yaml",
        "--severity",
        "watch",
    )
    assert result.exit_code == 0, result.output
    assert "found   storm" in result.output


def test_cases_say_which_fail_and_why(folder: Path) -> None:
    result = run(folder, "test-config", "@cases.yaml")
    assert result.exit_code == ExpectationFailed.exit_code
    assert "ok      the storm" in result.output
    assert "FAILED  silence" in result.output
    assert "should be quiet: " in result.output


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("incidents: [{brand: a}]", "incidents[0].from: is required"),
        ("incidents: [{brand: a, from: 2026-01-02, to: 2026-01-01}]", "incidents[0].to: must be after `from`"),
        ("incident: []", "incident: unknown key; allowed here: incidents"),
        ("[", "is not valid YAML"),
    ],
)
def test_labels_that_can_not_be_used_are_told_by_their_place(folder: Path, text: str, problem: str) -> None:
    (folder / "bad.yaml").write_text(text)
    result = run(folder, "backtest", "--posts", "@posts.jsonl", "-c", "@now.yaml", "--labels", "@bad.yaml")
    assert result.exit_code == InputError.exit_code
    assert problem in result.output
    assert "Traceback" not in result.output


def incident(brand: str, *rises: tuple[int, str]) -> Raised:
    return Raised(brand, f"{brand}{rises}", [Rise(at, level) for at, level in rises])  # type: ignore[arg-type]


def test_precision_counts_what_pages_and_recall_what_was_expected() -> None:
    begin, end = datetime.fromtimestamp(100, UTC), datetime.fromtimestamp(200, UTC)
    expected = [Expected.model_validate({"brand": brand, "from": begin, "to": end}) for brand in ("a", "b", "c")]
    incidents = [
        incident("a", (110_000, "watch"), (130_000, "critical")),
        incident("a", (0, "warning")),
        incident("b", (150_000, "watch")),
        incident("d", (150_000, "suppressed")),
    ]
    judged = judge(expected, incidents, "warning")
    assert [each.brand for each in judged.missed] == ["b", "c"]
    assert judged.recall == pytest.approx(1 / 3)
    assert judged.precision == 1 / 2
    assert judged.delay_minutes == 0.5


def test_each_incident_is_paired_once_with_the_nearest() -> None:
    current = [incident("a", (0, "warning")), incident("a", (HOUR_MS, "warning")), incident("b", (0, "warning"))]
    new = [
        incident("a", (HOUR_MS + 1, "warning")),
        incident("b", (7 * HOUR_MS, "critical")),
        incident("b", (0, "watch")),
    ]
    found = compare(current, new, "warning")
    assert [(pair.current_ms, pair.new_ms) for pair in found.moved] == [(HOUR_MS, HOUR_MS + 1)]
    assert [each.brand for each in found.lost] == ["a", "b"]
    assert [each.brand for each in found.gained] == ["b"]


def test_the_what_if_curve_falls_and_meets_what_fired_at_the_threshold_in_use() -> None:
    config = Config.model_validate(
        {
            "brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}],
            "detectors": [{"name": "volume", "kind": "volume"}, {"name": "level", "kind": "drift"}],
        }
    )
    course = Course()
    for index in range(2016):
        score = WindowScore({100: 1.0, 101: 1.2, 1000: 3.0, 1500: 0.9}.get(index, 0.0), 1, 1, 0, 2, None)
        scores = {"volume": score, "level": score}
        course.add(Window("a", index * 300_000, 300_000, 1, 0, 0, 0, 1, 0, 0, 1.0, scores, "c"))
    (curve,) = curves(config, {"a": course})
    at = dict(zip(curve.days, curve.firings, strict=True))
    assert curve.in_use == 7
    assert at[7] == 2
    assert at[5] == 3
    assert list(curve.firings) == sorted(curve.firings, reverse=True)
