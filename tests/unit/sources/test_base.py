"""What every source offers beyond its own lines."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.sources.base import Line, Source
from streams.sources.stdin import StdinSource
from tests.support.lines import MAX_BYTES
from tests.support.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator


class Blocking(Source):
    """Yields its second chunk once it may."""

    name = "blocking"

    def __init__(self) -> None:
        self.may_go_on = threading.Event()

    def chunks(self) -> Iterator[list[Line]]:
        yield [Line(b"1", 1)]
        assert self.may_go_on.wait(PATIENCE_SECONDS)
        yield []
        yield [Line(b"2", 2)]


class Live(Source):
    """Has an asynchronous client."""

    name = "live"
    source_name = "elsewhere"

    def chunks(self) -> Iterator[list[Line]]:
        raise NotImplementedError

    async def incoming(self) -> AsyncGenerator[list[Line], None]:
        await asyncio.sleep(0)
        yield [Line(b"live", 1)]


class Failing(Source):
    name = "failing"

    def chunks(self) -> Iterator[list[Line]]:
        yield [Line(b"1", 1)]
        raise InputError("failing: can't be read")


async def test_a_source_that_blocks_does_not_block_the_event_loop() -> None:
    source = Blocking()
    incoming = source.incoming()
    assert await anext(incoming) == [Line(b"1", 1)]
    waiting = asyncio.ensure_future(anext(incoming))
    await asyncio.sleep(0)
    assert not waiting.done()
    source.may_go_on.set()
    assert await waiting == []
    assert [chunk async for chunk in incoming] == [[Line(b"2", 2)]]


async def test_a_live_source_awaits_its_lines() -> None:
    assert [chunk async for chunk in Live().incoming()] == [[Line(b"live", 1)]]


async def test_an_error_of_the_source_arrives_after_what_was_read() -> None:
    incoming = Failing().incoming()
    assert await anext(incoming) == [Line(b"1", 1)]
    with pytest.raises(InputError, match="can't be read"):
        await anext(incoming)


async def test_standard_input_comes_in_the_same_either_way() -> None:
    reading, writing = os.pipe()
    os.write(writing, b'{"id":1}\n{"id":2}\n')
    os.close(writing)
    try:
        found = [line.data async for chunk in StdinSource(MAX_BYTES, reading).incoming() for line in chunk]
    finally:
        os.close(reading)
    assert found == [b'{"id":1}', b'{"id":2}']
