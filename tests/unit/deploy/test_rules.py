"""The rules of Prometheus: they use what is exported, do what their cases say, and each alert can be looked up."""

from __future__ import annotations

import re
import subprocess
from typing import Any, Final

import promql_parser as promql
import pytest
import yaml

from deploy.grafana.build import BOARDS
from deploy.prometheus import build
from streams.cli.deploy_files import RUNBOOKS_URL
from streams.runtime.metrics import series_names
from tests.support.paths import DEPLOY
from tests.support.prometheus import installed

PROMETHEUS: Final = DEPLOY / "prometheus"
RUNBOOKS: Final = DEPLOY / "RUNBOOKS.md"


def rules(file: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "rules" / file).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


RECORDED: Final = [*rules("counters.yml"), *rules("recording.yml")]
ALERTS: Final = rules("alerts.yml")


def series(expr: str) -> set[str]:
    found: list[promql.Expr] = []
    promql.walk(promql.parse(expr), pre_visit=found.append)
    return {part.name or "" for part in found if isinstance(part, promql.VectorSelector)}


@pytest.mark.parametrize("rule", [*RECORDED, *ALERTS], ids=lambda rule: rule.get("record") or rule["alert"])
def test_rules_name_only_series_that_exist(rule: dict[str, Any]) -> None:
    assert series(rule["expr"]) <= {*series_names(), *(each["record"] for each in RECORDED), "up", "ALERTS"}


def test_the_rules_of_counters_are_as_the_code_writes_them() -> None:
    assert build.FILE.read_text(encoding="utf-8") == build.rendered(), "run `make rules`"


def test_no_other_rule_looks_at_a_counter_that_can_be_born_with_events() -> None:
    """Only series without labels of their own are there from the start, at zero."""
    for rule in [*rules("recording.yml"), *ALERTS]:
        counters = {name for name in series(rule["expr"]) if name.endswith("_total") and ":" not in name}
        assert counters <= {"firewatch_posts_scored_total"}, rule


def test_what_is_recorded_is_used() -> None:
    used = set().union(*(series(rule["expr"]) for rule in [*RECORDED, *ALERTS]))
    assert {rule["record"] for rule in RECORDED} <= used


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_is_wrong_and_where_to_look(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"warning", "critical"}
    annotations = alert["annotations"]
    assert annotations["summary"]
    assert annotations["description"].endswith(".")
    assert annotations["runbook_url"] == f"{RUNBOOKS_URL}#{alert['alert'].lower()}"
    assert annotations["dashboard"].removeprefix("/d/") in BOARDS


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOKS.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [alert["alert"] for alert in ALERTS]


def test_the_page_of_the_runbooks_is_as_the_code_writes_it() -> None:
    assert build.PAGE.read_text(encoding="utf-8") == build.page(), "run `make rules`"


def test_every_link_to_a_runbook_meets_its_heading_in_the_page() -> None:
    ids = re.findall(r'<h2 id="([^"]+)">', build.page())
    assert ids == [alert["alert"].lower() for alert in ALERTS]
    assert set(re.findall(r'href="#([^"]+)"', build.page())) <= set(ids)


def test_the_page_has_no_link_to_a_file_beside_it() -> None:
    """Prometheus serves nothing else of the project."""
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]+)"', build.page()))


def test_each_runbook_tells_symptom_causes_and_commands() -> None:
    for section in RUNBOOKS.read_text(encoding="utf-8").split("\n## ")[1:]:
        assert "**Symptom**" in section, section[:40]
        assert "**Likely causes**" in section, section[:40]
        assert re.search(r"^    \S", section, re.MULTILINE), section[:40]


def test_runbooks_name_only_metrics_that_exist() -> None:
    names = set(re.findall(r"firewatch_[a-z0-9_]+", RUNBOOKS.read_text(encoding="utf-8")))
    assert all(any(known.startswith(name) for known in series_names()) for name in names)


def test_each_alert_fires_in_a_case() -> None:
    text = (PROMETHEUS / "tests" / "alerts.test.yml").read_text(encoding="utf-8")
    assert all(f'alertname="{alert["alert"]}"' in text for alert in ALERTS)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "tests/alerts.test.yml"),
        ("test", "rules", "tests/days.test.yml"),
    ],
    ids=["config and rules", "cases", "cases of days"],
)
def test_promtool_is_content(arguments: tuple[str, ...]) -> None:
    command = [installed("promtool"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROMETHEUS)
    assert result.returncode == 0, result.stdout + result.stderr
