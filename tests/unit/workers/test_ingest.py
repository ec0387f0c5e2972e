"""How lines are sent, acknowledged and counted; tests/integration has the way through a broker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
import pytest
from aiokafka.errors import MessageSizeTooLargeError

from streams.config import Config
from streams.errors import InputError, KafkaError, RejectionRatioExceeded
from streams.sources.base import Line, Source
from streams.workers.ingest import GROUP_LINES, GROUPS_IN_FLIGHT, _Run
from tests.support.producer import FakeProducer, Sent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

POSTS, DEAD_LETTERS = "social.posts", "social.posts.dlq"


def post(id: int, **fields: object) -> bytes:
    return orjson.dumps({"id": id, "created_at": "2025-06-01T12:00:00Z", "text": "Nordtel"} | fields)


class Given(Source):
    """Yields chunks of lines, and raises an error at the end if it has one."""

    name = "given"
    source_name = "forum"

    def __init__(self, *chunks: list[bytes], error: Exception | None = None) -> None:
        self._chunks = chunks
        self._error = error

    def chunks(self) -> Iterator[list[Line]]:
        cursor = 0
        for chunk in self._chunks:
            yield [Line(data, cursor := cursor + 1) for data in chunk]
        if self._error:
            raise self._error

    async def incoming(self) -> AsyncGenerator[list[Line], None]:
        for chunk in self.chunks():
            yield chunk


class Saved:
    """In place of a cursor file."""

    def __init__(self) -> None:
        self.cursor = -1

    def save(self, read: int, cursor: int) -> None:
        assert read > 0
        self.cursor = cursor


def started(
    source: Source,
    producer: FakeProducer,
    cursor: Saved | None = None,
    stop: asyncio.Event | None = None,
    **ingest: int,
) -> _Run:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    config = Config.model_validate({"brands": brands, "ingest": ingest})
    return _Run(config, producer, source, pacing=None, cursor=cursor, stop=stop or asyncio.Event())  # type: ignore[arg-type]


async def read(run: _Run, show: Callable[[], None] = lambda: None) -> bool:
    return await run.read_all(show)


async def test_each_line_is_a_post_a_deletion_a_repeat_or_rejected() -> None:
    producer = FakeProducer()
    deletion = orjson.dumps({"id": 1, "delete": True})
    run = started(Given([post(1), post(2)], [b"{", post(1), deletion]), producer)
    assert await read(run)
    assert (run.read, run.ingested, run.repeated, run.deletions) == (5, 2, 1, 1)
    assert run.ratio.reasons == {"broken_json": 1}
    assert [sent.key for sent in producer.sent if sent.topic == POSTS] == [b"forum:1", b"forum:2", b"forum:1"]
    assert producer.values(DEAD_LETTERS) == [b"{"]


async def test_posts_without_text_are_skipped_and_odd_fields_counted_whatever_their_share() -> None:
    producer = FakeProducer()
    pictures = [post(number, text="") for number in range(100, 200)]
    run = started(Given([*pictures, post(1, likes="1.2k", url="x")]), producer, bad_share_after=1)
    assert await read(run)
    assert (run.read, run.ingested, run.ratio.skipped) == (101, 1, 100)
    assert run.altered == {("likes", "converted"): 1, ("url", "left_out"): 1}
    assert [sent.topic for sent in producer.sent] == [POSTS]


async def test_an_edit_is_no_repeat() -> None:
    producer = FakeProducer()
    texts = ("Nordtel", "Nordtel", "Nordtel is down", "Nordtel")
    run = started(Given([post(1, text=text) for text in texts]), producer)
    await read(run)
    assert (run.ingested, run.repeated) == (2, 2)


async def test_a_post_is_sent_again_after_recent_ids_others() -> None:
    producer = FakeProducer()
    run = started(Given([post(number) for number in (1, 1, 2, 3, 4, 1)]), producer, recent_ids=3)
    await read(run)
    assert [sent.key for sent in producer.sent] == [b"forum:1", b"forum:2", b"forum:3", b"forum:4", b"forum:1"]
    assert run.repeated == 1


async def test_sends_in_flight_are_bounded() -> None:
    producer = FakeProducer()
    count = 2 * GROUP_LINES * GROUPS_IN_FLIGHT
    assert await read(started(Given([post(number) for number in range(count)]), producer, recent_ids=0))
    assert len(producer.sent) == count
    assert max(sent.in_flight for sent in producer.sent) <= GROUP_LINES * (GROUPS_IN_FLIGHT + 1)


async def test_when_no_line_comes_all_is_acknowledged() -> None:
    seen = []
    run = started(Given([post(1)], [], [post(2)]), FakeProducer())
    await read(run, lambda: seen.append(run.ingested))
    assert seen == [0, 1, 1]
    assert run.ingested == 2


async def test_after_stop_no_line_is_sent_and_the_cursor_is_behind_the_last_one() -> None:
    stop, cursor, producer = asyncio.Event(), Saved(), FakeProducer()
    run = started(Given([post(1), post(2)], [post(3)]), producer, cursor, stop)
    assert not await read(run, stop.set)
    assert [sent.key for sent in producer.sent] == [b"forum:1", b"forum:2"]
    assert (run.ingested, cursor.cursor) == (2, 2)


async def test_what_was_read_before_the_source_failed_is_acknowledged() -> None:
    run = started(Given([post(1)], error=InputError("given: can't be read")), FakeProducer())
    with pytest.raises(InputError, match="can't be read"):
        await read(run)
    assert run.ingested == 1


async def test_too_many_rejected_lines_end_it_after_what_was_read() -> None:
    run = started(Given([post(1), b"{", b"{", b"{", post(2)]), FakeProducer(), bad_share_after=3)
    with pytest.raises(RejectionRatioExceeded):
        await read(run)
    assert (run.read, run.ingested) == (3, 1)


async def test_a_post_that_the_broker_refuses_ends_it_and_leaves_the_cursor() -> None:
    def fails(sent: Sent) -> Exception | None:
        return MessageSizeTooLargeError() if sent.key == b"forum:2" else None

    cursor = Saved()
    with pytest.raises(KafkaError, match="sending posts"):
        await read(started(Given([post(1), post(2), post(3)]), FakeProducer(fails), cursor))
    assert cursor.cursor == -1


async def test_a_date_that_stands_apart_is_a_dead_letter_and_no_sign_of_a_bad_source() -> None:
    class Marked(Given):
        def chunks(self) -> Iterator[list[Line]]:
            for chunk in super().chunks():
                yield [line._replace(outlier="dated years ahead") for line in chunk]

    producer = FakeProducer()
    run = started(Marked([post(number) for number in range(3)]), producer, bad_share_after=1)
    await read(run)
    assert run.ratio.reasons == {"outlier_date": 3}
    assert producer.values(DEAD_LETTERS) == [post(number) for number in range(3)]


async def test_posts_that_come_long_after_a_later_one_are_remarked() -> None:
    times = ["2025-06-01T12:00:00Z", "2025-06-01T11:00:00Z"]
    run = started(Given([post(number, created_at=time) for number, time in enumerate(times)]), FakeProducer())
    await read(run)
    (remark,) = run.remarks
    assert remark.startswith("1 of 2 posts come after one that is later by more than windows.lateness_seconds=120")
