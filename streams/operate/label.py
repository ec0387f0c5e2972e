"""`firewatch label`: ask a person about posts, or take a file of answers, and write to `social.labels`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click
from pydantic import ValidationError

from streams.core.ingest.parsing import Normaliser
from streams.core.learn.uncertainty import UncertainPost, most_uncertain
from streams.core.sentiment import LABELS, LinearModel
from streams.core.text.clean import normalise
from streams.errors import InputError, RecordError
from streams.kafka.clients import acknowledged, consumer, producer, translated_errors
from streams.kafka.model_store import live_model
from streams.kafka.preflight import preflight
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.records import Deletion, Label, posts_record_from_bytes
from streams.runtime import clock
from streams.sources.files import open_posts
from streams.sources.labelled_posts import read_gold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.config import Config
    from streams.records import Post

KEYS: Final = {"n": "negative", "u": "neutral", "p": "positive"}
SKIP: Final = "s"
QUIT: Final = frozenset({"q", "\x03", "\x04", ""})
"""Also Ctrl-C, Ctrl-D, and the end of a standard input that is no terminal."""

TAIL_POSTS: Final = 20_000
"""Latest posts of social.posts that are looked through; it takes some seconds."""

IMPORTED_SOURCE: Final = "import"
"""Stands before ids of a file that does not name a source itself."""

SHOWN_CHARS: Final = 1_000
"""Part of a text that is shown."""

CHUNK: Final = 1_000
"""Labels sent before their acknowledgements are awaited."""


@dataclass(slots=True)
class LabelSummary:
    """What came of it."""

    written: int = 0
    skipped: int = 0


async def ask(
    config: Config, by: str, posts: Path | None, limit: int, read_key: Callable[[], str] = click.getchar
) -> LabelSummary:
    """Show the posts that the model in use is least sure of, and write what is answered.

    Parameters
    ----------
    config
        All of it.
    by
        The annotator.
    posts
        A file of posts; the latest ones in social.posts without it.
    limit
        Questions at most.
    read_key
        Waits for the next key.

    Raises
    ------
    InputError
        If the file can't be read or holds no posts to ask about.
    KafkaError
        If the broker does not answer, or a topic is missing.
    """
    await preflight(config, "label")
    async with live_model(config, LinearModel.load(config.sentiment.weights)) as live:
        model = live.model
    found = list(_of_file(config, posts)) if posts else await _tail(config)
    asked = most_uncertain(found, model, limit)
    if not asked:
        raise InputError(f"{posts or Topics(config.topics).posts.name}: holds no posts to ask about")
    summary = LabelSummary()
    async with producer(config.kafka) as sender:
        for number, question in enumerate(asked, 1):
            click.echo(_shown(question, number, len(asked)))
            key = _next_key(read_key)
            if key in QUIT:
                break
            if key == SKIP:
                summary.skipped += 1
                continue
            click.echo(f"  {KEYS[key]}")
            await _write(config, sender, [_answer(question, KEYS[key], by)])
            summary.written += 1
    return summary


async def import_file(config: Config, by: str, path: Path) -> LabelSummary:
    """Write the labels of a file: JSON lines with ``id``, ``text``, ``label`` and if known ``lang``.

    Raises
    ------
    InputError
        If the file can't be read, a line is not as it must be, or there are more than an annotator may give.
    KafkaError
        If the broker does not answer, or a topic is missing.
    """
    gold = read_gold(path)
    limit = config.sentiment.learn.max_labels_per_hour
    if len(gold) > limit:
        raise InputError(
            f"{path}: holds {len(gold):,} labels, and sentiment.learn.max_labels_per_hour lets one annotator give "
            f"{limit:,}: raise it, or make weights of the file by `firewatch sentiment train`"
        )
    await preflight(config, "label")
    now_ms = clock.now_ms()
    summary = LabelSummary()
    async with producer(config.kafka) as sender:
        for start in range(0, len(gold), CHUNK):
            chunk = [
                _label(
                    post.id if ":" in post.id else f"{IMPORTED_SOURCE}:{post.id}",
                    {"text": post.text, "lang": post.lang, "label": post.label, "by": by, "at_ms": now_ms},
                )
                for post in gold[start : start + CHUNK]
            ]
            await _write(config, sender, chunk)
            summary.written += len(chunk)
    return summary


async def _write(config: Config, sender: AIOKafkaProducer, labels: list[Label]) -> None:
    topic = Topics(config.topics).labels.name
    doing = f"writing {topic}"
    with translated_errors(config.kafka, doing):
        sends = [await sender.send(topic, label.to_bytes(), key=label.key) for label in labels]
    await acknowledged(config.kafka, sends, doing)


def _answer(question: UncertainPost, label: str, by: str) -> Label:
    now_ms = clock.now_ms()
    said = {"text": question.post.text, "lang": question.lang, "label": label, "by": by, "at_ms": now_ms}
    return _label(question.post.key.decode(), said)


def _label(post: str, said: dict[str, object]) -> Label:
    try:
        return Label.model_validate({"post": post, **said})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise InputError(f"label of post {post:.50}: {problem['loc'][0]}: {problem['msg']}") from None


def _next_key(read_key: Callable[[], str]) -> str:
    while True:
        try:
            key = read_key().lower()
        except (KeyboardInterrupt, EOFError):
            return "q"
        except OSError as error:
            raise InputError(
                f"questions need a terminal ({error.strerror}); --import takes a file of answers"
            ) from error
        if key in KEYS or key == SKIP or key in QUIT:
            return key


def _shown(question: UncertainPost, number: int, of: int) -> str:
    chances = ", ".join(f"{name} {chance:.0%}" for name, chance in zip(LABELS, question.probabilities, strict=True))
    shown = normalise(question.post.text, SHOWN_CHARS)  # nothing in it controls the terminal
    text = click.wrap_text(shown, width=100, initial_indent="  ", subsequent_indent="  ")
    keys = "[n]egative  ne[u]tral  [p]ositive  [s]kip  [q]uit"
    return f"\n{number}/{of}  {question.lang}; the model: {chances}\n\n{text}\n\n  {keys}"


def _of_file(config: Config, path: Path) -> Iterator[Post]:
    normaliser = Normaliser(config.ingest, "file")
    now_ms = clock.now_ms()
    with open_posts(str(path), config.ingest.max_record_bytes) as source:
        for chunk in source.chunks():
            for line in chunk:
                try:
                    yield normaliser.post(line.data, now_ms)
                except RecordError:
                    continue  # ingest is where such lines are counted


async def _tail(config: Config) -> list[Post]:
    """The latest posts, without those that have been deleted."""
    topic = Topics(config.topics).posts
    found: dict[bytes, Post] = {}
    async with consumer(config.kafka, None) as reader:
        posts = TopicReader(reader, config.kafka, topic)
        await posts.seek_back(TAIL_POSTS // topic.partitions)
        for record in await posts.to_the_end():
            try:
                post = posts_record_from_bytes(record.value)
            except RecordError:
                continue  # the scorer is who diverts it
            if isinstance(post, Deletion):
                found.pop(post.key, None)
            else:
                found[post.key] = post
    return list(found.values())
