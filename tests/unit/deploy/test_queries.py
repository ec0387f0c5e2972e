"""Every query of the boards that counts events, over counters that are born, missed, reset and moved; promtool answers.

The cases are what really happens: a scrape fails, Prometheus is new or was away, a worker is restarted, a partition
moves to another worker, a label set appears with its first event.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import promql_parser as promql
import pytest

from deploy.grafana.queries import RESTARTS, STARTED, events, restarts, starts
from tests.support.prometheus import board_queries
from tests.support.promtool import Check, verify

if TYPE_CHECKING:
    from pathlib import Path

Workers = dict[str, tuple[str, str]]
"""Values of a counter, and of the start of the process, by instance."""

AT_RETURN: Final = 41
"""The scrape at which the cases have happened for a quarter or half a minute."""

LATER: Final = 100

OLD, NEW = "1", "590"
"""Start of a process in seconds: at the beginning, and shortly before the 40th scrape."""

QUIET: Final[dict[str, Workers]] = {
    "nothing happens": {"a": ("500x160", f"{OLD}x160")},
    "one scrape failed": {"a": ("500x39 stale 500x120", f"{OLD}x39 stale {OLD}x120")},
    "a minute of scrapes failed": {"a": ("500x34 _x5 500x120", f"{OLD}x34 _x5 {OLD}x120")},
    "Prometheus is new": {"a": ("_x39 500x120", f"_x39 {OLD}x120")},
    "the worker is restarted": {"a": ("500x39 0x120", f"{OLD}x39 {NEW}x120")},
    "the worker is restarted after a while": {"a": ("500x34 _x5 0x120", f"{OLD}x34 _x5 {NEW}x120")},
    "another worker takes over": {"a": ("500x39 stale", f"{OLD}x39 stale"), "b": ("_x39 0x120", f"_x39 {NEW}x120")},
    "a worker ends": {"a": ("500x39 stale", f"{OLD}x39 stale"), "b": ("500x160", f"{OLD}x160")},
}
AWAY: Final = "_x480"
"""Two hours without a scrape."""

ONE_EVENT: Final[dict[str, Workers]] = {
    "counted up": {"a": ("500x39 501x120", f"{OLD}x160")},
    "born in a process that was scraped before": {"a": ("_x39 1x120", f"{OLD}x160")},
    "born with a process": {"a": ("_x39 1x120", f"_x39 {NEW}x120")},
    "the first of a process that was restarted": {"a": ("500x39 1x120", f"{OLD}x39 {NEW}x120")},
    "the first after a restart and a gap": {"a": ("500x34 _x5 1x120", f"{OLD}x34 _x5 {NEW}x120")},
    "more than before the restart": {"a": ("0x34 _x5 1x120", f"{OLD}x34 _x5 {NEW}x120")},
    "while a scrape failed": {"a": ("500x38 stale 501x120", f"{OLD}x38 stale {OLD}x120")},
    "while scrapes failed for longer than the interval": {"a": ("500x30 _x9 501x120", f"{OLD}x30 _x9 {OLD}x120")},
    "born while a scrape failed": {"a": ("_x39 1x120", f"{OLD}x38 stale {OLD}x120")},
    "on one of two workers": {"a": ("500x39 501x120", f"{OLD}x160"), "b": ("300x160", f"{OLD}x160")},
    "a partition moved to another worker": {"a": ("500x160", f"{OLD}x160"), "b": ("_x39 1x120", f"{OLD}x160")},
}


def counters_of(expr: str) -> list[promql.VectorSelector]:
    """The selectors of counters in an expression, but for the one that processes inherit."""
    found: list[promql.Expr] = []
    promql.walk(promql.parse(expr), pre_visit=found.append)
    selectors = [part for part in found if isinstance(part, promql.VectorSelector)]
    return [each for each in selectors if (each.name or "").endswith(("_total", "_bucket", "_count"))]


def labels_of(selector: promql.VectorSelector) -> dict[str, str]:
    """Labels with which a series matches the selector."""
    labels = {matcher.name: "x" for matcher in selector.matchers.matchers} | {"instance": "a"}
    labels |= {each.name: each.value for each in selector.matchers.matchers if each.op is promql.MatchOp.Equal}
    if (selector.name or "").endswith("_bucket"):
        labels.setdefault("le", "+Inf")
    return {name: value for name, value in (labels | {"job": "firewatch"}).items() if value}


def matches(selector: promql.VectorSelector, name: str, labels: dict[str, str]) -> bool:
    found = True
    for matcher in selector.matchers.matchers:
        value = labels.get(matcher.name, "")
        equal = value == matcher.value or (matcher.op is promql.MatchOp.Re and bool(re.fullmatch(matcher.value, value)))
        found &= equal != (matcher.op is promql.MatchOp.NotEqual)
    return found and name == selector.name


def series(name: str, labels: dict[str, str], instance: str) -> str:
    listed = ", ".join(f'{label}="{value}"' for label, value in sorted((labels | {"instance": instance}).items()))
    return f"{name}{{{listed}}}"


QUERIES: Final = {
    name: expr for name, expr in board_queries("1m", shown_seconds=60) if counters_of(expr) and RESTARTS not in expr
}
COUNTING: Final = {
    name: expr
    for name, expr in QUERIES.items()
    if len({each.name for each in counters_of(expr)}) == 1
    and "/" not in expr.replace("/ (time() -", "")
    and "quantile" not in expr
    and "cpu" not in expr
}
"""The queries whose value is a number of events, or of events a second."""


COUNTERS: Final = {
    series(selector.name or "", labels_of(selector), "a"): (selector.name or "", labels_of(selector))
    for expr in QUERIES.values()
    for selector in counters_of(expr)
}
"""Name and labels of a series for every selector in the queries, some of which select the series of others too."""


def samples(workers: Workers) -> dict[str, str]:
    found = {}
    for instance, (values, started) in workers.items():
        found[series(STARTED, {"job": "firewatch"}, instance)] = started
        found |= {series(name, labels, instance): values for name, labels in COUNTERS.values()}
    return found


def test_the_cases_cover_nearly_all_counters() -> None:
    """A change of the boards must not empty the tests below."""
    assert len(QUERIES) > 45
    assert len(COUNTING) > 35


@pytest.mark.parametrize("case", QUIET)
def test_no_query_shows_an_event_where_there_was_none(case: str, tmp_path: Path) -> None:
    checks = [
        Check(name, f"count(({expr}) > 0) or vector(0)", scrape, 0)
        for name, expr in QUERIES.items()
        for scrape in (38, 39, 40, AT_RETURN, 43, LATER)
    ]
    verify(tmp_path, samples(QUIET[case]), checks)


def test_no_query_shows_an_event_after_hours_without_a_scrape(tmp_path: Path) -> None:
    workers: Workers = {"a": (f"500x39 {AWAY} 700x120", f"{OLD}x39 {AWAY} {OLD}x120")}
    checks = [
        Check(name, f"count(({expr}) > 0) or vector(0)", scrape, 0)
        for name, expr in QUERIES.items()
        for scrape in (520, 521, 523, 600)
    ]
    verify(tmp_path, samples(workers), checks)


@pytest.mark.parametrize("case", ONE_EVENT)
def test_every_query_counts_an_event_once(case: str, tmp_path: Path) -> None:
    checks = []
    for name, expr in COUNTING.items():
        selector = counters_of(expr)[0]
        selected = sum(matches(selector, *each) for each in COUNTERS.values())
        seconds = 60 if "/ (time() -" in expr else 1
        for scrape, each_series in ((38, 0), (AT_RETURN, 1), (LATER, 0)):
            checks.append(Check(name, f"(round(sum({expr}) * {seconds}) or vector(0))", scrape, each_series * selected))
    verify(tmp_path, samples(ONE_EVENT[case]), checks)


@pytest.mark.parametrize("count", [1, 500])
def test_all_events_with_which_a_series_is_born_are_counted(count: int, tmp_path: Path) -> None:
    expr = events("firewatch_records_lost_total").replace("$__rate_interval", "1m").replace("$job", ".+")
    born = samples({"a": (f"_x39 {count}x120", f"{OLD}x160")})
    verify(tmp_path, born, [Check("", expr, AT_RETURN, count), Check("", expr, LATER, 0)])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param("0x160", 0, id="none"),
        pytest.param("7x39 8x120", 1, id="the process inherits the count of the one before"),
        pytest.param("7x30 _x9 9x120", 2, id="two while it could not be scraped"),
        pytest.param("7x39 0x120", 0, id="the supervisor is new"),
        pytest.param("_x39 7x120", 0, id="Prometheus is new"),
        pytest.param("7x39 stale 7x120", 0, id="one scrape failed"),
    ],
)
def test_restarts_by_the_supervisor_are_counted_once(values: str, expected: int, tmp_path: Path) -> None:
    expr = restarts("1m").replace("$job", ".+")
    given = {f'{RESTARTS}{{job="firewatch", instance="a", worker="detect", reason="failed"}}': values}
    verify(tmp_path, given, [Check("", expr, AT_RETURN, expected), Check("", expr, LATER, 0)])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param("1x160", 0, id="the same process"),
        pytest.param("1x39 stale 1x120", 0, id="one scrape failed"),
        pytest.param("1x39 590x120", 1, id="a new process at once"),
        pytest.param("1x30 _x9 590x120", 1, id="a new process after a gap"),
        pytest.param("_x39 590x120", 0, id="a process that replaces none"),
        pytest.param("1x38 575 590x120", 2, id="two new processes"),
    ],
)
def test_processes_that_replace_others_are_counted_once(values: str, expected: int, tmp_path: Path) -> None:
    expr = starts("job").replace("$__rate_interval", "1m").replace("$job", ".+")
    given = {f'{STARTED}{{job="firewatch", instance="a"}}': values}
    checks = [Check("", f"sum({expr})", AT_RETURN, expected), Check("", f"sum({expr})", LATER, 0)]
    verify(tmp_path, given, checks)
