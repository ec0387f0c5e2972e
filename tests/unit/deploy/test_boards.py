"""The Grafana boards: their queries use what the workers really export, and people can read them.

The conventions are those of Grafana's dashboard-linter, which can't be had as a package here; each test names the rule.
"""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import promql_parser as promql
import pytest
import yaml

from deploy.grafana.build import BOARDS, FOLDER, boards, rendered
from deploy.grafana.queries import UNSEEN
from streams.config import AlertSettings
from streams.runtime.metrics import PROCESS, catalogue, series_names

DEPLOY: Final = FOLDER.parents[1]

FROM_SCRAPING: Final = {"job", "instance", "worker"}
"""Labels that Prometheus adds to every series, as deploy/prometheus says."""

WITHOUT_INSTANCE: Final = {"firewatch-overview", "firewatch-brand", "firewatch-tuning"}
"""Boards about brands, detectors and models: which worker shows them changes with every rebalance."""

ALL: Final = boards()
PANELS: Final = [
    pytest.param(panel, id=f"{uid}: {panel['title']}")
    for uid, board in ALL.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]
QUERIES: Final = {
    f"{uid}: {panel['title']} {query['refId']}": (uid, query)
    for uid, board in ALL.items()
    for panel in board["panels"]
    for query in panel.get("targets", ())
}

each_board = pytest.mark.parametrize("uid", BOARDS)
each_panel = pytest.mark.parametrize("panel", PANELS)
each_query = pytest.mark.parametrize(("uid", "query"), QUERIES.values(), ids=QUERIES)


def variables(uid: str) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in ALL[uid]["templating"]["list"]}


def parsed(expr: str) -> promql.Expr:
    """The expression as Prometheus gets it from Grafana."""
    for variable, value in {"$__rate_interval": "1m", "$__range_s": "60", "$__range": "1m"}.items():
        expr = expr.replace(variable, value)
    return promql.parse(expr)


def parts(expr: promql.Expr) -> list[promql.Expr]:
    found: list[promql.Expr] = []
    promql.walk(expr, pre_visit=found.append)
    return found


def labels_of(series: str) -> set[str]:
    """Labels of a series, as the catalogue declares them."""
    for metric in catalogue():
        suffix = series.removeprefix(metric._name)
        if series.startswith(metric._name) and suffix in {"", "_total", "_sum", "_count", "_info", "_bucket"}:
            info = {"version"} if suffix == "_info" else set()
            return {*metric._labelnames, *FROM_SCRAPING, *(["le"] if suffix == "_bucket" else []), *info}
    return FROM_SCRAPING


def selected(expr: promql.Expr) -> set[str]:
    return {part.name or "" for part in parts(expr) if isinstance(part, promql.VectorSelector)}


def defects(expr: promql.Expr) -> list[str]:
    """What in an expression names a series or a label that no worker exports."""
    found = [f"no series {name}" for name in selected(expr) - series_names() - {"up"}]
    for part in parts(expr):
        if isinstance(part, promql.VectorSelector):
            named = {matcher.name for matcher in part.matchers.matchers}
            found += [f"no label {label} on {part.name}" for label in named - labels_of(part.name or "")]
        if isinstance(part, promql.AggregateExpr) and part.modifier is not None:
            known = set().union(*map(labels_of, selected(part.expr)))
            found += [f"no label {label} to aggregate by" for label in set(part.modifier.labels) - known]
    return found


@each_board
def test_the_file_is_what_the_code_writes(uid: str) -> None:
    file = FOLDER / f"{uid}.json"
    assert file.read_text(encoding="utf-8") == rendered(uid), "run `python -m deploy.grafana.build`"
    assert ALL[uid]["uid"] == uid


def test_there_are_no_other_files() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(BOARDS)


@each_query
def test_queries_name_only_series_and_labels_that_exist(uid: str, query: dict[str, Any]) -> None:
    expr = parsed(query["expr"])
    assert not defects(expr)
    shown = set(re.findall(r"{{(\w+)}}", query["legendFormat"]))
    assert shown <= set().union(*map(labels_of, selected(expr)))


@pytest.mark.parametrize(
    ("expr", "defect"),
    [
        ("rate(firewatch_posts_total[5m])", "no series firewatch_posts_total"),
        ('firewatch_brand_mentions{tag="a"}', "no label tag on firewatch_brand_mentions"),
        ("sum by (source) (firewatch_brand_mentions)", "no label source to aggregate by"),
        ("sum by (le) (firewatch_batch_records_count)", "no label le to aggregate by"),
    ],
)
def test_a_wrong_name_would_be_found(expr: str, defect: str) -> None:
    assert defects(parsed(expr)) == [defect]


def test_every_metric_is_shown_somewhere() -> None:
    shown = set().union(*(selected(parsed(query["expr"])) for _, query in QUERIES.values()))
    missing = [metric._name for metric in catalogue() if not any(name.startswith(metric._name) for name in shown)]
    assert not missing, "add a panel in deploy/grafana/boards"


def test_the_process_collector_works_here() -> None:
    """Its families are names only where /proc can be read; the boards rely on them."""
    assert {"process_start_time_seconds", "process_resident_memory_bytes"} <= {each.name for each in PROCESS.collect()}


@each_query
def test_counters_are_never_shown_raw(uid: str, query: dict[str, Any]) -> None:
    """target-counter-agg-rule and target-rate-interval-rule; `$__range` counts over the shown time.

    What was before those is looked up in `UNSEEN`, and the clock at their beginning in a second.
    """
    expr = parsed(query["expr"])
    counters = {series for series in selected(expr) if series.endswith(("_total", "_bucket"))}
    functions = {part.func.name for part in parts(expr) if isinstance(part, promql.Call)}
    assert not counters or functions & {"rate", "increase"}
    spans = set(re.findall(r"\[([^\]]+)\](?: offset)?", query["expr"]))
    looked_back = set(re.findall(r"\[([^\]]+)\] offset", query["expr"]))
    assert spans <= {"$__rate_interval", "$__range", UNSEEN, "1s:1s"}
    assert looked_back <= {UNSEEN, "1s:1s"}


@each_query
def test_queries_keep_to_the_chosen_job(uid: str, query: dict[str, Any]) -> None:
    """target-job-rule, and target-instance-rule on the board that has instances."""
    expected = {"job"} if uid in WITHOUT_INSTANCE else {"job", "instance"}
    for part in parts(parsed(query["expr"])):
        if isinstance(part, promql.VectorSelector):
            matchers = {matcher.name: matcher.value for matcher in part.matchers.matchers}
            assert {name: matchers.get(name) for name in expected} == {name: f"${name}" for name in expected}


@each_board
def test_annotations_name_only_what_exists(uid: str) -> None:
    (incidents,) = ALL[uid]["annotations"]["list"]
    assert not defects(parsed(incidents["expr"]))
    assert incidents["titleFormat"]


@each_board
def test_variables_are_used_and_read_labels_that_exist(uid: str) -> None:
    """template-datasource-rule, template-job-rule, template-instance-rule, template-on-time-change-reload-rule."""
    used = set(re.findall(r"\$\{?([a-z]\w*)", rendered(uid))) - {"datasource:queryparam", "job:queryparam"}
    assert used == set(variables(uid))
    first, *others = variables(uid).values()
    assert (first["name"], first["label"], first["type"], first["query"]) == (
        "datasource",
        "Data source",
        "datasource",
        "prometheus",
    )
    for variable in others:
        assert (variable["type"], variable["refresh"]) == ("query", 2)
        assert variable["datasource"]["uid"] == "${datasource}"
        assert variable["label"]
        assert not variable["multi"] or variable["allValue"] == ".+"
        call = re.fullmatch(r"label_values\((?P<selector>.+), (?P<label>\w+)\)", variable["query"]["query"])
        assert call is not None
        selector = parsed(call["selector"])
        assert not defects(selector)
        assert call["label"] in set().union(*map(labels_of, selected(selector)))
    labelled = {name: (variable["label"], variable["multi"]) for name, variable in variables(uid).items()}
    assert labelled["job"] == ("Job", True)
    assert labelled.get("instance") == (None if uid in WITHOUT_INSTANCE else ("Instance", True))


@each_panel
def test_panels_have_a_description_a_unit_and_the_chosen_datasource(panel: dict[str, Any]) -> None:
    """panel-title-description-rule, panel-units-rule, panel-no-targets-rule, panel-datasource-rule."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert {"${datasource}"} == {item["datasource"]["uid"] for item in (panel, *panel["targets"])}


@each_board
def test_panels_have_their_own_id_and_place(uid: str) -> None:
    panels = ALL[uid]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


@each_board
def test_boards_can_not_be_edited_and_link_to_each_other(uid: str) -> None:
    """uneditable-dashboard; and every link leads to a board that is there."""
    board = ALL[uid]
    assert board["editable"] is False
    (link,) = board["links"]
    assert (link["type"], link["includeVars"], link["keepTime"]) == ("dashboards", True, True)
    assert set(link["tags"]) == set(board["tags"])
    assert set(re.findall(r"/d/([\w-]+)", rendered(uid))) <= set(BOARDS)


def test_every_panel_by_brand_leads_to_the_brand() -> None:
    for panel in ALL["firewatch-overview"]["panels"]:
        by_brand = [query for query in panel.get("targets", ()) if "{{brand}}" in query["legendFormat"]]
        links = panel.get("fieldConfig", {}).get("defaults", {}).get("links", [])
        assert not by_brand or "/d/firewatch-brand?" in links[0]["url"], panel["title"]


def test_an_alert_leads_to_the_board_of_its_brand() -> None:
    (example,) = AlertSettings.model_fields["generator_url"].examples or []
    assert "/d/firewatch-brand?var-brand={brand}&from={from_ms}&to={to_ms}" in example
    assert example in (DEPLOY / "config.example.yaml").read_text(encoding="utf-8")


def test_provisioning_fits_the_scrape_interval_and_the_mounts() -> None:
    folder = FOLDER.parent / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text())["datasources"][0]
    prometheus = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]
    provider = yaml.safe_load((folder / "dashboards" / "firewatch.yaml").read_text())["providers"][0]
    grafana = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["grafana"]
    path = provider["options"]["path"]
    assert f"./grafana/dashboards:{path}:ro" in grafana["volumes"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (home.parent.as_posix(), home.stem) == (path, "firewatch-overview")


def test_files_are_json_that_grafana_reads() -> None:
    for file in FOLDER.iterdir():
        assert json.loads(file.read_text(encoding="utf-8"))["schemaVersion"] >= 39
