"""The pure way from posts to alerts: the same whatever the batches, the interleaving, the repeats and the restarts."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from aiokafka.partitioner import murmur2

from streams.config import Config
from streams.errors import OutdatedState, RecordError, UnknownVersion
from streams.monitor import PROGRESS_KEY, PartitionMonitor
from streams.records import (
    Alert,
    Deletion,
    Deletions,
    Envelope,
    Post,
    Progress,
    Window,
    mentions_record_from_bytes,
    post_from_bytes,
)
from streams.scoring import ScoredBatch, Scorer

PARTITIONS = 3
HOUR = 3_600_000
START = 1_760_000_400_000 - 1_760_000_400_000 % (24 * HOUR)


class WordModel:
    """Negative is what says so."""

    version = "words-1"

    def predict(self, text: str, _lang: str) -> tuple[float, float, float]:
        return (0.9, 0.05, 0.05) if "schlecht" in text else (0.1, 0.6, 0.3)


def config(**sections: Any) -> Config:
    brands = [
        {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 1440},
        {"id": "suedmilch", "name": "Südmilch", "match": {"any": ["südmilch"]}, "usual_posts_per_day": 1440},
    ]
    return Config.model_validate({"brands": brands, "topics": {"partitions": PARTITIONS}} | sections)


def story(seed: int) -> list[Post]:
    """Ten hours of calm talk about two brands; in the seventh a storm about one of them. Some posts are late, some
    twice."""
    chance = random.Random(seed)
    posts: list[Post] = []
    for minute in range(600):
        storm = 400 <= minute < 460
        for brand, count in (("Nordtel", 12 if storm else 1), ("Südmilch", 1)):
            for _ in range(count):
                number = len(posts)
                ts_ms = START + minute * 60_000 + chance.randrange(60_000)
                text = (
                    f"{brand} ist {'schlecht' if storm and brand == 'Nordtel' else 'so so'} {chance.choice('abcdefgh')}"
                )
                posts.append(
                    Post(str(number), chance.choice(["forum", "news"]), ts_ms, text, author=f"a{chance.randrange(90)}")
                )
    arrivals = [(post.ts_ms + (chance.randrange(1_200_000) if chance.random() < 0.02 else 0), post) for post in posts]
    arrivals += [(at + 60_000, post) for at, post in arrivals if chance.random() < 0.02]
    return [post for _, post in sorted(arrivals, key=lambda arrival: arrival[0])]


def partitioned(posts: list[Post]) -> dict[int, list[tuple[int, int, bytes]]]:
    records: dict[int, list[tuple[int, int, bytes]]] = {partition: [] for partition in range(PARTITIONS)}
    for post in posts:
        mine = records[(murmur2(post.key) & 0x7FFFFFFF) % PARTITIONS]
        mine.append((len(mine), START + 100 * HOUR, post.to_bytes()))
    return records


Lines = dict[int, list[tuple[int, int, bytes]]]


def with_deletions(records: Lines) -> tuple[Lines, dict[str, int]]:
    """The same with half of the storm deleted some posts later; and by id, when that was in the partition's event
    time."""
    chance = random.Random(5)
    lines: Lines = {}
    deleted_at: dict[str, int] = {}
    for partition, mine in records.items():
        waiting: list[tuple[int, Deletion]] = []
        values: list[bytes] = []
        watermark_ms = 0
        for index, (_, _, value) in enumerate(mine):
            post = post_from_bytes(value)
            watermark_ms = max(watermark_ms, post.ts_ms)
            values.append(value)
            if "schlecht" in post.text and chance.random() < 0.5:
                waiting.append((index + chance.randrange(60), Deletion(post.id, post.source)))
            for due, deletion in list(waiting):
                if due <= index:
                    waiting.remove((due, deletion))
                    values.append(deletion.to_bytes())
                    deleted_at.setdefault(deletion.id, watermark_ms)
        lines[partition] = [(offset, START + 100 * HOUR, value) for offset, value in enumerate(values)]
    return lines, deleted_at


def through_the_wire(scored: ScoredBatch) -> list[Envelope | Progress | Deletions]:
    values = [
        *(envelope.to_bytes() for envelope in scored.envelopes),
        *(deletions.to_bytes() for deletions in scored.deletions),
        scored.progress.to_bytes(),
    ]
    return [mentions_record_from_bytes(value) for value in values]


class Run:
    """Posts through scoring and detection, with everything that may happen on the way drawn from `chance`."""

    def __init__(self, settings: Config, chance: random.Random | None) -> None:
        self._settings = settings
        self._chance = chance
        self._scorer = Scorer(settings, WordModel())
        self._monitor = PartitionMonitor(settings, 0)
        self._state: dict[bytes, bytes] = {}
        self._sent: list[Envelope | Progress | Deletions] = []
        self.windows: list[Window] = []
        self.alerts: list[Alert] = []
        for partition in range(PARTITIONS):
            self._scorer.assign(partition, "topic-1")

    def feed(self, records: dict[int, list[tuple[int, int, bytes]]]) -> Run:
        left = {partition: list(mine) for partition, mine in records.items()}
        while any(left.values()):
            partition = self._next(left)
            size = self._chance.randint(1, 60) if self._chance else 40
            batch, left[partition] = left[partition][:size], left[partition][size:]
            scored = self._scorer.score(partition, batch)
            assert not scored.rejects
            sent = through_the_wire(scored)
            self._absorb(sent)
            self._sent += sent
            if self._chance and self._chance.random() < 0.1:
                self._absorb(self._sent[-self._chance.randint(1, 30) :])
            if self._chance and self._chance.random() < 0.1:
                self._restart()
        outcome = self._monitor.finish()
        self.windows += outcome.windows
        self.alerts += outcome.alerts
        return self

    def _next(self, left: dict[int, list[tuple[int, int, bytes]]]) -> int:
        waiting = [partition for partition in left if left[partition]]
        return (
            self._chance.choice(waiting) if self._chance else max(waiting, key=lambda partition: len(left[partition]))
        )

    def _absorb(self, records: list[Envelope | Progress | Deletions]) -> None:
        for record in records:
            self._monitor.absorb(record)
        outcome = self._monitor.advance()
        self.windows += outcome.windows
        self.alerts += outcome.alerts
        self._state.update(self._monitor.dirty())

    def _restart(self) -> None:
        self._monitor = PartitionMonitor(self._settings, 0)
        for key, value in self._state.items():
            self._monitor.restore(key, value)

    def result(self) -> tuple[list[bytes], list[bytes]]:
        windows = sorted(self.windows, key=lambda window: (window.brand, window.start_ms))
        alerts = sorted(self.alerts, key=lambda alert: (alert.brand, alert.at, alert.id))
        return [window.to_bytes() for window in windows], [alert.to_bytes() for alert in alerts]


@pytest.fixture(scope="module")
def records() -> dict[int, list[tuple[int, int, bytes]]]:
    return partitioned(story(1))


@pytest.fixture(scope="module")
def oracle(records: dict[int, list[tuple[int, int, bytes]]]) -> Run:
    return Run(config(), None).feed(records)


def test_the_storm_opens_one_incident_that_is_resolved(oracle: Run) -> None:
    steps = [(alert.brand, alert.kind) for alert in oracle.alerts if alert.suppressed is None]
    assert ("nordtel", "open") in steps or ("nordtel", "update") in steps
    assert {brand for brand, _ in steps} == {"nordtel"}
    assert len({alert.fingerprint for alert in oracle.alerts}) == 1
    assert oracle.alerts[-1].kind == "resolve"
    storm = START + 400 * 60_000
    first = min(alert.at.timestamp() * 1000 for alert in oracle.alerts)
    assert storm < first < storm + HOUR / 3


def test_every_post_is_counted_once(oracle: Run) -> None:
    posts = {post.key: post for post in story(1)}
    expected = Counter("nordtel" if "Nordtel" in post.text else "suedmilch" for post in posts.values())
    counted = Counter[str]()
    for window in oracle.windows:
        counted[window.brand] += window.count + window.late
    assert counted == expected
    assert sum(window.late for window in oracle.windows) > 0
    assert len({(window.brand, window.start_ms) for window in oracle.windows}) == len(oracle.windows)


@pytest.mark.parametrize("seed", range(8))
def test_interleaving_batches_repeats_and_restarts_change_nothing(
    records: dict[int, list[tuple[int, int, bytes]]], oracle: Run, seed: int
) -> None:
    assert Run(config(), random.Random(seed)).feed(records).result() == oracle.result()


def test_deleted_posts_stay_counted_and_are_shown_no_more_in_any_run(
    records: dict[int, list[tuple[int, int, bytes]]],
) -> None:
    settings = config(alerts={"samples": 20, "include_texts": True})
    known = Run(settings, None).feed(records)
    lines, deleted_at = with_deletions(records)
    expected = Run(settings, None).feed(lines)
    assert known.result()[0] == expected.result()[0]
    assert {alert.id for alert in known.alerts} == {alert.id for alert in expected.alerts}
    shown = {(alert.id, sample.id): alert for alert in known.alerts for sample in alert.samples}
    still_shown = {(alert.id, sample.id): alert for alert in expected.alerts for sample in alert.samples}
    assert len(still_shown.keys() & shown.keys()) > 10
    slot_ms = settings.windows.check_seconds * 1000

    def after_deletion(id: str, alert: Alert) -> bool:
        return alert.at.timestamp() * 1000 >= deleted_at.get(id, 2 * START) + slot_ms

    assert any(after_deletion(id, alert) for (_, id), alert in shown.items())
    assert not any(after_deletion(id, alert) for (_, id), alert in still_shown.items())
    for seed in range(3):
        assert Run(settings, random.Random(seed)).feed(lines).result() == expected.result()


def test_nothing_of_a_deleted_post_stays_in_the_state() -> None:
    settings = config(alerts={"include_texts": True}, topics={"partitions": 1})
    scorer, monitor = Scorer(settings, WordModel()), PartitionMonitor(settings, 0)
    scorer.assign(0, "topic-1")
    secret = Post("zitronenfalter", "forum", START, "nordtel schlecht mondlandung", url="https://x.example/karla")
    later = Post("2", "forum", START + 60_000, "nordtel so so")
    state: dict[bytes, bytes] = {}
    deletion = Deletion("zitronenfalter", "forum").to_bytes()
    repeated = 0
    for offset, value in enumerate((secret.to_bytes(), deletion, later.to_bytes(), secret.to_bytes())):
        batch = scorer.score(0, [(offset, START + HOUR, value)])
        repeated += batch.repeated
        for record in through_the_wire(batch):
            monitor.absorb(record)
        monitor.advance()
        state.update(monitor.dirty())
        held = b"zitronenfalter" in state[b"nordtel"]
        assert held == (offset < 2)
    for word in (b"https://x.example/karla", b"nordtel schlecht", b"zitronenfalter"):
        assert word not in state[b"nordtel"]
    assert repeated == 1


def test_a_topic_made_anew_is_counted_from_its_beginning(records: dict[int, list[tuple[int, int, bytes]]]) -> None:
    settings = config()
    monitor = PartitionMonitor(settings, 0)

    def envelope(incarnation: str) -> Envelope:
        scorer = Scorer(settings, WordModel())
        scorer.assign(0, incarnation)
        found = scorer.score(0, records[0][:50]).envelopes
        return next(envelope for envelope in found if envelope.brand == "nordtel")

    first, second = envelope("topic-1"), envelope("topic-2")
    brand = monitor._brand("nordtel")
    assert brand is not None
    assert brand.absorb(first) == len(first.mentions)
    assert brand.absorb(first) == 0
    assert brand.absorb(second) == len(second.mentions)
    assert brand.absorb(first) == 0


def test_unknown_brands_are_passed_over() -> None:
    monitor = PartitionMonitor(config(), 0)
    monitor.absorb(Envelope("gone", 0, "topic-1", "m", 0, []))
    monitor.restore(b"gone", b"whatever")
    assert monitor.dirty() == []


def test_state_of_a_newer_version_or_damaged_is_refused() -> None:
    monitor = PartitionMonitor(config(), 0)
    with pytest.raises(UnknownVersion, match="brand 'nordtel' has version 99"):
        monitor.restore(b"nordtel", b'{"v": 99}')
    with pytest.raises(UnknownVersion):
        monitor.restore(PROGRESS_KEY % 0, b'{"v": 99}')
    for key in (b"nordtel", PROGRESS_KEY % 0):
        with pytest.raises(OutdatedState, match=r"has version 1.*changelog"):
            monitor.restore(key, b'{"v": 1}')
    for value in (b"", b"{", b"{}", b'{"v": 2}', b"[]"):
        with pytest.raises(RecordError):
            monitor.restore(b"nordtel", value)
        with pytest.raises(RecordError):
            monitor.restore(PROGRESS_KEY % 0, value)
