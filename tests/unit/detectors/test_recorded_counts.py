"""The detectors on counts that were recorded, not simulated; skipped where the research data is absent."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from detectors.base import Bucket
from detectors.registry import build
from detectors.units import WEEK_MS
from streams.offline.series.csv_reader import milliseconds, read_rows
from tests.support.series import watch

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.base import Score

LENGTH_MS = 300_000


def airline(shared_data: Path, handle: str) -> list[Bucket]:
    """Buckets of the posts that name a handle, over the time in which any airline was collected."""
    counts: Counter[int] = Counter()
    negative: Counter[int] = Counter()
    starts = []
    with (shared_data / "airline-2015" / "airline.jsonl").open(encoding="utf-8") as file:
        for line in file:
            post = json.loads(line)
            start = milliseconds(post["created_at"]) // LENGTH_MS * LENGTH_MS
            starts.append(start)
            if handle in post["text"].lower():
                counts[start] += 1
                negative[start] += 8 if post["label"] == "negative" else 2
    every = range(min(counts), max(starts), LENGTH_MS)
    return [Bucket(start, LENGTH_MS, counts[start], negative=negative[start] / 10) for start in every]


def judged(series: list[Bucket], kind: str) -> list[tuple[str, Score]]:
    return [
        (datetime.fromtimestamp(bucket.start_ms / 1000, UTC).strftime("%m-%d"), score)
        for bucket, (_, score) in zip(series, watch(build(kind, {}), series), strict=True)
    ]


def test_the_storm_of_22_february_fires(shared_data: Path) -> None:
    days = {day for day, score in judged(airline(shared_data, "@usairways"), "volume") if score.fires}
    assert days
    assert days <= {"02-22", "02-23"}


@pytest.mark.parametrize("kind", ["volume", "sentiment_shift"])
def test_the_airline_whose_collection_starts_on_22_february_pages_nobody(shared_data: Path, kind: str) -> None:
    scores = judged(airline(shared_data, "@americanair"), kind)
    assert not any(score.fires for _, score in scores)
    if kind == "volume":
        assert {day for day, score in scores if score.suppressed == "cold_start"} == {"02-22"}


@pytest.mark.parametrize("kind", ["volume", "sentiment_shift"])
@pytest.mark.parametrize("handle", ["@united", "@southwestair", "@virginamerica"])
def test_the_other_airlines_are_quiet(shared_data: Path, handle: str, kind: str) -> None:
    assert not any(score.fires for _, score in judged(airline(shared_data, handle), kind))


@pytest.mark.parametrize(
    ("brand", "usual_posts_per_day", "storm"),
    [
        ("Kaufland", 70, "2020-10-09"),
        ("Kaufland", None, "2020-10-09"),
        ("barilla", 20, "2013-09-27"),
        ("petertauber", 100, "2017-07-04"),
    ],
)
def test_a_firestorm_fires_on_its_first_day(
    shared_data: Path, brand: str, usual_posts_per_day: float | None, storm: str
) -> None:
    counts: Counter[int] = Counter()
    days = set()
    with (shared_data / "shitstorms" / "shitstorms.jsonl").open(encoding="utf-8") as file:
        for post in map(json.loads, file):
            if post["brand"] == brand:
                counts[milliseconds(post["created_at"]) // LENGTH_MS * LENGTH_MS] += 1
                days.add(post["created_at"][:10])
    starts = [milliseconds(day) + index * LENGTH_MS for day in sorted(days) for index in range(288)]
    detector = build("volume", {}, usual_posts_per_day=usual_posts_per_day)
    scores = watch(detector, [Bucket(start, LENGTH_MS, counts[start]) for start in starts])
    fires = [
        datetime.fromtimestamp(start / 1000, UTC)
        for start, (_, score) in zip(starts, scores, strict=True)
        if score.fires
    ]
    assert fires[0].date().isoformat() == storm
    assert fires[0].hour < 4


@pytest.mark.parametrize("change", [0.75, 1.0, 1.15])
def test_bursts_of_attention_hardly_fire_while_the_tone_is_about_as_usual(shared_data: Path, change: float) -> None:
    """Two months of five companies with their real bursts, up to a hundred times the usual. Tones are drawn: around
    30 % negative, wandering by a tenth of it, times `change` in bursts, and as unsurely read as by our model."""
    draw = np.random.default_rng(5)
    fires = weeks = 0.0
    for path in sorted((shared_data / "nab-tweets").glob("*.csv")):
        detector = build("composite", {})
        level, wander = math.nan, 0.0
        for row in read_rows(str(path)):
            count = int(row.value)
            level = count if math.isnan(level) else 0.99 * level + 0.01 * count
            wander = 0.96 * wander + draw.normal() * 0.042
            share = 0.3 * math.exp(wander) * (change if count > 2 * level else 1.0)
            upset = draw.binomial(count, share)
            negative = draw.beta(3, 1.6, upset).sum() + draw.beta(1.5, 4.5, count - upset).sum()
            start = row.ms // LENGTH_MS * LENGTH_MS
            bucket = Bucket(start, LENGTH_MS, count, negative=float(negative), authors=count)
            fires += detector.score_one(bucket).fires
            detector.learn_one(bucket)
            weeks += LENGTH_MS / WEEK_MS
    assert weeks > 39
    assert fires / weeks <= 0.3
