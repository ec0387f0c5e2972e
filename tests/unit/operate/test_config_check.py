"""The whole check of a config file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.operate.config_check import check_file
from tests.support.cli import BRANDS

if TYPE_CHECKING:
    from pathlib import Path

    from streams.operate.config_check import ConfigCheck


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "firewatch.yaml"


def check(path: Path, text: str, **environment: str) -> ConfigCheck:
    path.write_text(text)
    return check_file(path, {"FIREWATCH_AUTHOR_KEY": "own"} | environment, look_for_files=True)


def test_problems_of_every_sort_are_told_together_by_their_lines(path: Path) -> None:
    text = (
        f"{BRANDS}"
        "topics: {partitions: 0, partitions: 99999999999999999999}\n"
        "presett: calm\n"
        "sentiment: {weights: nowhere.json}\n"
        "alerts: {generator_url: 'http://x/{brandd}'}\n"
        'incidents: {quiet_below: "0.5}\n'
        "windows: {bucket_seconds: 420}\n"
        "detectors: [{name: volume, once_in_days: 1}]\n"
    )
    found = check(path, text, FIREWATCH__SCORE__BATCH_RECORDS="0", FIREWATCH__ALERTS__SAMPLES="{").problems
    assert [(each.line, each.field) for each in found] == [
        (None, ""),
        (None, "score.batch_records"),
        (3, ""),
        (3, ""),
        (4, "presett"),
        (5, "sentiment.weights"),
        (6, "alerts.generator_url"),
        (7, ""),
        (8, "windows"),
        (9, "detectors[0].once_in_days"),
    ]


def test_terms_that_match_nothing_and_a_known_key_for_authors_are_problems_with_a_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREWATCH_AUTHOR_KEY", raising=False)
    text = BRANDS.replace("[nordtel]", "['@#', nordtel]") + "kafka: {bootstrap_servers: 'kafka.example:9092'}\n"
    found = check(path, text).problems
    assert [(each.line, each.field) for each in found] == [(None, "author_key_file"), (2, "brands[0].match.any[0]")]


def test_an_own_list_of_detectors_is_told_with_what_runs_beside_it(path: Path) -> None:
    done = check(
        path, f"{BRANDS}detectors: [{{name: volume, once_in_days: 9}}, {{name: mood, kind: sentiment_shift}}]\n"
    )
    assert done.added == ["tone", "crisis"]
    assert done.remarks[0].startswith("detectors: the defaults tone, crisis run beside those in the list")
    assert done.remarks[1].startswith("detectors: mood and the default tone are of the kind sentiment_shift")
    one = check(path, f"{BRANDS}detectors: [{{name: volume}}, {{name: tone}}]\n")
    assert one.remarks[0].startswith("detectors: the default crisis runs beside those in the list")
    for alone in ("detectors: []\n", "default_detectors: false\ndetectors: [{name: volume}]\n", ""):
        assert check(path, BRANDS + alone).remarks == []


def test_the_result_is_plain_values_for_programs(path: Path) -> None:
    good = check(path, BRANDS).as_json()
    assert (good["good"], good["problems"], good["brands"]) == (True, [], ["nordtel"])
    assert good["detectors"][0] == {"name": "volume", "kind": "volume", "mode": "live", "added": False}
    bad = check(path, f"{BRANDS}topics: {{partitions: many}}\n").as_json()
    assert bad["good"] is False
    assert bad["problems"] == [
        {
            "line": 3,
            "column": None,
            "variable": None,
            "field": "topics.partitions",
            "value": "many",
            "message": "must be a whole number, got 'many'",
        }
    ]


def test_a_file_that_can_not_be_read_is_a_problem_too(path: Path) -> None:
    done = check_file(path, {}, look_for_files=True)
    assert [str(problem) for problem in done.problems] == ["no such file"]


def test_the_content_of_a_list_of_feeds_is_checked(path: Path, tmp_path: Path) -> None:
    listed = tmp_path / "feeds.txt"
    listed.write_text("https://a.example/rss\nfeeds.example\n")
    text = "brands: [{id: nordtel, name: Nordtel, match: {any: [nordtel]}}]\nsources:\n"
    found = check(path, text + f"  - {{id: news, kind: feeds, urls_file: {listed}}}\n")
    [problem] = found.problems
    assert (problem.field, problem.line) == ("sources[0].urls_file", 3)
    assert "feeds.txt, line 2: must be a URL that begins with http:// or https://" in str(problem)
