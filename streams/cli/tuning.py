"""Commands that try a config on recorded posts or mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, ParamSpec

import click

from streams.cli.extras import require_charts
from streams.cli.options import (
    FILE,
    Moment,
    config_option,
    keep_order_option,
    reading_options,
    severity_choice,
    with_reading,
)
from streams.cli.recorded import PostsFile, RecordedTopic, posts_option, recorded_source
from streams.errors import ConfigError, ExpectationFailed, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from detectors.base import Severity
    from streams.config import Config, FieldMapping
    from streams.offline.backtest import BacktestRun, Expected, Labels, Mentions, NamedConfig, TimeRange

P = ParamSpec("P")

TOLERANCE: Final = 0.02
"""`streams.offline.tuning.curve.TOLERANCE`, which takes long to import."""


_SOURCE: Final = (
    posts_option,
    click.option("--topic", help="A topic of mentions in Kafka instead, such as social.mentions."),
    click.option(
        "--from", "from_ms", type=Moment(), help="First event time to read of --topic, such as 2026-03-02T10:00Z."
    ),
    click.option(
        "--to", "to_ms", type=Moment(), help="Event time to stop before; UTC unless it names a zone."
    ),
    keep_order_option,
)  # fmt: skip


def source_options(command: Callable[P, None]) -> Callable[P, None]:
    """Add the options that name the source of the mentions; `recorded_source` evaluates them."""
    command = reading_options(command)
    for option in reversed(_SOURCE):
        command = option(command)
    return command


severity_option = click.option(
    "--severity",
    type=severity_choice,
    default="warning",
    show_default=True,
    help="Lowest severity at which an incident pages.",
)
report_option = click.option("--report", "report_path", type=FILE, help="HTML file to write, with charts.")


@click.command()
@source_options
@config_option
@click.option("--compare", "current_path", type=FILE, help="The config in use, to compare with.")
@click.option(
    "--labels",
    "labels_path",
    type=FILE,
    help="YAML: incidents: [{brand, from, to, severity, name}, ...]; severity defaults to warning.",
)
@report_option
@severity_option
def backtest(
    config_path: Path,
    *,
    posts: str | None,
    topic: str | None,
    from_ms: int | None,
    to_ms: int | None,
    keep_order: bool,
    mapping: FieldMapping | None,
    encoding: str | None,
    current_path: Path | None,
    labels_path: Path | None,
    report_path: Path | None,
    severity: Severity,
) -> None:
    """Show what a config would have raised.

    Runs recorded posts, or the mentions in a topic, through the same code as live. Exits with 9 if the config misses an
    incident of --labels.

    A topic keeps mentions for a few days (topics.mentions_retention_hours); they are matched and scored already, which
    is not repeated. --from and --to are event times, widened to whole buckets; detectors start to learn at --from.

    \b
    Example:
      firewatch backtest --posts posts.jsonl -c new.yaml --compare firewatch.yaml
      firewatch backtest --topic social.mentions -c new.yaml --report report.html
    """
    from streams.config.loader import load_config
    from streams.offline import backtest as backtests
    from streams.offline.backtest import text
    from streams.runtime.files import ensure_distinct_paths, open_output

    source = recorded_source(posts, topic, from_ms, to_ms, keep_order=keep_order)
    if report_path:
        require_charts("--report")
    ensure_distinct_paths([config_path, current_path, labels_path, *source.files], [report_path])
    loaded = [(str(path), load_config(path)) for path in (current_path, config_path) if path]
    labels = _labels(labels_path, [config for _, config in loaded]) if labels_path else backtests.Labels(incidents=[])
    configs = [(name, with_reading(config, mapping, encoding)) for name, config in loaded]
    span = _span(source, configs[-1][1])
    expected, outside = _within(span, labels)
    _print(outside)
    if isinstance(source, RecordedTopic):
        _check_partitions(configs)
    runs: list[BacktestRun] = []
    notes: list[str] = []
    for alike in backtests.scored_alike(configs) if isinstance(source, PostsFile) else [configs]:
        with _mentions(source, alike, span) as mentions:
            lines = [text.source(mentions), *text.left_out(mentions), *text.remarks(mentions)]
            if isinstance(source, RecordedTopic):
                lines += text.unmatched(mentions, configs)
            _print(lines)
            notes += lines
            these = backtests.run_configs(alike, mentions, series=report_path is not None)
        for each in these:
            _print([*text.summary(each, severity), *text.incident_lines(each.raised, severity)])
        runs += these
    new, current = runs[-1], runs[0] if current_path else None
    comparison = backtests.compare(current.raised, new.raised, severity) if current else None
    if comparison is not None:
        _print(text.comparison_lines(comparison, severity))
    known = {"false_alarms": labels.false_alarms, "undecided": labels.undecided}
    evaluations = [(each, backtests.evaluate(expected, each.raised, severity, **known)) for each in runs if labels_path]
    for each, evaluation in evaluations:
        _print(text.evaluation_lines(each.name, evaluation, severity, labels.false_alarms))
    if report_path:
        from streams.offline.backtest.report import report

        with open_output(report_path) as out:
            out.write(report(new, current, comparison, expected, evaluations, severity, notes).encode())
        click.echo(f"report in {report_path}")
    missed = evaluations[-1][1].missed if evaluations else []
    if missed:
        raise ExpectationFailed(f"{config_path} misses {', '.join(each.title for each in missed)}")


@click.command()
@source_options
@config_option
@click.option(
    "--labels",
    "labels_path",
    type=FILE,
    required=True,
    help="All incidents that should have paged, as for backtest; others that page count as false positives.",
)
@report_option
@severity_option
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 0.5),
    default=TOLERANCE,
    show_default=True,
    help="Share of the best score within which a result counts as equally good.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def tune(
    config_path: Path,
    *,
    posts: str | None,
    topic: str | None,
    from_ms: int | None,
    to_ms: int | None,
    keep_order: bool,
    mapping: FieldMapping | None,
    encoding: str | None,
    labels_path: Path,
    report_path: Path | None,
    severity: Severity,
    tolerance: float,
    as_json: bool,
) -> None:
    """Suggest thresholds from labelled incidents.

    Tries once_in_days from a quarter to four times its value, for all live detectors together and for each alone, in
    one pass through the code that detects live. Results are scored by 5 found / (5 found + 4 missed + false positives),
    the F-measure with recall weighted twice as much as precision. The suggestion is the middle of the widest range that
    scores about as well as the best, provided that cross-validation over brands (or spans of time) confirms that it
    beats the config in use; with fewer than five labels there is none. Prints the lines to paste, and never writes the
    config.

    \b
    Example:
      firewatch tune --posts posts.jsonl -c firewatch.yaml --labels incidents.yaml
    """
    from streams.config.loader import load_config
    from streams.offline.backtest import text as backtest_text
    from streams.offline.tuning import search, text
    from streams.offline.tuning.as_json import as_tree
    from streams.runtime.files import ensure_distinct_paths, open_output

    source = recorded_source(posts, topic, from_ms, to_ms, keep_order=keep_order)
    if report_path:
        require_charts("--report")
    ensure_distinct_paths([config_path, labels_path, *source.files], [report_path])
    named = (str(config_path), with_reading(load_config(config_path), mapping, encoding))
    config = named[1]
    labels = _labels(labels_path, [config])
    search.check_labels(labels.incidents, labels_path)
    span = _span(source, config)
    expected, notes = _within(span, labels)
    if not expected:
        raise InputError(f"{labels_path}: no incident begins from {span}")
    with _mentions(source, [named], span) as mentions:
        if not as_json:
            _print([backtest_text.source(mentions), *backtest_text.left_out(mentions)])
        notes += map(str.strip, backtest_text.remarks(mentions))
        if isinstance(source, RecordedTopic):
            notes += map(str.strip, backtest_text.unmatched(mentions, [named]))
        found = search.tune(config, expected, mentions, severity, tolerance, notes, labels.undecided)
    if as_json:
        import orjson

        click.echo(orjson.dumps(as_tree(found), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(text.lines(found, str(config_path)))
    if report_path:
        from streams.offline.tuning.report import report

        with open_output(report_path) as out:
            out.write(report(found, str(config_path)).encode())
        if not as_json:
            click.echo(f"report in {report_path}")


@click.command("test-config")
@click.argument("file", type=FILE)
@click.option(
    "-c",
    "--config",
    "config_path",
    type=FILE,
    metavar="CONFIG",
    help="Test this config instead of the one that FILE names.",
)
def test_config(file: Path, config_path: Path | None) -> None:
    """Run test cases against a config.

    Runs the cases in FILE against the config that it names. Exits with 9 if one fails.

    \b
    config: firewatch.yaml      # relative to FILE, as all paths in it
    cases:
      - name: the storm of August
        posts: august.jsonl.gz
        expect:
          - brand: nordtel
            from: 2026-08-03T10:00:00Z
            to: 2026-08-03T18:00:00Z
            severity: critical
        quiet: [acme]           # nothing at `severity` (or warning) and above

    \b
    Example:
      firewatch test-config cases.yaml
    """
    from streams.offline.backtest.cases import run_cases

    failed = []
    for name, problems in run_cases(file, config_path):
        click.echo(f"{'FAILED' if problems else 'ok':<6}  {name}")
        _print(f"        {problem}" for problem in problems)
        if problems:
            failed.append(name)
    if failed:
        count = "1 case" if len(failed) == 1 else f"{len(failed)} cases"
        raise ExpectationFailed(f"{file}: {count} failed: {', '.join(failed)}")


def _span(source: PostsFile | RecordedTopic, config: Config) -> TimeRange:
    from streams.offline.backtest import TimeRange

    span = TimeRange.given(source.from_ms, source.to_ms) if isinstance(source, RecordedTopic) else TimeRange()
    return span.whole_buckets(config.windows)


def _labels(path: Path, configs: Sequence[Config]) -> Labels:
    from streams.offline.backtest import read_labels

    return read_labels(path, {brand.id: brand.name for config in configs for brand in config.brands})


def _within(span: TimeRange, labels: Labels) -> tuple[list[Expected], list[str]]:
    """Return the labelled incidents that begin in a span, and lines that name what does not count."""
    outside = ", ".join(each.title for each in labels.incidents if not span.holds(each.from_))
    lines = [f"labels that begin outside of {span} are left out: {outside}"] if outside else []
    number = len(labels.undecided)
    if number:
        spans = "the undecided span" if number == 1 else f"the {number:,} undecided spans"
        lines.append(f"incidents raised in {spans} of the labels count neither as found nor as false")
    return [each for each in labels.incidents if span.holds(each.from_)], lines


def _check_partitions(configs: Sequence[NamedConfig]) -> None:
    counts = [f"{config.topics.partitions} in {name}" for name, config in configs]
    if len({config.topics.partitions for _, config in configs}) > 1:
        raise ConfigError([f"topics.partitions: {' and '.join(counts)}; must be the same for mentions of one topic"])


def _mentions(
    source: PostsFile | RecordedTopic, configs: Sequence[NamedConfig], span: TimeRange
) -> AbstractContextManager[Mentions]:
    config = configs[-1][1]
    if isinstance(source, PostsFile):
        from streams.offline.backtest import scored

        return scored(source.name, config, keep_order=source.keep_order)
    from streams.offline.backtest.from_topic import recorded

    return recorded(source.name, config, span)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
