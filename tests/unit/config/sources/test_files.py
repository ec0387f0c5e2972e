"""A source of the kind `files` is checked before anything is read."""

from __future__ import annotations

from typing import Any

import pytest

from streams.config import Config
from tests.support.source_reading import NORDTEL


def check(**entry: Any) -> None:
    fields = {"id": "archive", "kind": "files", "paths": ["dump/*.jsonl.zst"]} | entry
    Config.model_validate({"brands": [NORDTEL], "sources": [fields]})


def test_paths_are_enough() -> None:
    check()
    check(watch=False, map="twitter_v2", encoding="cp1251")
    check(done="move", done_folder="read")
    check(done="delete", settle_seconds=0)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"paths": []}, "paths"),
        ({"paths": [""]}, "paths"),
        ({"paths": ["a\0b"]}, "paths"),
        ({"paths": "dump"}, "paths"),
        ({"done": "move"}, "belongs to `done: move`: set both or none"),
        ({"done_folder": "read"}, "belongs to `done: move`: set both or none"),
        ({"done": "delete", "watch": False}, "must be keep where `watch` is false"),
        ({"settle_seconds": -1}, "settle_seconds"),
        ({"poll_seconds": 0}, "poll_seconds"),
        ({"encoding": "klingon"}, "is no encoding of text"),
        ({"map": {"source": "network"}}, "the source of all posts of this entry is its id"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_place(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match="sources") as refused:
        check(**entry)
    assert problem in str(refused.value)
