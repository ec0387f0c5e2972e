"""A source that can be read once is read again from a temporary file, as far as that may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.sources.base import Line, Source
from streams.sources.spool import Spool
from tests.support.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class Once(Source):
    """Yields each line once, ten a chunk."""

    name = "a pipe"

    def __init__(self, count: int, error: InputError | None = None) -> None:
        self._left = iter(range(count))
        self._error = error

    def chunks(self) -> Iterator[list[Line]]:
        chunk: list[Line] = []
        for number in self._left:
            chunk.append(Line(b"%d" % number, number))
            self.consumed_bytes += 1
            if len(chunk) == 10:
                yield chunk
                chunk = []
        yield chunk
        if self._error:
            raise self._error


def test_all_lines_come_again() -> None:
    with Spool(Once(95)) as spool:
        first = lines_of(spool)
        assert spool.complete
        assert [line.cursor for line in first] == list(range(95))
        assert spool.consumed_bytes == 95
        assert lines_of(spool) == lines_of(spool) == first


def test_beyond_its_size_the_lines_come_once_more_and_the_rest_follows() -> None:
    with Spool(Once(95), max_bytes=1) as spool:
        assert [line.cursor for line in lines_of(spool)] == list(range(10))
        assert not spool.complete
        assert [line.cursor for line in lines_of(spool)] == list(range(95))


def test_a_source_that_fails_is_not_complete() -> None:
    with Spool(Once(5, InputError("a pipe: broken"))) as spool:
        with pytest.raises(InputError):
            lines_of(spool)
        assert not spool.complete


def test_a_spool_that_was_never_read_closes() -> None:
    Spool(Once(1)).close()
