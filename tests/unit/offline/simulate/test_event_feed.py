"""Each event must be visible in the posts themselves, against the same day without events."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from streams.offline.simulate import SimulationSettings
from streams.offline.simulate.grammar import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Run


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def naming(run: Run, brand: str | None, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Unique posts of a span that name a brand, or all if it is None."""
    index = None if brand is None else [b.id for b in run.simulation.brands].index(brand)
    return [
        a.post
        for a in run.unique
        if (index is None or index in a.draft.brands) and since <= when(a.post["created_at"]) < until
    ]


def usual(calm_days: list[Run], brand: str | None, since: datetime, until: datetime) -> float:
    """Posts of that span on an average calm day."""
    return statistics.fmean(len(naming(run, brand, since, until)) for run in calm_days)


def negative_share(run: Run, brand: str, since: datetime, until: datetime) -> float:
    ids = {post["id"] for post in naming(run, brand, since, until)}
    tones = Counter(a.draft.tone for a in run.unique if a.post["id"] in ids)
    return tones["negative"] / tones.total()


def around_peak(event: dict[str, Any], minutes: int = 15) -> tuple[datetime, datetime]:
    return when(event["peak"]), when(event["peak"]) + timedelta(minutes=minutes)


@pytest.mark.parametrize("kind", ["firestorm", "slow_burn", "launch", "spam"])
def test_volume_at_the_peak_is_the_planned_multiple(day: Run, calm_days: list[Run], kind: str) -> None:
    event = day.event(kind)
    since, until = around_peak(event, 30)
    ratio = len(naming(day, event["brand"], since, until)) / usual(calm_days, event["brand"], since, until)
    assert 0.6 * event["factor"] < ratio < 1.6 * event["factor"]


@pytest.mark.parametrize("kind", ["firestorm", "launch", "spam"])
def test_the_brand_is_calm_before_the_onset(day: Run, calm_days: list[Run], kind: str) -> None:
    event = day.event(kind)
    onset = when(event["onset"])
    hours = timedelta(hours=3)
    before = len(naming(day, event["brand"], onset - hours, onset))
    assert 0.5 < before / usual(calm_days, event["brand"], onset - hours, onset) < 2


def test_a_firestorm_starts_sharply_and_is_negative(day: Run) -> None:
    event = day.event("firestorm")
    onset, (since, until) = when(event["onset"]), around_peak(event, 60)
    quarter = timedelta(minutes=15)
    after, before = (naming(day, event["brand"], t, t + quarter) for t in (onset + quarter, onset - quarter))
    assert len(after) > 5 * len(before)
    assert 0.75 <= event["negative_share"] <= 0.95
    assert negative_share(day, event["brand"], since, until) > 0.7
    assert negative_share(day, event["brand"], onset - timedelta(hours=6), onset) < 0.45


def test_a_firestorm_has_many_authors_and_mostly_new_ones(day: Run) -> None:
    event = day.event("firestorm")
    onset = when(event["onset"])
    known = {post["author"] for post in naming(day, None, when(day.truth["start"]), onset)}
    storm = naming(day, event["brand"], onset, onset + timedelta(hours=2))
    authors = Counter(post["author"] for post in storm)
    assert sum(author not in known for author in authors) > 0.6 * len(authors)
    assert len(authors) > 0.7 * len(storm)
    assert authors.most_common(1)[0][1] < 0.03 * len(storm)


def test_a_firestorm_spreads_by_reposts_of_few_posts(day: Run) -> None:
    event = day.event("firestorm")
    storm = naming(day, event["brand"], when(event["onset"]), when(event["end"]))
    shared = Counter(post["repost_of"] for post in storm if "repost_of" in post)
    assert 0.3 < shared.total() / len(storm) < 0.6
    assert shared.most_common(1)[0][1] > 0.03 * shared.total()


def test_a_firestorms_hashtags_stand_out(day: Run) -> None:
    event = day.event("firestorm")
    onset = when(event["onset"])

    def with_hashtag(posts: list[dict[str, Any]]) -> float:
        found = sum(any(tag.lower() in post["text"].lower() for tag in event["hashtags"]) for post in posts)
        return found / len(posts)

    assert with_hashtag(naming(day, event["brand"], onset, when(event["end"]))) > 0.4
    assert with_hashtag(naming(day, event["brand"], when(day.truth["start"]), onset)) == 0


def test_a_slow_burn_grows_over_hours_and_the_tone_turns(day: Run, calm_days: list[Run]) -> None:
    event = day.event("slow_burn")
    onset, peak, hour = when(event["onset"]), when(event["peak"]), timedelta(hours=1)
    spans = [(since, since + 2 * hour) for since in (onset, peak - hour)]
    first, last = (len(naming(day, event["brand"], *span)) / usual(calm_days, event["brand"], *span) for span in spans)
    assert first < 0.6 * event["factor"]
    assert 0.6 * event["factor"] < last < 1.6 * event["factor"]
    before = negative_share(day, event["brand"], when(day.truth["start"]), onset)
    assert negative_share(day, event["brand"], peak - hour, peak) > before + 0.15


def test_a_launch_is_praised(day: Run) -> None:
    event = day.event("launch")
    assert event["posts"] > 100
    assert event["negative_share"] < 0.15
    brand = next(b for b in day.simulation.brands if b.id == event["brand"])
    posts = naming(day, event["brand"], when(event["onset"]), when(event["end"]))
    assert sum(brand.novelty.lower() in post["text"].lower() for post in posts) > 0.4 * len(posts)


def test_a_spam_wave_has_few_authors_and_near_equal_texts(day: Run) -> None:
    event = day.event("spam")
    position = day.truth["events"].index(event)
    spam = [arrival.post for arrival in day.unique if arrival.draft.event == position]
    assert len(spam) == event["posts"] > 100
    assert len({post["author"] for post in spam}) < 10
    assert len({post["text"].split("https://")[0] for post in spam}) == 1
    everybody = {a.post["author"] for a in day.unique if a.draft.event != position}
    assert not {post["author"] for post in spam} & everybody


def test_spam_with_negative_words_says_so(finish: Callable[[SimulationSettings], Run]) -> None:
    shares = {}
    for seed in range(6):
        run = finish(SimulationSettings(seed=seed, scenario="spam", brands=1))
        shares[run.event("spam")["topic"]] = run.event("spam")["negative_share"]
    assert shares == {"promo": 0.0, "scare": 1.0}


def test_a_surge_lifts_every_brand_and_keeps_the_mix(day: Run, calm_days: list[Run]) -> None:
    event = day.event("surge")
    since, until = when(event["peak"]), when(event["end"]) - timedelta(minutes=5)
    affected = {e["brand"] for e in day.truth["events"] if e["brand"] and when(e["end"]) > since}
    others = [brand.id for brand in day.simulation.brands if brand.id not in affected]
    lifted = {brand: len(naming(day, brand, since, until)) for brand in others}
    calm = {brand: usual(calm_days, brand, since, until) for brand in others}
    assert len(others) >= 3
    assert min(lifted[brand] / calm[brand] for brand in others) > 1.5
    assert 0.6 * event["factor"] < sum(lifted.values()) / sum(calm.values()) < 1.6 * event["factor"]
    assert 0.1 < event["negative_share"] < 0.35
    assert event["posts"] > 0.5 * len(naming(day, None, since, until))


def test_nothing_of_a_source_that_is_out_arrives(day: Run, calm_days: list[Run]) -> None:
    event = day.event("outage")
    onset, end = when(event["onset"]), when(event["end"])
    out = [post for post in naming(day, None, onset, end) if post["source"] == event["source"]]
    assert out == []
    for calm in calm_days:
        assert sum(post["source"] == event["source"] for post in naming(calm, None, onset, end)) > 50
    newest, minute = when(day.truth["start"]), timedelta(minutes=1)
    for post in (arrival.post for arrival in day.arrivals):
        newest = max(newest, when(post["created_at"]))
        assert post["source"] != event["source"] or not onset + minute < newest < end - minute
    assert any(p["source"] == event["source"] for p in naming(day, None, end, end + timedelta(minutes=30)))


def test_other_brands_do_not_feel_a_firestorm(day: Run, calm_days: list[Run]) -> None:
    event = day.event("firestorm")
    since, until = around_peak(event, 60)
    affected = {e["brand"] for e in day.truth["events"]}
    for brand in (b.id for b in day.simulation.brands if b.id not in affected):
        ratio = len(naming(day, brand, since, until)) / usual(calm_days, brand, since, until)
        assert 1 / 3 < ratio < 3  # where the firestorm's brand has more than ten times its usual volume


def test_posts_of_events_add_up(day: Run) -> None:
    counted = Counter(arrival.draft.event for arrival in day.unique)
    negative = Counter(arrival.draft.event for arrival in day.unique if arrival.draft.tone == "negative")
    for position, event in enumerate(day.truth["events"]):
        assert event["posts"] == counted[position]
        if event["posts"]:
            assert event["negative_share"] == round(negative[position] / counted[position], 4)


@pytest.mark.parametrize("seed", range(4))
def test_planned_shares_come_out(finish: Callable[[SimulationSettings], Run], seed: int) -> None:
    run = finish(SimulationSettings(seed=seed, scenario="firestorm,launch", brands=2))
    for event, plan in zip(run.truth["events"], run.simulation.events, strict=True):
        assert abs(event["negative_share"] - plan.negative) < 0.06


def test_every_topic_has_hashtags_of_its_own() -> None:
    for language in ("de", "en"):
        tags = [tag for topic in phrases(language)["topic"].values() for tag in topic["topic_tag"]]
        assert len(set(tags)) == len(tags)
