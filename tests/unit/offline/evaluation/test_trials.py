"""Trials give the same results in parallel as one after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.errors import ConfigError
from streams.offline.evaluation import config_for, run_trials
from streams.offline.simulate import SimulationSettings

SMALL = SimulationSettings(seed=4, days=0.1, brands=2, scenario="calm")


def test_side_by_side_gives_what_one_after_the_other_gives() -> None:
    wanted = [replace(SMALL, seed=seed) for seed in (7, 5, 6)]
    config = config_for(SMALL.brands)
    one_by_one = run_trials(wanted, config, processes=1, shown=False)
    side_by_side = run_trials(wanted, config, processes=2, shown=True)
    assert [trial.seed for trial in one_by_one] == [7, 5, 6]
    assert [replace(trial, seconds=0.0) for trial in side_by_side] == [
        replace(trial, seconds=0.0) for trial in one_by_one
    ]
    assert len({trial.posts for trial in one_by_one}) == 3


def test_a_scenario_that_does_not_fit_is_refused_before_anything_runs() -> None:
    impossible = replace(SMALL, scenario="firestorm")
    with pytest.raises(ConfigError, match="firestorm would last"):
        run_trials([SMALL, impossible], config_for(SMALL.brands))
