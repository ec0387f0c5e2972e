"""What the commands about the config do, once their arguments are parsed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from streams.cli.commands import open_for_writing
from streams.config.explain import explain
from streams.config.loader import load_config
from streams.errors import ConfigError, ExpectationFailed, InputError
from streams.runtime.files import ensure_distinct_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from detectors.base import Severity
    from streams.config import Config
    from streams.offline.backtest import Expected, Mentions, Named, Played, Span


def explain_config(path: Path, brand: str | None, *, as_json: bool) -> Iterator[str]:
    """What each setting is in the end and where it comes from, a line each."""
    explained = explain(path, brand, os.environ)
    if as_json:
        rows = [{"setting": each.setting, "value": each.value, "origin": each.origin} for each in explained]
        yield orjson.dumps(rows, option=orjson.OPT_INDENT_2, default=str).decode()
        return
    table = [(each.setting, _shown(each.value), each.origin) for each in explained]
    widths = [max(len(row[column]) for row in table) for column in (0, 1)]
    for setting, value, origin in table:
        yield f"{setting:<{widths[0]}}  {value:<{min(widths[1], 40)}}  {origin}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or "[]"
    return "null" if value is None else f"{value:g}" if isinstance(value, float) else str(value) or '""'


class Posts(NamedTuple):
    """A file of posts, or ``-`` for standard input."""

    name: str


class Topic(NamedTuple):
    """A topic of mentions between two event times, milliseconds since the epoch."""

    name: str
    from_ms: int | None
    to_ms: int | None


def backtest(
    source: Posts | Topic,
    config_path: Path,
    current_path: Path | None,
    labels_path: Path | None,
    report_path: Path | None,
    severity: Severity,
) -> Iterator[str]:
    """Play posts, or mentions, through one config or two; what came of it, a line each.

    Raises
    ------
    ExpectationFailed
        If the config misses a labelled incident; after everything else.
    InputError
        If the posts or labels can't be used, or the report would go over one of the files.
    """
    from streams.offline import backtest as played_back
    from streams.offline.backtest import text

    ensure_distinct_paths([config_path, current_path, labels_path, *_files(source)], [report_path])
    expected = played_back.read_expected(labels_path) if labels_path else []
    configs = [(str(path), load_config(path)) for path in (current_path, config_path) if path]
    span = _span(source, configs[-1][1])
    expected, outside = _within(span, expected)
    yield from outside
    if isinstance(source, Topic):
        _check_partitions(configs)
    played: list[Played] = []
    notes: list[str] = []
    for alike in played_back.scored_alike(configs) if isinstance(source, Posts) else [configs]:
        with _mentions(source, alike, span) as mentions:
            told = [text.source(mentions)]
            if isinstance(source, Topic):
                told += text.unmatched(mentions, configs)
            yield from told
            notes += told
            these = played_back.play(alike, mentions, courses=report_path is not None)
        yield from (text.summary(each, severity) for each in these)
        played += these
    new, current = played[-1], played[0] if current_path else None
    comparison = played_back.compare(current.raised, new.raised, severity) if current else None
    if comparison is not None:
        yield from text.comparison_lines(comparison, severity)
    judgements = [(each, played_back.judge(expected, each.raised, severity)) for each in played] if labels_path else []
    for each, judged in judgements:
        yield from text.judgement_lines(each.name, judged, severity)
    if report_path:
        from streams.offline.backtest.report import report

        with open_for_writing(report_path) as out:
            out.write(report(new, current, comparison, expected, judgements, severity, notes).encode())
        yield f"report in {report_path}"
    missed = judgements[-1][1].missed if judgements else []
    if missed:
        raise ExpectationFailed(f"{config_path} misses {', '.join(each.title for each in missed)}")


def _files(source: Posts | Topic) -> list[Path]:
    return [Path(source.name)] if isinstance(source, Posts) else []


def _span(source: Posts | Topic, config: Config) -> Span:
    from streams.offline.backtest import Span

    span = Span.given(source.from_ms, source.to_ms) if isinstance(source, Topic) else Span()
    return span.whole_buckets(config.windows)


def _within(span: Span, labels: Sequence[Expected]) -> tuple[list[Expected], list[str]]:
    """Labels that begin in a span, and what to say of the others."""
    outside = ", ".join(each.title for each in labels if not span.holds(each.from_))
    said = [f"labels that begin outside of {span} are left out: {outside}"] if outside else []
    return [each for each in labels if span.holds(each.from_)], said


def _check_partitions(configs: Sequence[Named]) -> None:
    counts = [f"{config.topics.partitions} in {name}" for name, config in configs]
    if len({config.topics.partitions for _, config in configs}) > 1:
        raise ConfigError([f"topics.partitions: {' and '.join(counts)}; must be the same for mentions of one topic"])


def _mentions(source: Posts | Topic, configs: Sequence[Named], span: Span) -> AbstractContextManager[Mentions]:
    from streams.offline.backtest import recorded, scored

    config = configs[-1][1]
    return scored(source.name, config) if isinstance(source, Posts) else recorded(source.name, config, span)


def tune(
    source: Posts | Topic,
    config_path: Path,
    labels_path: Path,
    report_path: Path | None,
    severity: Severity,
    tolerance: float,
    *,
    as_json: bool,
) -> Iterator[str]:
    """Suggest thresholds from labelled incidents; what came of it, a line each. The config is only read.

    Raises
    ------
    InputError
        If the labels can't be used, or don't fit the config or the posts, or the report would go over one of the files.
    """
    from streams.offline import backtest as played_back
    from streams.offline.backtest import text as backtest_text
    from streams.offline.tuning import search, text
    from streams.offline.tuning.as_json import as_tree

    ensure_distinct_paths([config_path, labels_path, *_files(source)], [report_path])
    named = (str(config_path), load_config(config_path))
    config = named[1]
    labels = played_back.read_expected(labels_path)
    search.check_labels(labels, config, labels_path)
    span = _span(source, config)
    labels, notes = _within(span, labels)
    if not labels:
        raise InputError(f"{labels_path}: no incident begins from {span}")
    with _mentions(source, [named], span) as mentions:
        if not as_json:
            yield backtest_text.source(mentions)
        if isinstance(source, Topic):
            notes += map(str.strip, backtest_text.unmatched(mentions, [named]))
        found = search.tune(config, labels, mentions, severity, tolerance, notes)
    if as_json:
        yield orjson.dumps(as_tree(found), option=orjson.OPT_INDENT_2).decode()
    else:
        yield from text.lines(found, str(config_path))
    if report_path:
        from streams.offline.tuning.report import report

        with open_for_writing(report_path) as out:
            out.write(report(found, str(config_path)).encode())
        if not as_json:
            yield f"report in {report_path}"


def test_config(path: Path) -> Iterator[str]:
    """Run the cases of a file; a line for each, and what is wrong below it.

    Raises
    ------
    ExpectationFailed
        If one fails; after all of them.
    """
    from streams.offline.backtest.cases import run_cases

    failed = []
    for name, problems in run_cases(path):
        yield f"{'FAILED' if problems else 'ok':<6}  {name}"
        yield from (f"        {problem}" for problem in problems)
        if problems:
            failed.append(name)
    if failed:
        raise ExpectationFailed(f"{path}: failed are {', '.join(failed)}")
