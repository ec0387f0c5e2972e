"""`firewatch label` on a real broker: questions, keys, and files of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from streams.errors import InputError
from streams.kafka.admin import ensure_topics
from streams.kafka.clients import acknowledged, producer
from streams.kafka.topics import Topics
from streams.operate.label import ask, import_file
from streams.records import Label, Post, label_from_bytes
from tests.support.broker import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config

TEXTS = ["Nordtel ist heute da", "Nordtel liegt in Kiel", "Nordtel war gestern hier", "Nordtel gibt es auch in Köln"]


@pytest.fixture
async def config(kafka_config: Callable[..., Config]) -> Config:
    config = kafka_config()
    await ensure_topics(config, create=True)
    return config


def pressing(keys: str) -> Callable[[], str]:
    left = iter(keys)
    return lambda: next(left)


async def written(config: Config) -> list[Label]:
    records = await read_topic(config, Topics(config.topics).labels.name)
    assert all(record.key == label_from_bytes(record.value).key for record in records)
    return [label_from_bytes(record.value) for record in records]


async def test_keys_become_labels_of_the_latest_posts(config: Config) -> None:
    shown: list[str] = []
    posts = [Post(str(number), "forum", 1_750_000_000_000, text) for number, text in enumerate(TEXTS)]
    posts.append(Post("9", "forum", 1_750_000_000_000, "Nordtel \x1b[2J löscht den Schirm"))
    async with producer(config.kafka) as sender:
        topic = Topics(config.topics).posts.name
        sends = [await sender.send(topic, post.to_bytes(), key=post.key) for post in posts]
        await acknowledged(config.kafka, [*sends, await sender.send(topic, b"no post")], "sending")
    done = await ask(config, "anna", None, 100, read_key=pressing("nxSpuq"), show=shown.append)
    assert (done.written, done.skipped) == (3, 1)
    labels = await written(config)
    assert [label.label for label in labels] == ["negative", "positive", "neutral"]
    assert {label.by for label in labels} == {"anna"}
    assert len({label.post for label in labels}) == 3
    assert {label.text for label in labels} <= {post.text for post in posts}
    assert shown
    assert "\x1b" not in "".join(shown)


async def test_posts_of_a_file_are_asked_about(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    lines = [{"id": number, "created_at": "2026-03-02T10:00:00Z", "text": text} for number, text in enumerate(TEXTS)]
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines) + b"broken\n")
    done = await ask(config, "anna", file, 2, read_key=pressing("pp"), show=print)
    assert done.written == 2
    assert {label.post for label in await written(config)} < {f"file:{number}" for number in range(4)}


async def test_a_file_without_posts_is_named(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_bytes(b"{}\n")
    with pytest.raises(InputError, match=r"posts\.jsonl"):
        await ask(config, "anna", file, 2, read_key=pressing("p"), show=print)


async def test_labels_of_a_file_are_imported(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    lines = [
        {"id": "forum:7", "text": "Nordtel ist&nbsp;weg", "label": "negative"},
        {"id": 8, "text": "Nordtel is back", "label": "positive", "lang": "en"},
    ]
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    assert (await import_file(config, "anna", file)).written == 2
    found = [(label.post, label.text, label.lang, label.label) for label in await written(config)]
    assert found == [
        ("forum:7", "Nordtel ist weg", "de", "negative"),
        ("import:8", "Nordtel is back", "en", "positive"),
    ]


async def test_a_file_with_more_labels_than_one_annotator_may_give_is_refused_as_a_whole(
    config: Config, tmp_path: Path
) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_bytes(b'{"text": "Nordtel ist weg", "label": "negative"}\n' * 501)
    with pytest.raises(InputError, match="firewatch sentiment train"):
        await import_file(config, "anna", file)


async def test_an_invalid_name_and_an_invalid_label_are_errors(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_bytes(b'{"id": 1, "text": "Nordtel ist weg", "label": "negative"}\n')
    with pytest.raises(InputError, match="by: "):
        await import_file(config, "x" * 1_000, file)
    file.write_bytes(b'{"id": 1, "text": "Nordtel ist weg", "label": "furious"}\n')
    with pytest.raises(InputError, match=r"labels\.jsonl:1"):
        await import_file(config, "anna", file)
    assert await written(config) == []
