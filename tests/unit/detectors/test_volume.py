"""When volume fires, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectors.base import Bucket, ParameterError
from detectors.units import DAY_MS, HOUR_MS
from detectors.volume import Volume
from tests.support.series import START_MS, buckets, fired, watch


def surge(usual: float, day: float, factor: float) -> list[Bucket]:
    return buckets(day + 1, lambda now: usual * (factor if now >= day else 1.0))


@pytest.mark.parametrize("per_day", [0.5, 2, 20, 200, 2_000, 20_000])
def test_a_brand_with_a_daily_rhythm_is_quiet(per_day: float) -> None:
    fires = [fired(watch(Volume(), buckets(28, lambda _: per_day, seed=seed, minutes=15))) for seed in range(3)]
    assert sum(map(len, fires)) <= 1  # of 84 days


@pytest.mark.parametrize("minutes", [1, 5, 15, 60])
def test_a_surge_fires_within_the_hour_whatever_the_length_of_a_bucket(minutes: int) -> None:
    series = buckets(15, lambda day: 300 * (12 if day >= 14.2 else 1), minutes=minutes)
    days = fired(watch(Volume(), series))
    assert len(days) == 1
    assert 14.2 - minutes / 1440 <= days[0] <= 14.2 + 1 / 24


def test_a_low_volume_brand_ignores_two_posts_and_notices_twenty() -> None:
    calm = buckets(28, lambda _: 2.0)
    detector = Volume()
    watch(detector, calm)
    end_ms = calm[-1].start_ms + 300_000
    assert detector.score_one(Bucket(end_ms, 300_000, 2)).value < 1
    assert detector.score_one(Bucket(end_ms, 300_000, 20)).fires


def test_a_slow_surge_fires_though_no_single_bucket_stands_out() -> None:
    def per_day(day: float) -> float:
        return 480 * (4 if day >= 14 else 1)

    series = buckets(15, per_day, minutes=5, rhythm=0)
    largest_before = max(bucket.count for bucket in series[: 14 * 288])
    scores = watch(Volume(), series)
    days = fired(scores)
    assert len(days) == 1
    assert 14 < days[0] < 14.5
    assert dict(scores)[days[0]].observed <= 3 * largest_before


def test_a_brand_that_has_grown_becomes_usual() -> None:
    series = buckets(50, lambda day: 500 * (5 if day >= 20 else 1), minutes=15)
    days = fired(watch(Volume(), series))
    assert 20 <= days[0] < 20.5
    assert [day for day in days if day > 27] == []


def test_no_data_is_not_zero() -> None:
    before = buckets(10, lambda _: 500.0)
    after = buckets(3, lambda _: 500.0, seed=2, start_ms=START_MS + 20 * DAY_MS)
    detector = Volume()
    watch(detector, before)
    usual = detector.score_one(after[0]).expected
    assert fired(watch(detector, after)) == []
    assert detector.score_one(after[0]).expected == pytest.approx(usual, rel=0.15)


def test_half_the_sources_are_expected_to_bring_half_the_mentions() -> None:
    detector = Volume(usual_posts_per_day=480)
    whole = Bucket(START_MS, 300_000, 1)
    half = Bucket(START_MS, 300_000, 1, coverage=0.5)
    assert detector.score_one(half).expected == detector.score_one(whole).expected / 2
    for index in range(288 * 7):
        detector.learn_one(Bucket(START_MS + index * 300_000, 300_000, 1 if index % 2 else 0, coverage=0.5))
    assert detector.score_one(whole).expected == pytest.approx(1, rel=0.25)


def test_a_known_level_needs_no_history() -> None:
    """A brand with 20 posts a day gets 17 an hour."""
    stormy = [Bucket(START_MS + index * 300_000, 300_000, 17 // 12 + (index % 12 < 5)) for index in range(144)]
    days = fired(watch(Volume(usual_posts_per_day=20), stormy))
    assert len(days) == 1
    assert days[0] < 2 / 24


def test_without_a_known_level_the_same_is_labelled_cold_start() -> None:
    stormy = [Bucket(START_MS + index * 300_000, 300_000, 20) for index in range(60)]
    assert fired(watch(Volume(), stormy)) == []
    jump = Bucket(START_MS + 60 * 300_000, 300_000, 2_000)
    detector = Volume()
    watch(detector, stormy)
    assert detector.score_one(jump).suppressed == "cold_start"


@pytest.mark.parametrize(("hours", "times", "fires"), [(1.5, 1_000, False), (3, 1_000, True), (3, 15, False)])
def test_two_hours_of_history_suffice_for_an_absurd_jump_only(hours: float, times: int, fires: bool) -> None:
    detector = Volume()
    known = int(hours * 12)
    watch(detector, [Bucket(START_MS + index * 300_000, 300_000, 10) for index in range(known)])
    jump = [Bucket(START_MS + (known + index) * 300_000, 300_000, 10 * times) for index in range(3)]
    assert len(fired(watch(detector, jump))) == fires


def test_the_same_jump_says_more_the_longer_the_brand_is_known() -> None:
    values = []
    for hours in (3, 12, 24, 72):
        detector = Volume()
        watch(detector, [Bucket(START_MS + index * 300_000, 300_000, 10) for index in range(hours * 12)])
        values.append(detector.score_one(Bucket(START_MS + hours * HOUR_MS, 300_000, 1_000)).value)
    assert values == sorted(values)
    assert values[-1] > 1.5 * values[0]


def test_a_brand_that_falls_silent_while_its_sources_deliver_fires_downwards_if_asked() -> None:
    def per_day(day: float) -> float:
        return 2_000 if day < 14.3 else 20

    series = buckets(15, per_day)
    assert fired(watch(Volume(), series)) == []
    for direction in ("down", "both"):
        scores = watch(Volume(direction=direction), series)
        days = fired(scores)
        assert len(days) == 1
        assert 14.3 < days[0] < 14.5
        assert dict(scores)[days[0]].direction == "down"


def test_downwards_alone_a_surge_does_not_fire_and_an_open_bucket_is_not_too_quiet() -> None:
    detector = Volume(direction="down")
    assert fired(watch(detector, surge(300, 14, 12))) == []
    silence = watch(Volume(direction="down"), buckets(15, lambda day: 2_000 if day < 14.3 else 0))
    day = fired(silence)[0]
    again = Volume(direction="down")
    history = buckets(15, lambda day: 2_000 if day < 14.3 else 0)
    for bucket in history:
        if (bucket.start_ms - START_MS) / DAY_MS >= day:
            break
        again.learn_one(bucket)
    assert again.score_one(bucket).fires
    assert not again.score_one(replace(bucket, elapsed_ms=bucket.length_ms - 1)).fires


def test_what_was_learned_outlasts_a_change_of_direction() -> None:
    calm = buckets(15, lambda _: 500.0)
    up, both = Volume(), Volume(direction="both")
    watch(up, calm)
    watch(both, calm)
    last = Bucket(START_MS + 15 * DAY_MS, 300_000, 30)
    assert Volume(direction="both").restore(up.snapshot()).score_one(last).value == up.score_one(last).value
    assert Volume().restore(both.snapshot()).score_one(last) == up.score_one(last)


def test_a_direction_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ParameterError, match="must be one of up, down, both, got 'sideways'"):
        Volume(direction="sideways")


def test_a_collection_that_starts_in_earnest_is_cold_start_through_its_days_and_nights() -> None:
    """28 stray mentions a day, and on the fifth day the brand's own posts begin to be collected."""
    series = buckets(8, lambda day: 28 if day < 5.3 else 1_400, rhythm=0.8)
    scores = watch(Volume(), series)
    assert fired(scores) == []
    assert any(score.suppressed == "cold_start" for day, score in scores if day > 5.3)


def test_a_day_of_history_suffices_for_a_jump_to_eight_times_as_many() -> None:
    """69 mentions in a day, a day without any data, then 25 an hour."""
    calm = [Bucket(START_MS + index * 300_000, 300_000, int(index % 4 == 0)) for index in range(288)]
    onset = START_MS + 2 * DAY_MS
    storm = [Bucket(onset + index * 300_000, 300_000, 2 + (index % 12 == 0)) for index in range(288)]
    days = fired(watch(Volume(), calm + storm))
    assert days
    assert 2 <= days[0] < 2 + 5 / 24


def test_the_same_event_fires_once_a_day_unless_it_escalates() -> None:
    scores = watch(Volume(), surge(300, 14, 12))
    (first,) = fired(scores)
    later = [score for day, score in scores if first < day < first + 0.9 and score.value >= 1]
    assert later
    assert {score.suppressed for score in later} == {"refractory"}

    detector = Volume()
    watch(detector, surge(300, 14, 12))
    end_ms = START_MS + 15 * DAY_MS - HOUR_MS
    assert detector.score_one(Bucket(end_ms, 300_000, 100)).suppressed == "refractory"
    assert detector.score_one(Bucket(end_ms, 300_000, 1_000_000)).fires


def test_without_a_refractory_period_every_bucket_fires() -> None:
    scores = watch(Volume(refractory_hours=0), surge(300, 14, 12))
    assert len(fired(scores)) > 50
    assert not any(score.suppressed == "refractory" for _, score in scores)


def test_a_level_that_becomes_doubtful_again_survives_a_snapshot() -> None:
    """A burst while the level is the rate of the latest mentions: the hours behind it shrink below a day."""
    stray = [Bucket(START_MS + index * HOUR_MS, HOUR_MS, 1) for index in range(40)]
    detector = Volume()
    watch(detector, [*stray, Bucket(START_MS + 40 * HOUR_MS, HOUR_MS, 500)])
    bucket = Bucket(START_MS + 41 * HOUR_MS, HOUR_MS, 900)
    assert Volume().restore(detector.snapshot()).score_one(bucket) == detector.score_one(bucket)


def test_the_reason_says_how_much_against_what() -> None:
    score = Volume(usual_posts_per_day=240).score_one(Bucket(START_MS, 300_000, 60))
    assert score.fires
    assert score.reason is not None
    assert score.reason.facts["usual"] == pytest.approx(10)
    assert float(score.reason.facts["once_in_days"]) > 7
