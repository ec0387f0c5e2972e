"""The commands `backtest`: what it prints, writes and refuses."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

import pytest

from streams.errors import ConfigError, ExpectationFailed, InputError
from streams.offline.backtest.text import MOST_LISTED, incident_lines
from streams.offline.incident_matching import raised
from tests.support.alerts import alert
from tests.support.backtest import CONFIG, run

if TYPE_CHECKING:
    from pathlib import Path


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
    assert re.search(r"<p>\S*posts\.jsonl: [\d,]+ posts, [\d,]+ mentions of 2 brands", page)
    assert page.count("data:image/png;base64,") == 2 + 2  # what if, by config; a chart of each brand, by both configs
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


def test_incidents_are_listed_with_their_sentences_and_links(folder: Path) -> None:
    link = "https://boards.example/d/firewatch?brand={brand}&from={from_ms}"
    (folder / "linked.yaml").write_text(f"{CONFIG}alerts: {{generator_url: '{link}'}}\n")
    result = run(
        folder, "backtest", "--posts", "@posts.jsonl", "-c", "@linked.yaml", "--severity", "watch",
        "--report", "@linked.html",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    listed = re.search(
        r"^  (\d{4}-\S+ \S+)  nordtel +\w+  until \d{4}-.*\n +(Nordtel.*\.)\n +(https://boards\.example/\S+)$",
        result.output, re.MULTILINE,
    )  # fmt: skip
    assert listed, result.output
    page = (folder / "linked.html").read_text()
    assert escape(listed[2]) in page
    assert f'<a href="{escape(listed[3])}"' in page


def test_only_the_first_of_many_incidents_are_listed() -> None:
    many = raised(alert(f"f{number}", severity="watch") for number in range(MOST_LISTED + 7))
    lines = list(incident_lines(many, "watch"))
    assert len([line for line in lines if line.endswith("nordtel              watch  still open")]) == MOST_LISTED
    assert lines[-1] == "  and 7 more, which --report lists"
    assert list(incident_lines(many, "critical")) == [
        f"  and {MOST_LISTED + 7} that do not page: suppressed, or below critical"
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "one of them"),
        (["--posts", "@posts.jsonl", "--topic", "social.mentions"], "one of them"),
        (["--posts", "@posts.jsonl", "--from", "2026-03-02"], "--from and --to go with --topic"),
        (["--topic", "social.mentions", "--keep-order"], "--keep-order goes with --posts"),
        (
            ["--topic", "social.mentions", "--from", "2026-03-02T10:00Z", "--to", "2026-03-02T11:00+01:00"],
            "after --from",
        ),
        (["--topic", "social.mentions", "--from", "yesterday"], "'yesterday' is not a time"),
        (["--posts", "@nowhere.jsonl"], "no such file"),
    ],
)
def test_what_is_asked_for_must_make_sense(folder: Path, arguments: list[str], problem: str) -> None:
    result = run(folder, "backtest", *arguments, "--config", "@now.yaml")
    assert result.exit_code in {2, InputError.exit_code}
    assert problem in result.output
    assert "Traceback" not in result.output


def test_a_topic_is_not_played_through_configs_with_other_partitions(folder: Path) -> None:
    (folder / "wide.yaml").write_text(CONFIG.replace("partitions: 2", "partitions: 3"))
    result = run(
        folder, "backtest", "--topic", "social.mentions", "--config", "@wide.yaml", "--compare", "@now.yaml"
    )  # fmt: skip
    assert result.exit_code == ConfigError.exit_code
    assert "topics.partitions" in result.output


def test_posts_that_are_newest_first_are_sorted_and_give_the_same(folder: Path) -> None:
    lines = (folder / "posts.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "newest-first.jsonl").write_bytes(b"".join(lines[::-1]))
    for order in ([], ["--keep-order"]):
        outputs = [
            run(folder, "backtest", "--posts", f"@{posts}.jsonl", "-c", "@now.yaml", *order).output
            for posts in ("posts", "newest-first")
        ]
        counts = [
            re.search(r"(\d+ incidents?, \d+ of them).*(counted [\d,]+ \+ late [\d,]+)", each) for each in outputs
        ]
        assert all(counts)
        assert ("not in order of time, so it was sorted" in outputs[1]) == (not order)
        assert ("WARNING" in outputs[1]) == bool(order)
        assert (counts[0].groups() == counts[1].groups()) == (not order)  # type: ignore[union-attr]
