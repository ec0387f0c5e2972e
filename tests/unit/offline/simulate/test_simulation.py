from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.config import Config, IngestSettings
from streams.core.ingest.parsing import Normaliser
from streams.core.text.matching import Matcher
from streams.offline.simulate import Simulation, SimulationSettings, simulate, truth

if TYPE_CHECKING:
    from .conftest import Run

NOW_MS = 1_780_000_000_000
SMALL = SimulationSettings(days=0.2, brands=5)


def digest(settings: SimulationSettings) -> str:
    return sha256(b"\n".join(map(orjson.dumps, simulate(settings)))).hexdigest()


def hours_since_start(run: Run, brand: int) -> Counter[int]:
    start_ms = run.simulation.settings.start_ms
    return Counter((a.draft.created_ms - start_ms) // 3_600_000 for a in run.unique if brand in a.draft.brands)


def test_equal_settings_give_equal_posts_and_truth() -> None:
    assert list(simulate(SMALL)) == list(simulate(SMALL))
    assert truth(SMALL) == truth(SMALL)


def test_a_process_with_other_string_hashes_gives_the_same_bytes() -> None:
    code = (
        "import sys, orjson, hashlib\n"
        "from streams.offline.simulate import simulate, SimulationSettings\n"
        "posts = simulate(SimulationSettings(days=0.2, brands=5))\n"
        "print(hashlib.sha256(b'\\n'.join(map(orjson.dumps, posts))).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "12345", "TZ": "Pacific/Auckland"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == digest(SMALL)


def test_other_seeds_give_other_posts_with_other_ids() -> None:
    ids = [{post["id"] for post in simulate(SimulationSettings(days=0.2, brands=5, seed=seed))} for seed in (1, 2)]
    assert len(ids[0]) > 500
    assert not ids[0] & ids[1]
    texts = [[p["text"] for p in simulate(SimulationSettings(days=0.2, brands=5, seed=seed))] for seed in (1, 2)]
    assert len(set(texts[0]) & set(texts[1])) < 0.3 * len(set(texts[0]))


def test_counts_of_the_truth_are_exact(day: Run) -> None:
    lines = [arrival.post for arrival in day.arrivals]
    unique = {post["id"]: post for post in lines}
    assert day.truth["posts"] == len(unique)
    assert day.truth["duplicates"] == len(lines) - len(unique)
    late = 0
    newest = ""
    met: set[str] = set()
    for post in lines:
        if post["id"] not in met:
            met.add(post["id"])
            late += post["created_at"] < newest
            newest = max(newest, post["created_at"])
    assert day.truth["late"] == late


@pytest.mark.parametrize("settings", [SimulationSettings(), SimulationSettings(seed=5, days=0.3, brands=40)], ids=str)
def test_the_pipelines_own_matcher_counts_the_same_mentions(settings: SimulationSettings) -> None:
    run = Simulation(settings)
    matcher = Matcher.of(Config.model_validate({"brands": [brand.to_config() for brand in run.brands]}))
    counted: Counter[str] = Counter()
    met = set()
    for arrival in run.arrivals():
        if arrival.post["id"] not in met:
            met.add(arrival.post["id"])
            counted.update(matcher.match(arrival.post["text"]))
    assert run.truth()["mentions"] == {brand.id: counted[brand.id] for brand in run.brands}


def test_all_posts_are_valid_input(day: Run) -> None:
    normaliser = Normaliser(IngestSettings(), "unused")
    for arrival in day.arrivals:
        post = normaliser.post(orjson.dumps(arrival.post), now_ms=NOW_MS)
        assert post.text == arrival.post["text"]
        assert post.ts_ms == arrival.draft.created_ms
        assert post.source == arrival.post["source"]
        assert post.lang in ("de", "en")
        assert post.url is not None
        assert post.url.startswith("https://example.org/")


def test_posts_lie_within_the_run(day: Run) -> None:
    times = [arrival.post["created_at"] for arrival in day.arrivals]
    assert day.truth["start"] <= min(times)
    assert max(times) < day.truth["end"]


def test_reposts_and_replies_point_to_earlier_posts(day: Run) -> None:
    by_id = {arrival.post["id"]: arrival.post for arrival in day.unique}
    reposts = [post for post in by_id.values() if "repost_of" in post]
    replies = [post for post in by_id.values() if "reply_to" in post]
    assert 0.1 < len(reposts) / len(by_id) < 0.35
    assert 0.1 < len(replies) / len(by_id) < 0.35
    for post in reposts:
        original = by_id[post["repost_of"]]
        assert original["created_at"] <= post["created_at"]
        assert (original["text"], original["source"]) == (post["text"], post["source"])
    for post in replies:
        original = by_id[post["reply_to"]]
        assert original["created_at"] <= post["created_at"]
        assert post["text"].lower().startswith(f"@{original['author']}".lower())


def test_texts_are_varied(day: Run) -> None:
    own = [arrival.post["text"] for arrival in day.unique if "repost_of" not in arrival.post]
    assert len(set(own)) > 0.8 * len(own)
    for language in ("de", "en"):
        words = {word for a in day.unique if a.post["lang"] == language for word in a.post["text"].lower().split()}
        assert len(words) > 2_000


def test_late_and_duplicate_shares(day: Run) -> None:
    assert 0.01 < day.truth["late"] / day.truth["posts"] < 0.02
    assert 0.005 < day.truth["duplicates"] / day.truth["posts"] < 0.01


def test_late_posts_are_minutes_to_hours_late(day: Run) -> None:
    newest = datetime.min.replace(tzinfo=UTC)
    delays = []
    for arrival in day.unique:
        created = datetime.fromisoformat(arrival.post["created_at"])
        if created < newest:
            delays.append((newest - created) / timedelta(minutes=1))
        newest = max(newest, created)
    assert 60 < max(delays) < 241
    assert 5 < statistics.median(delays) < 60


def test_duplicates_repeat_an_earlier_line(day: Run) -> None:
    seen: dict[str, dict[str, Any]] = {}
    for arrival in day.arrivals:
        identity = arrival.post["id"]
        if arrival.duplicate:
            assert seen[identity] == arrival.post
        else:
            assert identity not in seen
            seen[identity] = arrival.post


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


def test_activity_of_authors_has_a_heavy_tail(calm_weeks: Run) -> None:
    posts = Counter(arrival.post["author"] for arrival in calm_weeks.unique)
    once = sum(count == 1 for count in posts.values())
    top = sum(count for _, count in posts.most_common(len(posts) // 100))
    assert once > 0.3 * len(posts)
    assert top > 0.05 * posts.total()
    assert posts.most_common(1)[0][1] < 0.05 * posts.total()


def test_memory_does_not_grow_with_the_run() -> None:
    peaks = []
    for days in (1, 4):
        arrivals = Simulation(SimulationSettings(days=days, brands=1, scenario="calm")).arrivals()
        next(arrivals)
        tracemalloc.start()
        count = sum(1 for _ in arrivals)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count > 2_000 * days
    assert peaks[1] < 2 * peaks[0]


def test_the_truth_is_not_told_before_the_end() -> None:
    run = Simulation(SMALL)
    next(run.arrivals())
    with pytest.raises(RuntimeError, match="only after the last arrival"):
        run.truth()


def test_the_truth_is_json(day: Run) -> None:
    assert json.loads(json.dumps(day.truth)) == day.truth
    assert day.truth["version"] == 1
    assert datetime.fromisoformat(day.truth["start"]) == day.simulation.settings.start
