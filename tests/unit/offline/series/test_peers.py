"""Detectors of river run on the same series, each at its best threshold."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import pytest

from streams.offline.series import tables
from streams.offline.series.peers import Setting, compare, settings
from tests.support.series import cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from streams.offline.series.labelled import LabelledSeries


def test_peers_keep_silent_as_long_as_we_do_and_get_their_best_threshold(series: list[LabelledSeries]) -> None:
    def scores(values: Sequence[float]) -> Iterator[float]:
        return iter(values)

    grid = [Setting("plain", "none", scores, [1.0, 100.0, 1e9])]
    (best,) = compare(series, grid)
    assert best.threshold == 100
    assert sum(len(one.hits) for one in best.alarms) == 4
    assert all(len(one.false_alarms) <= 1 for one in best.alarms)
    (noisy,) = compare(series, [Setting("plain", "none", scores, [1.0])])
    assert sum(len(one.false_alarms) for one in noisy.alarms) < 30 * len(series) * 3
    ours, theirs = cells(tables.peers("ours", best.alarms, [best]))[2:]
    assert ours[0] == "ours"
    assert theirs[0] == "plain, none, threshold 100"
    assert ours[1:] == theirs[1:]


@pytest.mark.parametrize("setting", settings(), ids=lambda setting: f"{setting.peer} {setting.parameters}")
def test_each_peer_scores_a_storm_above_the_usual(setting: Setting, series: list[LabelledSeries]) -> None:
    values = [row.value for row in series[2].rows]
    scores = list(setting.scores(values))
    assert len(scores) == len(values)
    storm = max(scores[25 * 96 + 48 : 25 * 96 + 60])
    assert storm > median(scores[22 * 96 : 25 * 96])
    assert min(scores) >= 0
    assert max(scores) <= 1
