"""What the commands about the config do, once their arguments are parsed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import orjson

from streams.commands import open_for_writing
from streams.config.explain import explain
from streams.config.file import load_config
from streams.errors import ExpectationFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from detectors.base import Severity
    from streams.backtest import Played


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


def backtest(
    posts: str,
    config_path: Path,
    current_path: Path | None,
    labels_path: Path | None,
    report_path: Path | None,
    severity: Severity,
) -> Iterator[str]:
    """Play posts through one config or two; what came of it, a line each.

    Raises
    ------
    ExpectationFailed
        If the config misses a labelled incident; after everything else.
    """
    from streams import backtest as played_back
    from streams.backtest import text

    expected = played_back.read_expected(labels_path) if labels_path else []
    paths = [path for path in (current_path, config_path) if path]
    configs = [(str(path), load_config(path)) for path in paths]
    played: list[Played] = []
    for alike in played_back.scored_alike(configs):
        with played_back.scored(posts, alike[0][1]) as mentions:
            yield text.scored(mentions)
            played += played_back.play(alike, mentions, courses=report_path is not None)
            yield from (text.summary(each, severity) for each in played[-len(alike) :])
    new, current = played[-1], played[0] if current_path else None
    comparison = played_back.compare(current.raised, new.raised, severity) if current else None
    if comparison is not None:
        yield from text.comparison_lines(comparison, severity)
    judgements = [(each, played_back.judge(expected, each.raised, severity)) for each in played] if labels_path else []
    for each, judged in judgements:
        yield from text.judgement_lines(each.name, judged, severity)
    if report_path:
        from streams.backtest.report import report

        with open_for_writing(report_path) as out:
            out.write(report(new, current, comparison, expected, judgements, severity).encode())
        yield f"report in {report_path}"
    missed = judgements[-1][1].missed if judgements else []
    if missed:
        raise ExpectationFailed(f"{config_path} misses {', '.join(each.title for each in missed)}")


def tune(
    posts: str,
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
        If the labels can't be used, or don't fit the config or the posts.
    """
    from streams import backtest as played_back
    from streams.backtest.text import scored
    from streams.tuning import text, tuned
    from streams.tuning.figures import as_tree

    config = load_config(config_path)
    labels = played_back.read_expected(labels_path)
    tuned.check_brands(labels, config, labels_path)
    with played_back.scored(posts, config) as mentions:
        if not as_json:
            yield scored(mentions)
        found = tuned.tune(config, labels, mentions, severity, tolerance, labels_path)
    if as_json:
        yield orjson.dumps(as_tree(found), option=orjson.OPT_INDENT_2).decode()
    else:
        yield from text.lines(found, str(config_path))
    if report_path:
        from streams.tuning.report import report

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
    from streams.backtest.cases import run_cases

    failed = []
    for name, problems in run_cases(path):
        yield f"{'FAILED' if problems else 'ok':<6}  {name}"
        yield from (f"        {problem}" for problem in problems)
        if problems:
            failed.append(name)
    if failed:
        raise ExpectationFailed(f"{path}: failed are {', '.join(failed)}")
