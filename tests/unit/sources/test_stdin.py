"""Standard input as a source."""

from __future__ import annotations

import os
from itertools import chain

import pytest

from streams.errors import InputError
from streams.sources.stdin import StdinSource
from tests.support.lines import MAX_BYTES, lines_of


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


def test_a_closed_standard_input_is_named() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    with pytest.raises(InputError, match="standard input"):
        lines_of(StdinSource(MAX_BYTES, reading))
