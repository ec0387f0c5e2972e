"""Run anomaly detectors of river on the same series, with the same refractory period, each at its best setting.

The settings are chosen on the series by which they are then scored, which favours the peers: the figures of firewatch
next to them are those of its defaults.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from river.anomaly import GaussianScorer, HalfSpaceTrees, PredictiveAnomalyDetection
from river.preprocessing import MinMaxScaler
from river.time_series import HoltWinters

from detectors.refractory import Refractory
from streams.offline.series.benchmark import PROFILES, AlarmScore, normalised, score_alarms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from streams.offline.series.labelled import LabelledSeries

    Scorer: TypeAlias = Callable[[Sequence[float]], Iterator[float]]

REFRACTORY_HOURS: Final = 24.0
"""Refractory period of `detectors.volume.Volume` by default."""

_DAY_ROWS: Final = 288
"""Rows in a day of five-minute counts: the window and the season of the peers."""

_LARGE: Final = 100.0
"""Value of `n_std` with which PredictiveAnomalyDetection does not clip its scores at 1: a threshold ``t`` on them is
then about ``100 * t`` standard deviations."""

_FEATURE: Final = "count"


class Setting(NamedTuple):
    """A peer with its parameters, and the thresholds to try."""

    peer: str
    parameters: str
    scores: Scorer
    thresholds: Sequence[float]


class BestSetting(NamedTuple):
    """The setting and threshold of a peer with the highest standard score, and the score of each series."""

    setting: Setting
    threshold: float
    alarms: list[AlarmScore]


def settings() -> list[Setting]:
    """Return the grid: four to six settings of each peer, each with about a dozen thresholds."""
    gaussian = [math.erf(deviations / math.sqrt(2)) for deviations in (2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)]
    trees = [0.8, 0.9, 0.95, 0.97, 0.98, 0.985, 0.99, 0.993, 0.995, 0.996, 0.997, 0.998]
    predictive = [0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0]
    return [
        *(
            Setting("GaussianScorer", f"window_size={window}", _gaussian(window), gaussian)
            for window in (None, _DAY_ROWS, 7 * _DAY_ROWS, 14 * _DAY_ROWS)
        ),
        *(
            Setting("HalfSpaceTrees", f"window_size={window} on {name} counts", _trees(window, shape), trees)
            for window in (_DAY_ROWS, 7 * _DAY_ROWS)
            for name, shape in (("plain", float), ("log", math.log1p))
        ),
        *(
            Setting(
                "PredictiveAnomalyDetection + HoltWinters",
                f"alpha={alpha} seasonality={seasonality}",
                _predictive(alpha, seasonality),
                predictive,
            )
            for alpha in (0.01, 0.1, 0.3)
            for seasonality in (0, _DAY_ROWS)
        ),
    ]


def compare(series: Sequence[LabelledSeries], grid: Iterable[Setting]) -> list[BestSetting]:
    """Return the best setting and threshold of each peer over all series together."""
    best: dict[str, tuple[float, BestSetting]] = {}
    for setting in grid:
        scores = [list(setting.scores([row.value for row in one.rows])) for one in series]
        for threshold in setting.thresholds:
            alarms = [
                score_alarms(len(one.rows), one.windows, _alarms(one, scored, threshold))
                for one, scored in zip(series, scores, strict=True)
            ]
            standard = normalised(alarms, PROFILES[0])
            if setting.peer not in best or standard > best[setting.peer][0]:
                best[setting.peer] = standard, BestSetting(setting, threshold, alarms)
    return [found for _, found in best.values()]


def _alarms(series: LabelledSeries, scores: Sequence[float], threshold: float) -> Iterator[int]:
    """Yield the rows at or above the threshold that an earlier alarm does not suppress."""
    refractory = Refractory(REFRACTORY_HOURS)
    for index, (row, score) in enumerate(zip(series.rows, scores, strict=True)):
        if score >= threshold:
            value = score / threshold
            if refractory.suppresses(row.ms, value) is None:
                yield index
            refractory.learn(row.ms, value)


def _gaussian(window: int | None) -> Scorer:
    def scores(values: Sequence[float]) -> Iterator[float]:
        detector = GaussianScorer(window_size=window)
        for value in values:
            yield detector.score_one(None, value)
            detector.learn_one(None, value)

    return scores


def _trees(window: int, shape: Callable[[float], float]) -> Scorer:
    """Return a scorer by trees, which need features in 0..1: a running minimum and maximum scales the counts."""

    def scores(values: Sequence[float]) -> Iterator[float]:
        scaler = MinMaxScaler()
        detector = HalfSpaceTrees(n_trees=25, window_size=window, seed=1)
        for value in values:
            features = {_FEATURE: shape(value)}
            scaler.learn_one(features)
            scaled = scaler.transform_one(features)
            yield detector.score_one(scaled)
            detector.learn_one(scaled)

    return scores


def _predictive(alpha: float, seasonality: int) -> Scorer:
    """Return a scorer by forecasts; it scores 0 for two seasons, in which the forecaster has too little data."""

    def scores(values: Sequence[float]) -> Iterator[float]:
        forecaster = HoltWinters(alpha=alpha, beta=0.01, gamma=0.1 if seasonality else None, seasonality=seasonality)
        detector = PredictiveAnomalyDetection(forecaster, n_std=_LARGE)
        warm = 2 * max(seasonality, 1) + 1
        for index, value in enumerate(values):
            yield detector.score_one({}, value) if index > warm else 0.0
            detector.learn_one(None, float(value))

    return scores
