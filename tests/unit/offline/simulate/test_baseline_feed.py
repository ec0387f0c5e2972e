"""Usual posts have the volume, tone and languages of their brand, and the rhythm of its audience."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Run


def hours_since_start(run: Run, brand: int) -> Counter[int]:
    start_ms = run.simulation.settings.start_ms
    return Counter((a.draft.created_ms - start_ms) // 3_600_000 for a in run.unique if brand in a.draft.brands)


def test_chatter_is_a_tenth_to_a_fifth(calm_day: Run) -> None:
    chatter = sum(not arrival.draft.brands for arrival in calm_day.unique)
    assert 0.1 < chatter / len(calm_day.unique) < 0.2
    looks_alike = [a for a in calm_day.unique if not a.draft.brands and "nordtel" in a.post["text"].lower()]
    assert len(looks_alike) > 20


def test_usual_volumes_are_what_the_config_says(calm_weeks: Run) -> None:
    for index, brand in enumerate(calm_weeks.simulation.brands):
        named = sum(brand_index == index for a in calm_weeks.unique for brand_index in a.draft.brands[:1])
        assert 0.9 < named / 14 / brand.posts_per_day < 1.1


def test_tones_and_languages_are_the_brands_own(calm_weeks: Run) -> None:
    for index, brand in enumerate(calm_weeks.simulation.brands):
        drafts = [a.draft for a in calm_weeks.unique if a.draft.brands[:1] == (index,)]
        tones = Counter(draft.tone for draft in drafts)
        assert abs(tones["negative"] / len(drafts) - brand.negative) < 0.04
        assert abs(tones["positive"] / len(drafts) - brand.positive) < 0.04
        assert abs(sum(draft.language == "de" for draft in drafts) / len(drafts) - brand.german) < 0.04


def test_days_have_a_rhythm_and_audiences_differ(calm_weeks: Run) -> None:
    by_hour = [Counter(dict.fromkeys(range(24), 0)) for _ in range(2)]
    for brand, counts in enumerate(by_hour):
        for hour, count in hours_since_start(calm_weeks, brand).items():
            counts[hour % 24] += count
    german, english = by_hour
    assert max(german.values()) > 3 * min(german.values())
    assert max(english.values()) > 1.5 * min(english.values())
    night = [1, 2, 3]
    assert sum(german[h] for h in night) / german.total() < 0.6 * sum(english[h] for h in night) / english.total()


def test_weekends_are_quieter(calm_weeks: Run) -> None:
    by_day: Counter[int] = Counter()
    for brand in (0, 1):
        for hour, count in hours_since_start(calm_weeks, brand).items():
            by_day[hour // 24 % 7] += count
    assert by_day[5] < 0.95 * statistics.fmean(by_day[weekday] for weekday in range(5))


def test_counts_are_over_dispersed(calm_weeks: Run) -> None:
    """Counts of the same hour of working days vary more than Poisson counts, whose index of dispersion is 1."""
    hours = hours_since_start(calm_weeks, 0)
    groups = defaultdict(list)
    for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11):
        for hour in range(24):
            groups[hour].append(hours[day * 24 + hour])
    indices = [statistics.variance(counts) / statistics.fmean(counts) for counts in groups.values()]
    assert 2 < statistics.fmean(indices) < 60
