"""`firewatch label`: ask an annotator about posts, or import a file of labels, and write them to social.labels."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from streams.core.ingest.parsing import Normaliser
from streams.core.learn.uncertainty import UncertainPost, most_uncertain
from streams.core.sentiment import LABELS
from streams.core.text.clean import normalise
from streams.errors import InputError, RecordError
from streams.kafka.clients import acknowledged, consumer, producer, translated_errors
from streams.kafka.model_store import live_model
from streams.kafka.preflight import preflight
from streams.kafka.reader import TopicReader
from streams.kafka.topics import Topics
from streams.records import AuthorDeletion, Deletion, Label, Post, posts_record_from_bytes
from streams.runtime import clock
from streams.sources.labelled_posts import read_gold
from streams.sources.reader import Reading
from streams.sources.registry import open_posts
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from aiokafka import AIOKafkaProducer

    from streams.config import Config

KEYS: Final = {"n": "negative", "u": "neutral", "p": "positive"}
SKIP: Final = "s"
QUIT: Final = frozenset({"q", "\x03", "\x04", ""})
"""Ctrl-C, Ctrl-D and the end of an input that is no terminal quit as well."""

TAIL_POSTS: Final = 20_000
"""Number of the latest posts in social.posts from which questions are chosen; reading them takes some seconds."""

IMPORTED_SOURCE: Final = "import"
"""Source of imported labels whose ids do not name a source."""

SHOWN_CHARS: Final = 1_000
"""Largest part of a text that is shown."""

CHUNK: Final = 1_000
"""Number of labels that are sent before their acknowledgements are awaited."""


@dataclass(slots=True)
class LabelSummary:
    """How many labels were written and how many posts were skipped."""

    written: int = 0
    skipped: int = 0


async def ask(
    config: Config,
    by: str,
    posts: Path | None,
    limit: int,
    *,
    read_key: Callable[[], str],
    show: Callable[[str], None],
) -> LabelSummary:
    """Show the posts that the current model is least certain of, and write the labels that are given.

    Parameters
    ----------
    config
        The whole configuration.
    by
        Name of the annotator.
    posts
        A file of posts; None for the latest posts in social.posts.
    limit
        Largest number of questions.
    read_key
        Waits for the next key and returns it.
    show
        Shows lines to the annotator.

    Raises
    ------
    InputError
        If the file can't be read or holds no posts to ask about.
    KafkaError
        If the broker does not answer, or a topic is missing.
    """
    await preflight(config, "label")
    async with live_model(config, load_model(config.sentiment.weights)) as live:
        model = live.model
    found = list(_posts_of_file(config, posts)) if posts else await _latest_posts(config)
    chosen = most_uncertain(found, model, limit)
    if not chosen:
        raise InputError(f"{posts or Topics(config.topics).posts.name}: holds no posts to ask about")
    async with producer(config.kafka) as sender:
        return await answer(chosen, by, read_key, show, lambda label: _write(config, sender, [label]))


async def answer(
    chosen: Sequence[UncertainPost],
    by: str,
    read_key: Callable[[], str],
    show: Callable[[str], None],
    write: Callable[[Label], Awaitable[None]],
) -> LabelSummary:
    """Put questions to the annotator until there are no more or the annotator quits.

    Parameters
    ----------
    chosen
        The questions.
    by, read_key, show
        As for `ask`.
    write
        Writes a label.
    """
    summary = LabelSummary()
    for number, question in enumerate(chosen, 1):
        show(_question_text(question, number, len(chosen)))
        key = _next_key(read_key)
        if key in QUIT:
            break
        if key == SKIP:
            summary.skipped += 1
            continue
        show(f"  {KEYS[key]}")
        await write(_answered(question, KEYS[key], by))
        summary.written += 1
    return summary


async def import_file(config: Config, by: str, path: Path) -> LabelSummary:
    """Write the labels of a file of JSON lines with ``id``, ``text``, ``label`` and optionally ``lang``.

    Raises
    ------
    InputError
        If the file can't be read, a line is invalid, or there are more labels than one annotator may give in an hour.
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


def _answered(question: UncertainPost, label: str, by: str) -> Label:
    fields = {"text": question.post.text, "lang": question.lang, "label": label, "by": by, "at_ms": clock.now_ms()}
    return _label(question.post.key.decode(), fields)


def _label(post: str, fields: dict[str, object]) -> Label:
    try:
        return Label.model_validate({"post": post, **fields})
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


def _question_text(question: UncertainPost, number: int, of: int) -> str:
    chances = ", ".join(f"{name} {chance:.0%}" for name, chance in zip(LABELS, question.probabilities, strict=True))
    shown = normalise(question.post.text, SHOWN_CHARS)  # without characters that control a terminal
    text = textwrap.fill(shown, width=100, initial_indent="  ", subsequent_indent="  ")
    keys = "[n]egative  ne[u]tral  [p]ositive  [s]kip  [q]uit"
    return f"\n{number}/{of}  {question.lang}; the model: {chances}\n\n{text}\n\n  {keys}"


def _posts_of_file(config: Config, path: Path) -> Iterator[Post]:
    normaliser = Normaliser(config.ingest, "file")
    now_ms = clock.now_ms()
    with open_posts(str(path), config.ingest.max_record_bytes, Reading.of(config.ingest)) as source:
        for chunk in source.chunks():
            for line in chunk:
                try:
                    yield normaliser.post(line.data, now_ms)
                except RecordError:
                    continue  # ingest counts such lines


async def _latest_posts(config: Config) -> list[Post]:
    """Return the latest posts without those that have been deleted."""
    topic = Topics(config.topics).posts
    found: dict[bytes, Post] = {}
    of_author: dict[tuple[str | None, str], list[bytes]] = {}
    async with consumer(config.kafka, None) as reader:
        posts = TopicReader(reader, config.kafka, topic)
        await posts.seek_back(TAIL_POSTS // topic.partitions)
        for record in await posts.to_the_end():
            try:
                post = posts_record_from_bytes(record.value)
            except RecordError:
                continue  # the scorer diverts such records
            if isinstance(post, Post):
                found[post.key] = post
                of_author.setdefault((post.author, post.source), []).append(post.key)
            elif isinstance(post, Deletion):
                found.pop(post.key, None)
            elif isinstance(post, AuthorDeletion):
                for key in of_author.pop((post.author, post.source), ()):
                    found.pop(key, None)
    return list(found.values())
