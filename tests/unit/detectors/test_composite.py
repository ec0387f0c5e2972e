"""What is a crisis, and what only looks like one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.base import Bucket, Detector, Score, SnapshotError
from detectors.composite import Composite
from detectors.packing import pack, unpack
from detectors.units import HOUR_MS
from tests.support.series import START_MS, buckets, watch

LENGTH = 300_000


def known(per_day: float = 960, negative: float = 0.3, days: int = 14) -> tuple[Composite, int]:
    """A detector with a calm past, and the end of that past."""
    detector = Composite()
    history = buckets(days, lambda _: per_day, negative=lambda _: negative, rhythm=0.3)
    watch(detector, history)
    return detector, history[-1].start_ms + LENGTH


def run(detector: Detector, start_ms: int, count: int, share: float, number: int = 6, **features: Any) -> list[Score]:
    """Half an hour, or more, of alike buckets."""
    scores = []
    for index in range(number):
        bucket = Bucket(start_ms + index * LENGTH, LENGTH, count, negative=count * share, authors=count)
        bucket = replace(bucket, **features)
        scores.append(detector.score_one(bucket))
        detector.learn_one(bucket)
    return scores


def labels(scores: list[Score]) -> set[str | None]:
    return {score.label for score in scores}


def test_a_storm_is_critical_within_minutes_and_says_why() -> None:
    detector, end_ms = known()
    (score,) = run(detector, end_ms, 30, 0.85, number=1)
    assert score.fires
    assert (score.label, score.severity) == ("crisis", "critical")
    assert score.reason is not None
    assert score.reason.code == "crisis"
    assert float(score.reason.facts["mentions"]) > 3 * float(score.reason.facts["usual"])
    assert score.reason.facts["negative"] == pytest.approx(0.85, abs=0.05)


def test_a_slow_burn_is_found_within_hours() -> None:
    """Half as much again as usual, and 55 % instead of 34 % of it negative."""
    detector, end_ms = known()
    scores = run(detector, end_ms, 5, 0.55, number=36)
    assert not scores[0].fires
    assert any(score.fires for score in scores)


def test_three_times_the_usual_mix_is_attention_and_no_crisis() -> None:
    detector, end_ms = known()
    assert max(score.value for score in run(detector, end_ms, 10, 0.33, number=24)) < 1


@pytest.mark.parametrize("count", [10, 40, 400])
def test_a_joke_that_goes_round_is_no_crisis(count: int) -> None:
    """Half as negative as usual, and up to a hundred and twenty times as many."""
    detector, end_ms = known()
    assert max(score.value for score in run(detector, end_ms, count, 0.17, number=24)) < 1


def test_eight_times_the_mentions_and_hardly_more_negative_ones_are_a_crisis() -> None:
    """As with Kaufland in 2020: people speak of nothing else, and hardly more of them are upset than usual."""
    detector, end_ms = known()
    scores = run(detector, end_ms, 27, 0.36, number=12)
    assert (scores[-1].label, scores[-1].severity) == ("crisis", "critical")


def test_before_the_level_is_known_attention_says_nothing() -> None:
    morning = buckets(0.12, lambda day: 200 if day < 0.08 else 6_000, negative=lambda _: 0.3, rhythm=0)
    assert max(score.value for _, score in watch(Composite(), morning)) < 1


def test_a_worse_tone_among_the_usual_mentions_is_no_crisis() -> None:
    detector, end_ms = known()
    assert max(score.value for score in run(detector, end_ms, 3, 0.42, number=24)) < 1


def test_a_praised_launch_is_labelled_praise() -> None:
    detector, end_ms = known()
    scores = run(detector, end_ms, 30, 0.05, positive=22.0)
    assert labels(scores) == {"praise"}
    assert scores[0].value < 1
    assert scores[0].reason is not None
    assert scores[0].reason.code == "praise"


def test_friendly_words_in_a_storm_are_no_praise() -> None:
    detector, end_ms = known()
    assert labels(run(detector, end_ms, 30, 0.33, positive=12.0)) == {None}


def liked(positive: float) -> tuple[Composite, int]:
    """A detector of a brand a fifth of whose mentions are negative, with its usual share of positive ones."""
    detector = Composite()
    history = [
        replace(each, positive=each.count * positive) for each in buckets(14, lambda _: 700, negative=lambda _: 0.2)
    ]
    watch(detector, history)
    return detector, history[-1].start_ms + LENGTH


@pytest.mark.parametrize("count", [20, 40, 80])
def test_praise_that_a_model_half_misreads_is_no_crisis(count: int) -> None:
    """A launch of a thing called Zero: 33 % read negative instead of 26 %, and 57 % instead of 35 % positive."""
    detector, end_ms = liked(0.35)
    scores = run(detector, end_ms, count, 0.33, number=36, positive=count * 0.57)
    assert max(score.value for score in scores) < 1


@pytest.mark.parametrize("positive", [0.35, 0.1])
def test_a_storm_is_one_whether_as_many_are_pleased_as_usual_or_fewer(positive: float) -> None:
    detector, end_ms = liked(0.35)
    scores = run(detector, end_ms, 40, 0.45, number=3, positive=40 * positive)
    assert "crisis" in labels(scores)


def test_a_snapshot_from_before_positive_mentions_were_kept_is_gone_on_from() -> None:
    detector, end_ms = liked(0.35)
    snapshot = detector.snapshot()
    numbers = unpack("composite", 1, range(10_000), snapshot)
    earlier = Composite().restore(pack("composite", 1, numbers[:-3]))
    storm = Bucket(end_ms, LENGTH, 40, negative=30.0, positive=4.0)
    assert earlier.score_one(storm).value == pytest.approx(detector.score_one(storm).value, rel=0.05)
    assert len(earlier.snapshot()) == len(snapshot)
    with pytest.raises(SnapshotError, match="its layout differs"):
        Composite().restore(pack("composite", 1, numbers[:-2]))


def test_a_scare_spread_by_few_accounts_is_labelled_spam() -> None:
    detector, end_ms = known()
    scores = run(detector, end_ms, 30, 0.9, authors=5, spam=26.0, spam_negative=25.0)
    assert labels(scores) == {"spam"}
    assert max(score.value for score in scores) < 1
    assert scores[0].reason is not None
    assert scores[0].reason.code == "spam"
    assert scores[0].reason.facts["repeated"] == pytest.approx(26, abs=1)


def test_people_who_are_upset_about_it_are_a_crisis_beside_the_spam() -> None:
    detector, end_ms = known()
    assert "crisis" in labels(run(detector, end_ms, 70, 0.85, authors=45, spam=26.0, spam_negative=20.0))


def test_one_author_is_no_crisis() -> None:
    detector, end_ms = known()
    tirade = run(detector, end_ms, 20, 0.9, authors=4, top_author_share=17 / 20)
    assert not any(score.fires for score in tirade)


def test_what_lifts_every_brand_is_labelled_surge() -> None:
    detector, end_ms = known()
    alone = Composite().restore(detector.snapshot())
    scores = run(detector, end_ms, 14, 0.34, platform=4.0)
    assert scores[-1].label == "surge"
    assert scores[-1].reason is not None
    assert (scores[-1].reason.code, scores[-1].reason.facts["platform"]) == ("surge", 4)
    assert labels(run(alone, end_ms, 14, 0.34)) == {None}


def test_a_storm_during_a_surge_is_a_crisis() -> None:
    detector, end_ms = known()
    assert "crisis" in labels(run(detector, end_ms, 60, 0.85, platform=4.0))


def test_most_sources_out_is_labelled_outage_and_pages_nobody() -> None:
    detector, end_ms = known()
    scores = run(detector, end_ms, 30, 0.9, coverage=0.4)
    assert labels(scores) == {"outage"}
    assert scores[-1].value >= 1
    assert {score.suppressed for score in scores if score.value >= 1} == {"outage"}


def test_few_people_or_one_of_several_sources_are_a_warning() -> None:
    alone: dict[str, Any] = {"authors": 1}
    for features in (alone, {"sources": {"forum": 30}}):
        detector, end_ms = known()
        for bucket in buckets(3, lambda _: 960, start_ms=end_ms):
            detector.learn_one(
                replace(bucket, sources={"forum": int(bucket.count) // 2, "microblog": int(bucket.count) // 2})
            )
        score = run(detector, end_ms + 72 * HOUR_MS, 30, 0.9, number=9, **features)[-1]
        assert score.value >= 1
        assert score.severity == "warning"


def test_where_no_source_knows_authors_a_storm_is_critical_all_the_same() -> None:
    detector, end_ms = known()
    (score,) = run(detector, end_ms, 30, 0.85, number=1, authors=0)
    assert score.severity == "critical"


def test_a_brand_with_a_few_mentions_a_day_is_not_upset_by_three() -> None:
    detector, end_ms = known(per_day=12)
    assert not any(score.fires for score in run(detector, end_ms, 1, 0.9, number=3))
    assert run(detector, end_ms + HOUR_MS, 10, 0.9, number=1)[0].fires


def test_what_is_over_is_no_crisis_however_large_it_was() -> None:
    detector, end_ms = known()
    assert run(detector, end_ms, 100, 0.9)[-1].value > 2
    quiet = run(detector, end_ms + 6 * LENGTH, 1, 0.3, number=48)
    assert max(score.value for score in quiet[8:]) < 1


def test_a_crisis_last_week_does_not_hide_the_next_one() -> None:
    detector, end_ms = known()
    run(detector, end_ms, 60, 0.9, number=24)
    history = buckets(5, lambda _: 960, start_ms=end_ms + 24 * LENGTH, seed=2)
    watch(detector, history)
    assert run(detector, history[-1].start_ms + LENGTH, 30, 0.85, number=1)[0].fires


def test_an_unknown_brand_is_cold_start_and_one_with_a_known_level_is_not() -> None:
    (score,) = run(Composite(), START_MS, 60, 0.9, number=1)
    assert (score.value >= 1, score.suppressed) == (True, "cold_start")
    assert run(Composite(usual_posts_per_day=480), START_MS, 60, 0.9, number=1)[0].fires


def test_the_same_crisis_fires_once_until_it_escalates() -> None:
    detector, end_ms = known()
    scores = run(detector, end_ms, 30, 0.85, number=6)
    assert scores[0].fires
    assert {score.suppressed for score in scores[3:]} == {"refractory"}


CALM = {share: known(negative=share) for share in (0.02, 0.3, 0.6)}
mixes = st.tuples(st.integers(0, 60), st.floats(0, 1), st.floats(0, 1))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(CALM)), mixes, st.integers(0, 40), st.integers(0, 5_000), st.floats(0, 1))
def test_more_negative_mentions_raise_the_score_and_what_fires_still_does_when_the_usual_mix_comes_in(
    usual: float, mix: tuple[int, float, float], more: int, others: int, elapsed: float
) -> None:
    detector, end_ms = CALM[usual]
    count, negative, positive = mix
    open_bucket = Bucket(
        end_ms, LENGTH, count, int(elapsed * LENGTH), negative=count * negative, positive=count * positive
    )
    early = detector.score_one(open_bucket)
    closed = replace(open_bucket, elapsed_ms=LENGTH)
    same = detector.score_one(closed)
    worse = detector.score_one(replace(closed, count=count + more, negative=closed.negative + more))
    assert same.value == early.value
    assert worse.value >= early.value
    assert worse.fires or not early.fires
    kinder = detector.score_one(replace(closed, count=count + more, positive=closed.positive + more))
    assert kinder.value <= early.value
    share = 0.9 * usual + 0.1 * (1 - usual) + 0.01
    fuller = detector.score_one(replace(closed, count=count + others, negative=closed.negative + others * share))
    assert fuller.fires or not early.fires
