from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

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


def test_texts_are_varied(day: Run) -> None:
    own = [arrival.post["text"] for arrival in day.unique if "repost_of" not in arrival.post]
    assert len(set(own)) > 0.8 * len(own)
    for language in ("de", "en"):
        words = {word for a in day.unique if a.post["lang"] == language for word in a.post["text"].lower().split()}
        assert len(words) > 2_000


def test_memory_does_not_grow_with_the_run() -> None:
    peaks = []
    for days in (1, 4):
        start = datetime(2027, days, 1, tzinfo=UTC)  # of no other test, so that both runs fill the caches of times
        arrivals = Simulation(SimulationSettings(days=days, brands=1, scenario="calm", start=start)).arrivals()
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
