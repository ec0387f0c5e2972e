"""Labels, incidents and a config of four brands for the tests of tuning."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from detectors.units import DAY_MS, HOUR_MS
from streams.config import Config
from streams.offline.backtest import Expected, evaluate
from streams.offline.incident_matching import RaisedIncident, Rise

if TYPE_CHECKING:
    from streams.offline.backtest import LabelEvaluation


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
