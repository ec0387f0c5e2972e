"""Labels, incidents and a config of four brands for the tests of tuning, and the commands that they run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from click.testing import CliRunner

from detectors.units import DAY_MS, HOUR_MS
from streams.cli import cli
from streams.config import Config
from streams.offline.backtest import Expected, evaluate
from streams.offline.incident_matching import RaisedIncident, Rise

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from streams.offline.backtest import LabelEvaluation

DAYS = 6
THINNED = 6
"""One post in this many is kept, which is enough to detect storms."""


def config(**sections: object) -> Config:
    brands = [{"id": id, "name": id, "match": {"any": [id]}} for id in ("alpha", "beta", "gamma", "delta")]
    return Config.model_validate({"brands": brands} | sections)


def label(brand: str, at_ms: int) -> Expected:
    begin, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (at_ms, at_ms + HOUR_MS))
    return Expected.model_validate({"brand": brand, "from": begin, "to": end})


def incident(brand: str, at_ms: int) -> RaisedIncident:
    return RaisedIncident(brand, f"{brand}{at_ms}", [Rise(at_ms, "warning")])


def judged(labels: list[Expected], found: int, false: int = 0, brand: str = "delta") -> LabelEvaluation:
    right = [incident(each.brand, round(each.from_.timestamp() * 1000)) for each in labels[:found]]
    return evaluate(
        labels, right + [incident(brand, 100 * DAY_MS + place * DAY_MS) for place in range(false)], "warning"
    )


def run(folder: Path, *arguments: str) -> Result:
    """Run a command; `@` in its arguments is the folder."""
    return CliRunner().invoke(cli, [each.replace("@", f"{folder}/") for each in arguments])


def tune(folder: Path, *arguments: str, posts: str = "posts", config: str = "c") -> Result:
    """Run `firewatch tune` on posts of the folder, simulated in order of arrival."""
    return run(folder, "tune", "--posts", f"@{posts}.jsonl", "--keep-order", "-c", f"@{config}.yaml", *arguments)
