"""What a config would have raised: against labels, against another config, as a page, and as cases."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner, Result

from detectors.units import HOUR_MS, MINUTE_MS
from streams.cli import cli
from streams.config import Config
from streams.core.detect.partition import PartitionMonitor
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.core.sentiment import LinearModel
from streams.errors import ConfigError, ExpectationFailed, InputError
from streams.offline.backtest import TimeRange, compare, evaluate, run_configs, scored, scored_alike
from streams.offline.backtest.from_topic import Cut
from streams.offline.backtest.labels import Expected
from streams.offline.backtest.whatif import curves
from streams.offline.incident_matching import RaisedIncident, Rise
from streams.offline.replay import Replay
from streams.records import Window, WindowScore
from streams.render.bucket_series import BucketSeries
from streams.sources.registry import open_posts
from tests.support.two_brands import PARTITIONS, START, WordModel, config, story

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from streams.records import Alert, Deletions, Envelope, Post, Progress

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
    assert re.search(r"<p>\S*posts\.jsonl: [\d,]+ posts, [\d,]+ mentions of 2 brands", page)
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
    ("arguments", "problem"),
    [
        ([], "one of them"),
        (["--posts", "@posts.jsonl", "--topic", "social.mentions"], "one of them"),
        (["--posts", "@posts.jsonl", "--from", "2026-03-02"], "--from and --to go with --topic"),
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


def test_side_by_side_comes_out_what_a_replay_gives(folder: Path) -> None:
    settings = Config.model_validate(yaml.safe_load(CONFIG))
    replayed: list[Alert] = []
    with open_posts(str(folder / "posts.jsonl"), settings.ingest.max_record_bytes) as source:
        summary = Replay(settings, LinearModel.load(), replayed.append).run(source)
    assert replayed
    for processes in (1, 2):
        with scored(str(folder / "posts.jsonl"), settings, processes) as mentions:
            assert (mentions.posts, mentions.total) == (summary.posts, summary.matched)
            run = run_configs([("a", settings), ("b", settings)], mentions, processes=processes)
        for each in run:
            assert sorted(alert.to_bytes() for alert in each.alerts) == sorted(alert.to_bytes() for alert in replayed)
            assert (each.counted, each.late) == (summary.counted, summary.late)
            assert sum(series.mentions for series in each.series.values()) == summary.counted
        assert not any(file.exists() for file in mentions.files)


def test_configs_that_score_alike_are_told_from_those_that_do_not() -> None:
    tree = yaml.safe_load(CONFIG)
    one, calm = Config.model_validate(tree), Config.model_validate(tree | {"preset": "calm"})
    tree["brands"][0]["match"]["none"] = ["nordtel arena"]
    groups = scored_alike([("one", one), ("other terms", Config.model_validate(tree)), ("calm", calm)])
    assert [[name for name, _ in group] for group in groups] == [["one", "calm"], ["other terms"]]


def played_records(
    records: Iterable[Envelope | Progress | Deletions], settings: Config, span: TimeRange
) -> tuple[list[bytes], list[bytes]]:
    """Alerts and windows; without a bucket behind the span, which closes where the last post stands at its very end."""
    monitor = PartitionMonitor(settings, 0)
    for record in records:
        monitor.absorb(record)
    outcome = monitor.finish()
    windows = [each for each in outcome.windows if each.start_ms != span.to_ms]
    return [each.to_bytes() for each in outcome.alerts], [each.to_bytes() for each in windows]


def scored_records(posts: Iterable[Post], settings: Config) -> list[Envelope | Progress | Deletions]:
    scorer = Scorer(settings, WordModel())
    for partition in range(PARTITIONS):
        scorer.assign(partition, Position("topic-1"))
    records: list[Envelope | Progress | Deletions] = []
    for offset, post in enumerate(posts):
        partition = offset % PARTITIONS
        batch = scorer.score(partition, [(offset, post.ts_ms + HOUR_MS, post.to_bytes())])
        records += [*batch.envelopes, batch.progress]
    return records


@pytest.mark.parametrize(("from_minute", "to_minute"), [(0, 600), (120, 480), (300, 420), (0, 410)])
def test_mentions_of_a_span_give_what_the_posts_of_the_span_give(from_minute: int, to_minute: int) -> None:
    settings = config()
    posts = sorted({post.id: post for post in story(1)}.values(), key=lambda post: post.ts_ms)
    span = TimeRange(START + from_minute * MINUTE_MS, START + to_minute * MINUTE_MS)
    cut = Cut(span, settings.windows)
    kept = [cut.within(record, 0) for record in scored_records(posts, settings)]
    alerts, windows = played_records([record for record in kept if record is not None], settings, span)
    within = [post for post in posts if span.from_ms <= post.ts_ms < span.to_ms]
    assert (alerts, windows) == played_records(scored_records(within, settings), settings, span)
    assert len(windows) == 2 * (to_minute - from_minute) / 5
    assert alerts or to_minute <= 400


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


def incident(brand: str, *rises: tuple[int, str]) -> RaisedIncident:
    return RaisedIncident(brand, f"{brand}{rises}", [Rise(at, level) for at, level in rises])  # type: ignore[arg-type]


def test_precision_counts_what_pages_and_recall_what_was_expected() -> None:
    begin, end = datetime.fromtimestamp(100, UTC), datetime.fromtimestamp(200, UTC)
    expected = [Expected.model_validate({"brand": brand, "from": begin, "to": end}) for brand in ("a", "b", "c")]
    incidents = [
        incident("a", (110_000, "watch"), (130_000, "critical")),
        incident("a", (0, "warning")),
        incident("b", (150_000, "watch")),
        incident("d", (150_000, "suppressed")),
    ]
    incidents[1].over_ms = 50_000
    judged = evaluate(expected, incidents, "warning")
    assert [each.brand for each in judged.missed] == ["b", "c"]
    assert judged.recall == pytest.approx(1 / 3)
    assert judged.precision == 1 / 2
    assert judged.delay_minutes == 0.5


def test_what_was_open_when_it_began_has_found_it_and_what_was_over_has_not() -> None:
    begin, end = datetime.fromtimestamp(100, UTC), datetime.fromtimestamp(200, UTC)
    expected = [Expected.model_validate({"brand": brand, "from": begin, "to": end}) for brand in ("a", "b", "c")]
    still_open, over, never_over = (incident(brand, (50_000, "warning")) for brand in ("a", "b", "c"))
    still_open.over_ms, over.over_ms = 100_000, 99_999
    judged = evaluate(expected, [still_open, over, never_over], "warning")
    assert [each.brand for each in judged.missed] == ["b"]
    assert [case.delay_minutes for case in judged.results] == [0, None, 0]
    assert judged.false == [over]


def test_what_is_open_over_two_labels_counts_for_the_first() -> None:
    spans = ((100, 200), (10_000, 10_100))
    expected = [
        Expected.model_validate(
            {"brand": "a", "from": datetime.fromtimestamp(begin, UTC), "to": datetime.fromtimestamp(end, UTC)}
        )
        for begin, end in spans
    ]
    judged = evaluate(expected, [incident("a", (50_000, "warning"))], "warning")
    assert [case.delay_minutes for case in judged.results] == [0, None]


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
    settings = Config.model_validate(
        {
            "brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}],
            "detectors": [{"name": "volume", "kind": "volume"}, {"name": "level", "kind": "drift"}],
        }
    )
    series = BucketSeries()
    for index in range(2016):
        score = WindowScore({100: 1.0, 101: 1.2, 1000: 3.0, 1500: 0.9}.get(index, 0.0), 1, 1, 0, 2, None)
        scores = {"volume": score, "level": score}
        series.add(Window("a", index * 300_000, 300_000, 1, 0, 0, 0, 1, 0, 0, 1.0, scores, "c"))
    (curve,) = curves(settings, {"a": series})
    at = dict(zip(curve.days, curve.firings, strict=True))
    assert curve.in_use == 7
    assert at[7] == 2
    assert at[5] == 3
    assert list(curve.firings) == sorted(curve.firings, reverse=True)
