"""Expressions evaluated by promtool over series that are written down sample by sample."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.prometheus import installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SCRAPE_SECONDS: Final = 15


@dataclass(frozen=True)
class Check:
    """A scalar expression and the value that it must have at the n-th scrape."""

    name: str
    expr: str
    scrape: int
    value: float


def verify(folder: Path, series: Mapping[str, str], checks: Iterable[Check], rules: Iterable[str] = ()) -> None:
    """Evaluate the checks over the series; fail the test with what differs.

    Parameters
    ----------
    folder
        Takes the file for promtool.
    series
        Values in promtool's notation by selector; each sample is one scrape.
    rules
        Files of rules that are evaluated before, at each scrape.
    """
    tests: list[dict[str, Any]] = [
        {
            "name": check.name,
            "expr": check.expr,
            "eval_time": f"{check.scrape * SCRAPE_SECONDS}s",
            "exp_samples": [{"labels": "{}", "value": check.value}],
        }
        for check in checks
    ]
    names = [(test.pop("name"), test["expr"], test["eval_time"]) for test in tests]
    interval = f"{SCRAPE_SECONDS}s"
    group = {
        "interval": interval,
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "promql_expr_test": tests,
    }
    content = {"rule_files": list(rules), "evaluation_interval": interval, "tests": [group]}
    file = folder / "cases.test.yml"
    file.write_text(json.dumps(content), encoding="utf-8")  # JSON is YAML too, and written faster
    done = subprocess.run(
        [installed("promtool"), "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return
    output = (done.stdout + done.stderr).replace("\\n", "\n").replace('\\"', '"')
    failed = [f"{name} at {at}" for name, expr, at in names if expr in output]
    pytest.fail(f"{failed[:5]}\n{output[-1000:]}")
