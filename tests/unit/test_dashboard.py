"""The Grafana dashboard: its queries use what the workers really export, and people can read it."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any

import promql_parser as promql
import pytest
import yaml

from deploy.grafana.build import OUTPUT, dashboard, rendered
from streams.metrics import catalogue, series_names

FROM_SCRAPING = {"job", "instance", "worker"}
"""Labels that Prometheus adds to every series, as deploy/prometheus says."""

PANELS = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
QUERIES = [(f"{panel['title']} {query['refId']}", query) for panel in PANELS for query in panel["targets"]]
VARIABLES = {variable["name"]: variable for variable in dashboard()["templating"]["list"]}


def parsed(expr: str) -> promql.Expr:
    """The expression as Prometheus gets it from Grafana."""
    return promql.parse(expr.replace("$__rate_interval", "1m"))


def parts(expr: promql.Expr) -> list[promql.Expr]:
    found: list[promql.Expr] = []
    promql.walk(expr, pre_visit=found.append)
    return found


def labels_of(series: str) -> set[str]:
    """Labels of a series, as the catalogue declares them."""
    for metric in catalogue():
        suffix = series.removeprefix(metric._name)
        if series.startswith(metric._name) and suffix in {"", "_total", "_sum", "_count", "_info", "_bucket"}:
            return {*metric._labelnames, *FROM_SCRAPING, *(["le"] if suffix == "_bucket" else [])}
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


def test_the_file_is_what_the_code_writes() -> None:
    assert OUTPUT.read_text(encoding="utf-8") == rendered(), "run `python -m deploy.grafana.build`"
    assert json.loads(rendered())["uid"] == "firewatch"


@pytest.mark.parametrize("query", [query for _, query in QUERIES], ids=[name for name, _ in QUERIES])
def test_queries_name_only_series_and_labels_that_exist(query: dict[str, Any]) -> None:
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
    shown = set().union(*(selected(parsed(query["expr"])) for _, query in QUERIES))
    missing = [metric._name for metric in catalogue() if not any(name.startswith(metric._name) for name in shown)]
    assert not missing, "add a panel in deploy/grafana/build.py"


def test_counters_are_never_shown_raw() -> None:
    for name, query in QUERIES:
        counters = {series for series in selected(parsed(query["expr"])) if series.endswith(("_total", "_bucket"))}
        functions = {part.func.name for part in parts(parsed(query["expr"])) if isinstance(part, promql.Call)}
        assert not counters or functions & {"rate", "increase"}, name
        assert not counters or "$__rate_interval" in query["expr"], name


def test_annotations_name_only_what_exists() -> None:
    for annotation in dashboard()["annotations"]["list"]:
        assert not defects(parsed(annotation["expr"]))


def test_variables_are_used_and_read_labels_that_exist() -> None:
    used = set(re.findall(r"\$\{?(\w+)", rendered())) - {"__rate_interval", "__all"}
    assert used == set(VARIABLES)
    for variable in VARIABLES.values():
        if variable["type"] == "query":
            call = re.fullmatch(r"label_values\((?P<selector>.+), (?P<label>\w+)\)", variable["definition"])
            assert call is not None
            selector = parsed(call["selector"])
            assert not defects(selector)
            assert call["label"] in set().union(*map(labels_of, selected(selector)))


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_panels_have_a_description_a_unit_and_the_chosen_datasource(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]
    assert {"${datasource}"} == {item["datasource"]["uid"] for item in (panel, *panel["targets"])}


def test_panels_have_their_own_id_and_place() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


def test_provisioning_fits_the_scrape_interval_and_the_mounts() -> None:
    folder = OUTPUT.parent / "provisioning"
    source = yaml.safe_load((folder / "datasources" / "prometheus.yaml").read_text())["datasources"][0]
    prometheus = yaml.safe_load((OUTPUT.parents[1] / "prometheus" / "prometheus.yml").read_text())
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]
    provider = yaml.safe_load((folder / "dashboards" / "firewatch.yaml").read_text())["providers"][0]
    mounts = yaml.safe_load((OUTPUT.parents[1] / "compose.yaml").read_text())["services"]["grafana"]["volumes"]
    assert f"./grafana/firewatch.json:{provider['options']['path']}/firewatch.json:ro" in mounts
