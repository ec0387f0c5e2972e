"""Anomaly detectors of river on the same series, with the same silence after an alarm, each at its best setting.

The settings are chosen on the very series they are then scored on, which favours the peers: firewatch's own figures
beside them are those of its defaults.
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
"""The default of `detectors.volume.Volume`."""

_DAY_ROWS: Final = 288
"""Rows in a day of five-minute counts: the window and the season the peers are given."""

_LARGE: Final = 100.0
"""`n_std` with which PredictiveAnomalyDetection does not cut its scores at 1: a threshold ``t`` on them then stands for
about ``100 * t`` standard deviations."""

_FEATURE: Final = "count"


class Setting(NamedTuple):
    """One peer with its parameters, and the thresholds to try."""

    peer: str
    parameters: str
    scores: Scorer
    thresholds: Sequence[float]


class Best(NamedTuple):
    """The setting and threshold with the highest standard score of one peer, and what it did."""

    setting: Setting
    threshold: float
    verdicts: list[AlarmScore]


def settings() -> list[Setting]:
    """The grid: for each peer four to six settings, each with about a dozen thresholds."""
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


def compare(series: Sequence[LabelledSeries], grid: Iterable[Setting]) -> list[Best]:
    """Find each peer's best setting and threshold over all series together."""
    best: dict[str, tuple[float, Best]] = {}
    for setting in grid:
        scores = [list(setting.scores([row.value for row in one.rows])) for one in series]
        for threshold in setting.thresholds:
            verdicts = [
                score_alarms(len(one.rows), one.windows, _alarms(one, scored, threshold))
                for one, scored in zip(series, scores, strict=True)
            ]
            standard = normalised(verdicts, PROFILES[0])
            if setting.peer not in best or standard > best[setting.peer][0]:
                best[setting.peer] = standard, Best(setting, threshold, verdicts)
    return [found for _, found in best.values()]


def _alarms(series: LabelledSeries, scores: Sequence[float], threshold: float) -> Iterator[int]:
    """Rows at or above the threshold that the silence after an earlier one does not swallow."""
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
    """The trees want features in 0..1, so a running minimum and maximum scales what they get."""

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
    """Silent for two seasons, within which the forecaster has nothing to forecast with."""

    def scores(values: Sequence[float]) -> Iterator[float]:
        forecaster = HoltWinters(alpha=alpha, beta=0.01, gamma=0.1 if seasonality else None, seasonality=seasonality)
        detector = PredictiveAnomalyDetection(forecaster, n_std=_LARGE)
        warm = 2 * max(seasonality, 1) + 1
        for index, value in enumerate(values):
            yield detector.score_one({}, value) if index > warm else 0.0
            detector.learn_one(None, float(value))

    return scores
