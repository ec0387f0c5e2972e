"""Another client writes 20,000 records that must be refused into the topics, between those of firewatch."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
from confluent_kafka import Producer

from streams.core.score.partitioning import partition_of
from streams.kafka.topics import Topics
from streams.records import (
    Envelope,
    HoldoutQuality,
    Label,
    Mention,
    ModelHeader,
    Post,
    Progress,
    PublishedModel,
    model_key,
)
from streams.runtime.failpoints import Failpoint
from streams.sources.weights import read_weights
from tests.support import poison
from tests.support.broker import headers, read_topic, until

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    from streams.config import Config
    from tests.faults.conftest import Recorder
    from tests.faults.evidence import Place
    from tests.faults.table import Row
    from tests.faults.trial import Trial

RECORDS: Final = 20_000
LOAD_SECONDS: Final = 40.0
PORTION: Final = 100
KEY: Final = b"stranger"

CRASHES: Final = 4
BAD_MODELS: Final = 400

Drawn = tuple[str, int, bytes, bytes | None]
"""Topic, partition, key, value."""


class Stranger:
    """A producer of another library, with keys, partitions and values as it likes.

    Parameters
    ----------
    config
        Names broker, topics and brands.
    chance
        Draws what is sent.
    """

    def __init__(self, config: Config, chance: random.Random) -> None:
        self._topics = Topics(config.topics)
        self._brands = [brand.id for brand in config.brands]
        self._chance = chance
        self._producer = Producer({"bootstrap.servers": config.kafka.bootstrap_servers, "message.max.bytes": 1_048_588})
        self._posts, self._labels = poison.posts(chance), poison.labels(chance)
        self._mentions, self._progress = poison.mentions(chance), poison.progress(chance)
        self._models = poison.BrokenModels(chance, model_key(7), model_record(7))
        self.sent: dict[Place, bytes | None] = {}
        self.kinds = Counter[str]()
        self.failures: list[str] = []

    def send(self, records: int) -> None:
        """Write so many into all topics, and wait until the broker has them."""
        kinds = [self._post, self._mention, self._told, self._label, self._model]
        self._write(self._chance.choice(kinds)() for _ in range(records))

    def send_models(self, records: int) -> None:
        """Write so many models, and wait until the broker has them."""
        self._write(self._model() for _ in range(records))

    def _write(self, drawn: Iterable[Drawn]) -> None:
        for topic, partition, key, value in drawn:
            self._producer.produce(topic, value, key=key, partition=partition, on_delivery=self._note)
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
        return self._topics.posts.name, partition, KEY, self._drawn(self._posts, post.to_bytes())

    def _mention(self) -> Drawn:
        brand, now = self._chance.choice(self._brands), _now_ms()
        mention = Mention(2**40, now, 0, 5_000, 1_000, 7, 9, 0, 1, "de", "foreign", "foreign-1", ["netz"], None, None)
        envelope = Envelope(brand, self._chance.randrange(4), "foreign", "m", now, [mention])
        partition = partition_of(brand.encode(), self._topics.mentions.partitions)
        return self._topics.mentions.name, partition, KEY, self._drawn(self._mentions, envelope.to_bytes())

    def _told(self) -> Drawn:
        now = _now_ms()
        progress = Progress(
            self._chance.randrange(4), "foreign", 2**40, now, now, -1,
            live=True, active=[("foreign", [now])], pulse=[(now, [0] * 16)],
        )  # fmt: skip
        partition = self._chance.randrange(self._topics.mentions.partitions)
        return self._topics.mentions.name, partition, KEY, self._drawn(self._progress, progress.to_bytes())

    def _label(self) -> Drawn:
        label = Label(
            post=f"foreign:{self._chance.random()}", text="kein Netz", label="negative", by="eve", at_ms=_now_ms()
        )
        return self._topics.labels.name, 0, KEY, self._drawn(self._labels, label.to_bytes())

    def _model(self) -> Drawn:
        kind, key, value = self._models.draw()
        self.kinds[f"model, {kind}"] += 1
        return self._topics.models.name, 0, key, value


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def model_record(version: int) -> bytes:
    """A good one."""
    judged = HoldoutQuality(labels=10, macro_f1=0.5, negative_rest_f1=0.5)
    header = ModelHeader(
        version=version, parent=0, created_ms=_now_ms(), labels=1, incarnation="x", offset=0,
        quality=judged, parent_quality=judged,
    )  # fmt: skip
    return PublishedModel(header, read_weights()).to_bytes()


async def refused(config: Config) -> list[tuple[Place, str, bytes]]:
    """Place, reason and value of every dead letter of a record."""
    letters = []
    for record in await read_topic(config, Topics(config.topics).dlq.name):
        told = headers(record)
        if "partition" in told:  # else it is one of the ingest
            place = told["topic"], int(told["partition"]), int(told["offset"])
            letters.append((place, told["reason"], record.value))
    return letters


async def check_letters(config: Config, stranger: Stranger, row: Row) -> None:
    """Each record of the stranger has a dead letter, those of models exactly one, and nothing else has any."""
    letters = await refused(config)
    print(stranger.kinds, Counter(reason for _, reason, _ in letters))
    counts = Counter(place for place, *_ in letters)
    missing, unknown = stranger.sent.keys() - counts.keys(), counts.keys() - stranger.sent.keys()
    models = Topics(config.topics).models.name  # elsewhere a worker that is restarted may repeat a letter
    twice = [place for place, count in counts.items() if count > 1 and place[0] == models]
    altered = [
        place
        for place, _, value in letters
        if place in stranger.sent and value != (stranger.sent[place] or b"")[: len(value)]
    ]
    if missing:
        row.problems.append(f"{len(missing)} have no letter, such as {sorted(missing)[:5]}")
    if unknown:
        row.problems.append(f"{len(unknown)} letters of good records, such as {sorted(unknown)[:5]}")
    if twice:
        row.problems.append(f"{len(twice)} models have more than one letter, such as {twice[:5]}")
    if altered:
        row.problems.append(f"{len(altered)} letters hold something else, such as {altered[:5]}")
    if not all(reason for _, reason, _ in letters):
        row.problems.append("letters without a reason")


async def until_looked_at(stage: Trial, seconds: float = 90) -> None:
    """Wait until the letters of all models there are have been written."""

    async def done() -> bool:
        return await stage.lag("letters") == 0

    await until(done, seconds)


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
        await check_letters(stage.config, stranger, row)
    if len(stranger.sent) != count * PORTION:
        row.problems.append(f"{len(stranger.sent)} were written: {stranger.failures[:3]}")
    record(row)


async def test_a_bad_model_has_one_letter_whatever_dies(
    trial: Callable[..., AbstractAsyncContextManager[Trial]], record: Recorder, rounds: Callable[[int], int]
) -> None:
    count = rounds(CRASHES)
    async with trial(workers={"score": 1, "detect": 1, "train": 1}, seconds=LOAD_SECONDS) as stage:
        stranger = Stranger(stage.config, stage.random)
        victim = stage.fleet.start("train", failpoints=[f"{Failpoint.TRAIN_DEAD_LETTERS_SENT}:1"] * count)
        (other,) = [member for member in stage.fleet.named("train") if member is not victim]
        for life in range(count):
            await victim.reborn(life)
            await stage.ready(victim)
            await other.restart()  # its partitions go to the victim
            await asyncio.to_thread(stranger.send_models, BAD_MODELS // count)
            await victim.reborn(life + 1, seconds=120)
        await stage.kill(other)
        await asyncio.to_thread(stranger.send_models, BAD_MODELS // count)
        await until_looked_at(stage)
        stage.foreign |= stranger.sent.keys()
        row = await stage.verdict("kill -9 in the transaction of the letters of bad models", count)
        await check_letters(stage.config, stranger, row)
    if sum('"failing here"' in log for _, log in stage.fleet.logs) != count:
        row.problems.append("not every failpoint was reached")
    record(row)
