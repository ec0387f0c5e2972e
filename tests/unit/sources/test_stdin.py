"""Standard input as a source."""

from __future__ import annotations

import gzip
import os
from itertools import chain
from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.sources.registry import open_posts
from streams.sources.stdin import PipeSource, StdinSource
from tests.support.lines import MAX_BYTES, data_of, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_standard_input_yields_what_is_there_and_does_not_hang() -> None:
    reading, writing = os.pipe()
    try:
        chunks = StdinSource(MAX_BYTES, reading).chunks()
        os.write(writing, b'{"id":1}\n{"id"')
        assert [line.data for line in next(chunks)] == [b'{"id":1}']
        assert next(chunks) == []
        os.write(writing, b":2}")
        os.close(writing)
        assert [line.data for line in chain.from_iterable(chunks)] == [b'{"id":2}']
    finally:
        os.close(reading)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_may_be_compressed_and_of_another_format(pack: Callable[[bytes], bytes]) -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, pack(b'[{"id":1},\n{"id":2}]'))
        os.close(writing)
        source = StdinSource(MAX_BYTES, reading)
        assert data_of(source) == [b'{"id":1}', b'{"id":2}']
        assert "JSON array" in source.remarks[0]
    finally:
        os.close(reading)


def test_a_pipe_with_a_path_is_read_like_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    keeps_open = os.open(path, os.O_RDWR)
    with open_posts(str(path), MAX_BYTES) as source:
        assert isinstance(source, PipeSource)
        assert source.name == str(path)
        os.write(keeps_open, b'{"id":1}\n')
        assert [line.data for line in next(source.chunks())] == [b'{"id":1}']
        os.close(keeps_open)


def test_a_pipe_that_can_not_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gone: can't be read"):
        PipeSource(str(tmp_path / "gone"), MAX_BYTES)


def test_a_closed_standard_input_is_named() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(InputError, match="standard input"):
        lines_of(StdinSource(MAX_BYTES, reading))
