"""The options that name recorded posts or mentions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from streams.cli.recorded import PostsFile, RecordedTopic, recorded_source

NOTHING: dict[str, Any] = {"posts": None, "topic": None, "from_ms": None, "to_ms": None, "keep_order": False}


def test_a_file_is_read_as_a_whole() -> None:
    source = recorded_source(**NOTHING | {"posts": "posts.jsonl", "keep_order": True})
    assert source == PostsFile("posts.jsonl", keep_order=True)
    assert source.files == [Path("posts.jsonl")]


def test_a_topic_is_read_between_two_times() -> None:
    source = recorded_source(**NOTHING | {"topic": "social.mentions", "from_ms": 1, "to_ms": 2})
    assert source == RecordedTopic("social.mentions", 1, 2)
    assert source.files == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "name the posts by --posts, or the topic by --topic: one of them"),
        ({"posts": "a", "topic": "b"}, "name the posts by --posts, or the topic by --topic: one of them"),
        ({"posts": "a", "to_ms": 1}, "--from and --to go with --topic; --posts reads the whole file"),
        ({"posts": "a", "from_ms": 0, "bounds": "--from goes"}, "--from goes with --topic; --posts reads the"),
        ({"topic": "b", "keep_order": True}, "--keep-order goes with --posts; a topic is always read in its order"),
        ({"topic": "b", "from_ms": 1, "to_ms": 1}, "--to must be after --from"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        recorded_source(**NOTHING | options)
