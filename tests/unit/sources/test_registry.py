"""How a source is found by its kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.sources.base import Source
from streams.sources.files import FileSource
from streams.sources.registry import KINDS, open_posts, open_source
from streams.sources.stdin import StdinSource
from tests.support.lines import MAX_BYTES, data_of, write

if TYPE_CHECKING:
    from pathlib import Path


def test_a_hyphen_is_standard_input_and_all_else_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n')
    with open_posts(str(path), MAX_BYTES) as source:
        assert isinstance(source, FileSource)
    with open_posts("-", MAX_BYTES) as source:
        assert isinstance(source, StdinSource)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_opens_a_source_whose_posts_are_named_as_they_always_were(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n')
    with open_source(kind, str(path), MAX_BYTES) as source:
        assert isinstance(source, Source)
        assert source.source_name == "file"


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    known = ", ".join(sorted(KINDS))
    with pytest.raises(InputError, match=re.escape(f"unknown kind of source 'telex'; known kinds are {known}")):
        open_source("telex", "x", MAX_BYTES)


def test_a_source_is_closed_with_its_block(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.jsonl", b'{"id":1}\n')
    with open_posts(str(path), MAX_BYTES) as source:
        pass
    with pytest.raises(ValueError, match="closed"):
        data_of(source)
