"""Another client writes 20,000 records that must be refused into the topics, between those of firewatch."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from confluent_kafka import Producer

from streams.records import Envelope, Label, Mention, Post, Progress
from streams.topics import Topics, partition_of
from tests import poison
from tests.integration.broker import headers, read_topic

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from streams.config import Config
    from tests.faults.conftest import Recorder
    from tests.faults.evidence import Place
    from tests.faults.trial import Trial

RECORDS: Final = 20_000
LOAD_SECONDS: Final = 40.0
PORTION: Final = 100

Drawn = tuple[str, int, bytes | None]
"""Topic, partition, value."""


class Stranger:
    """A producer of another library, with keys, partitions and values as it likes."""

    def __init__(self, config: Config, chance: random.Random) -> None:
        self._topics = Topics(config.topics)
        self._brands = [brand.id for brand in config.brands]
        self._chance = chance
        self._producer = Producer({"bootstrap.servers": config.kafka.bootstrap_servers, "message.max.bytes": 1_048_588})
        self._posts, self._labels = poison.posts(chance), poison.labels(chance)
        self._mentions, self._progress = poison.mentions(chance), poison.progress(chance)
        self.sent: dict[Place, bytes | None] = {}
        self.kinds = Counter[str]()
        self.failures: list[str] = []

    def send(self, records: int) -> None:
        """Write so many, and wait until the broker has them."""
        for _ in range(records):
            topic, partition, value = self._chance.choice([self._post, self._mention, self._told, self._label])()
            self._producer.produce(topic, value, key=b"stranger", partition=partition, on_delivery=self._note)
        self._producer.flush()

    def _note(self, error: Any, message: Any) -> None:
        if error is not None:
            self.failures.append(str(error))
            return
        self.sent[message.topic(), message.partition(), message.offset()] = message.value()

    def _drawn(self, poisons: poison.Poison, value: bytes) -> bytes | None:
        kind, broken = poisons.draw(orjson.loads(value))
        self.kinds[kind] += 1
        return broken

    def _post(self) -> Drawn:
        post = Post(
            f"foreign-{self._chance.random()}", "foreign", _now_ms(), f"{self._chance.choice(self._brands)} ..."
        )
        partition = self._chance.randrange(self._topics.posts.partitions)
        return self._topics.posts.name, partition, self._drawn(self._posts, post.to_bytes())

    def _mention(self) -> Drawn:
        brand, now = self._chance.choice(self._brands), _now_ms()
        mention = Mention(2**40, now, 0, 5_000, 1_000, 7, 9, 0, 1, "de", "foreign", "foreign-1", ["netz"], None, None)
        envelope = Envelope(brand, self._chance.randrange(4), "foreign", "m", now, [mention])
        partition = partition_of(brand.encode(), self._topics.mentions.partitions)
        return self._topics.mentions.name, partition, self._drawn(self._mentions, envelope.to_bytes())

    def _told(self) -> Drawn:
        now = _now_ms()
        progress = Progress(
            self._chance.randrange(4), "foreign", 2**40, now, now, -1,
            live=True, active=[("foreign", [now])], pulse=[(now, [0] * 16)],
        )  # fmt: skip
        partition = self._chance.randrange(self._topics.mentions.partitions)
        return self._topics.mentions.name, partition, self._drawn(self._progress, progress.to_bytes())

    def _label(self) -> Drawn:
        label = Label(
            post=f"foreign:{self._chance.random()}", text="kein Netz", label="negative", by="eve", at_ms=_now_ms()
        )
        return self._topics.labels.name, 0, self._drawn(self._labels, label.to_bytes())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def refused(config: Config) -> dict[Place, tuple[str, bytes]]:
    """Reason and value of every dead letter, by the place it names."""
    letters: dict[Place, tuple[str, bytes]] = {}
    for record in await read_topic(config, Topics(config.topics).dlq.name):
        told = headers(record)
        if "partition" in told:  # else it is one of the ingest
            place = told["topic"], int(told["partition"]), int(told["offset"])
            letters[place] = told["reason"], record.value
    return letters


async def test_poison_becomes_dead_letters_and_what_lies_between_is_counted(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(RECORDS // PORTION)
    async with trial(workers={"score": 2, "detect": 2, "train": 1}, seconds=LOAD_SECONDS) as stage:
        stranger = Stranger(stage.config, stage.random)
        for _ in range(count):
            await asyncio.to_thread(stranger.send, PORTION)
            await asyncio.sleep(0.8 * LOAD_SECONDS / count)
        stage.foreign |= stranger.sent.keys()
        row = await stage.verdict(f"{count * PORTION:,} poisoned records of {len(stranger.kinds)} kinds", count)
        letters = await refused(stage.config)
    print(stranger.kinds, Counter(reason for reason, _ in letters.values()))
    missing, unknown = stranger.sent.keys() - letters.keys(), letters.keys() - stranger.sent.keys()
    altered = [
        place for place in letters.keys() & stranger.sent.keys()
        if letters[place][1] != (stranger.sent[place] or b"")[: len(letters[place][1])]
    ]  # fmt: skip
    if len(stranger.sent) != count * PORTION:
        row.problems.append(f"{len(stranger.sent)} were written: {stranger.failures[:3]}")
    if missing:
        row.problems.append(f"{len(missing)} have no letter, such as {sorted(missing)[:5]}")
    if unknown:
        row.problems.append(f"{len(unknown)} letters of good records, such as {sorted(unknown)[:5]}")
    if altered:
        row.problems.append(f"{len(altered)} letters hold something else, such as {altered[:5]}")
    if not all(reason for reason, _ in letters.values()):
        row.problems.append("letters without a reason")
    record(row)
