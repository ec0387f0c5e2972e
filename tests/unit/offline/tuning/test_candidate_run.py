"""All candidates at once raise what each of them raises alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.config.loader import load_config
from streams.offline.backtest import run_configs, scored
from streams.offline.tuning.candidate_run import run_candidates
from streams.offline.tuning.candidates import distinct, parameters

if TYPE_CHECKING:
    from pathlib import Path

    from streams.offline.incident_matching import RaisedIncident, Rise


def told(incidents: list[RaisedIncident]) -> list[tuple[str, list[Rise], list[str]]]:
    return sorted((each.brand, each.rises, list(each.labels)) for each in incidents)


def test_candidates_raise_together_what_each_raises_alone(folder: Path) -> None:
    config = load_config(folder / "c.yaml")
    candidates = distinct(parameters(config))
    with scored(str(folder / "posts.jsonl"), config, processes=2) as mentions:
        assert len(mentions.files) > 1
        runs = run_candidates(config, [each.days for each in candidates], mentions, processes=2)
        some = range(0, len(candidates), 8)
        alone = run_configs([("", candidates[place].config) for place in some], mentions, series=False)
    assert [told(runs.raised[place]) for place in some] == [told(each.raised) for each in alone]
    assert len({str(told(raised)) for raised in runs.raised}) > 3
