"""What the boards' queries return for counters that are born, missed and reset, asked of Prometheus."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from deploy.grafana.queries import events
from tests.support.prometheus import installed

if TYPE_CHECKING:
    from pathlib import Path

SERIES = 'firewatch_detections_total{job="firewatch", detector="volume"}'


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param("500x120", {40: 0, 41: 0, 45: 0, 100: 0}, id="nothing happens"),
        pytest.param("500x39 stale 500x80", {40: 0, 41: 0, 42: 0, 44: 0}, id="one scrape failed"),
        pytest.param("500x39 _x19 500x60", {60: 0, 61: 0, 64: 0}, id="many scrapes failed"),
        pytest.param("500x39 _x19 501x60", {70: 0}, id="an event during a gap is over"),
        pytest.param("_x39 3x80", {40: 3, 50: 0}, id="born with its first events"),
        pytest.param("_x39 stale _x5 1x80", {46: 1, 60: 0}, id="born after a marker"),
        pytest.param("500x39 1x80", {41: 1, 50: 0}, id="a restart begins again"),
    ],
)
def test_events_are_counted_once(values: str, expected: dict[int, float], tmp_path: Path) -> None:
    expression = events("firewatch_detections_total", by="detector")
    expression = expression.replace("$__rate_interval", "1m").replace('"$job"', '".*"')
    checks = [
        {
            "expr": f"round({expression})",
            "eval_time": f"{scrape * 15}s",
            "exp_samples": [{"labels": '{detector="volume"}', "value": value}],
        }
        for scrape, value in expected.items()
    ]
    test = {
        "interval": "15s",
        "input_series": [{"series": SERIES, "values": values}],
        "promql_expr_test": checks,
    }
    file = tmp_path / "events.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "15s", "tests": [test]}), encoding="utf-8")
    done = subprocess.run(
        [installed("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
