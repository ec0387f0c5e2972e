"""How often each detector would have fired at other thresholds."""

from __future__ import annotations

from streams.config import Config
from streams.offline.backtest.whatif import curves
from streams.records import Window, WindowScore
from streams.render.bucket_series import BucketSeries


def test_the_what_if_curve_falls_and_meets_what_fired_at_the_threshold_in_use() -> None:
    settings = Config.model_validate(
        {
            "brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}],
            "detectors": [{"name": "volume", "kind": "volume"}, {"name": "level", "kind": "drift"}],
        }
    )
    series = BucketSeries()
    for index in range(2016):
        score = WindowScore({100: 1.0, 101: 1.2, 1000: 3.0, 1500: 0.9}.get(index, 0.0), 1, 1, 0, 2, None)
        scores = {"volume": score, "level": score}
        series.add(Window("a", index * 300_000, 300_000, 1, 0, 0, 0, 1, 0, 0, 1.0, scores, "c"))
    (curve,) = curves(settings, {"a": series})
    at = dict(zip(curve.days, curve.firings, strict=True))
    assert curve.in_use == 7
    assert at[7] == 2
    assert at[5] == 3
    assert list(curve.firings) == sorted(curve.firings, reverse=True)
