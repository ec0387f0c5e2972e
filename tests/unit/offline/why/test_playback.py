"""The moment that is explained is the last evaluation up to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from detectors.units import HOUR_MS, MINUTE_MS
from streams.config.loader import load_config
from streams.offline.backtest import scored
from streams.offline.why import play
from streams.records import epoch_ms
from tests.support.backtest import STORM_MS, write_files
from tests.support.two_brands import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from streams.config import Config
    from streams.offline.backtest import Mentions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("why")
    write_files(made)
    return made


@pytest.fixture(scope="module")
def config(folder: Path) -> Config:
    return load_config(folder / "now.yaml")


@pytest.fixture(scope="module")
def mentions(folder: Path, config: Config) -> Iterator[Mentions]:
    with scored(str(folder / "posts.jsonl"), config, processes=1) as found:
        yield found


@pytest.mark.parametrize("minute", [3, 200, 401, 430, 520])
def test_it_is_the_last_evaluation_up_to_the_moment(mentions: Mentions, config: Config, minute: int) -> None:
    at_ms = START + minute * MINUTE_MS
    moment = play(mentions, config, config.brands[0], at_ms).moment
    assert moment is not None
    assert at_ms - 60_000 <= moment.at_ms <= at_ms
    assert moment.bucket.start_ms <= moment.at_ms
    assert moment.bucket.elapsed_ms == min(moment.bucket.length_ms, moment.at_ms - moment.bucket.start_ms)


def test_at_the_time_of_an_alert_it_is_the_evaluation_that_raised_it(mentions: Mentions, config: Config) -> None:
    played = play(mentions, config, config.brands[0], STORM_MS)
    opened = next(alert for alert in played.alerts if alert.kind == "open")
    moment = play(mentions, config, config.brands[0], epoch_ms(opened.at)).moment
    assert moment is not None
    assert moment.at_ms == epoch_ms(opened.at)
    assert moment.incident is not None
    assert moment.incident.fingerprint == opened.fingerprint
    fired = {each.name for each in moment.detectors if each.value >= 1}
    assert fired == opened.detectors.keys()
    second_before = play(mentions, config, config.brands[0], moment.at_ms - 1).moment
    assert second_before is not None
    assert second_before.incident is None


def test_runs_and_recent_buckets_are_those_of_the_storm(mentions: Mentions, config: Config) -> None:
    played = play(mentions, config, config.brands[0], STORM_MS + 30 * MINUTE_MS)
    assert played.runs
    assert all(STORM_MS <= run.begin_ms <= run.end_ms <= STORM_MS + 3 * HOUR_MS for run in played.runs)
    assert len(played.recent) == 5
    starts = [each.start_ms for each in played.recent]
    assert starts == sorted(starts)
    assert starts[-1] <= STORM_MS + 30 * MINUTE_MS
    assert not played.recent[-1].closed


def test_of_another_brand_only_its_own_mentions_count(mentions: Mentions, config: Config) -> None:
    other = play(mentions, config, config.brands[1], STORM_MS + 30 * MINUTE_MS)
    assert not other.runs
    assert not other.alerts
    assert other.mentions == mentions.mentions["suedmilch"]


def test_before_the_first_mention_nothing_is_explained(mentions: Mentions, config: Config) -> None:
    assert play(mentions, config, config.brands[0], START - HOUR_MS).moment is None
