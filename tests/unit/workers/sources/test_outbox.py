"""How batches are sent, acknowledged and counted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from aiokafka.errors import MessageSizeTooLargeError

from streams.errors import KafkaError, RecordError
from streams.records import Gap
from streams.sources.live.base import AuthorDeleted, Bad, Batch, Deleted, Found, ItemOutcome, Skipped
from streams.workers.post_sender import PostSender
from streams.workers.sources.door import Door
from streams.workers.sources.outbox import GROUP_ITEMS, Outbox
from tests.support.live_config import source_config
from tests.support.producer import FakeProducer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.sources.live.base import Item

POSTS, DEAD_LETTERS = "social.posts", "social.posts.dlq"
GAP = Gap("wire", 1, 2, "no_backfill")


def post(id: object, text: object = "Nordtel") -> Found:
    return Found({"id": id, "created_at": "2025-06-01T12:00:00Z", "text": text}, orjson.dumps({"id": id}))


class Held(FakeProducer):
    """Acknowledges nothing until released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    async def send(self, *arguments: Any, **options: Any) -> asyncio.Future[Any]:
        await super().send(*arguments, **options)
        return asyncio.ensure_future(self.released.wait())


class Sending:
    """An outbox, whose settling runs in the background."""

    def __init__(self, producer: FakeProducer, limit: int = 10**9, ingest: dict[str, Any] | None = None) -> None:
        config = source_config(ingest)
        self.gaps: list[Gap] = []
        self.hurries = 0
        self.outbox = Outbox(
            "wire",
            Door(config, config.sources[0], claims_language=False),
            PostSender(config, producer, "wire"),
            on_gap=self.gaps.append,
            limit=limit,
            hurry=self._hurry,
        )
        self.settling = asyncio.create_task(self.outbox.settle())

    def _hurry(self) -> None:
        self.hurries += 1

    async def end(self) -> None:
        self.settling.cancel()
        await asyncio.wait([self.settling])


async def test_each_item_becomes_what_it_is_and_the_source_learns_its_outcome() -> None:
    producer, outcomes = FakeProducer(), list[ItemOutcome | None]()
    sending = Sending(producer)

    def settled(found: Sequence[ItemOutcome] | None) -> None:
        outcomes.extend(found or [None])

    broken = RecordError("broken_json", "not JSON")
    items: list[Item] = [
        post(1), post(1), post(2, ""), post(3, 5), Skipped("repost", 4), Deleted("1"), Deleted("x" * 300),
        AuthorDeleted("anna"), AuthorDeleted(" "), Bad(broken, b"{", "item 9"), GAP,
    ]  # fmt: skip
    await sending.outbox.put(Batch(items, {"at": 1}, settled))
    await sending.outbox.drained()
    kinds = [each.kind for each in outcomes if each]
    assert kinds == [
        "ingested", "repeated", "skipped", "rejected", "skipped", "ingested", "rejected", "ingested", "skipped",
        "rejected", "ingested",
    ]  # fmt: skip
    assert outcomes[9] == ItemOutcome("rejected", broken)
    assert sending.outbox.position == {"at": 1}
    assert sending.gaps == [GAP]
    partitions = source_config().topics.partitions
    assert len(producer.values(POSTS)) == 1 + 1 + partitions + 1
    letters = [sent.headers for sent in producer.sent if sent.topic == DEAD_LETTERS]
    assert [letter["reason"] for letter in letters] == [b"wrong_type", b"bad_id", b"broken_json"]
    assert letters[2]["detail"] == b"item 9: not JSON"
    await sending.end()


async def test_no_author_is_in_a_dead_letter_where_authors_are_hashed() -> None:
    producer = FakeProducer()
    sending = Sending(producer, ingest={"hash_authors": True})
    named = Found({"id": 1, "text": "Nordtel", "author": "anna"}, b'{"author":"anna","acct":"anna@example.social"}')
    await sending.outbox.put(Batch([named, Bad(RecordError("broken_json", "not JSON"), b'{"by":"anna"')]))
    await sending.outbox.drained()
    letters = [sent for sent in producer.sent if sent.topic == DEAD_LETTERS]
    assert [letter.headers["reason"] for letter in letters] == [b"missing_field", b"broken_json"]
    assert not [letter for letter in letters if b"anna" in repr(letter).encode()]
    await sending.end()


async def test_the_position_waits_for_the_acknowledgement() -> None:
    producer = Held()
    sending = Sending(producer)
    settled = list[object]()
    await sending.outbox.put(Batch([post(1)], {"at": 1}, settled.append))
    for _ in range(20):
        await asyncio.sleep(0)
    assert (sending.outbox.position, settled) == (None, [])
    producer.released.set()
    await sending.outbox.drained()
    assert (sending.outbox.position, settled) == ({"at": 1}, [[ItemOutcome("ingested")]])
    await sending.end()


async def test_a_batch_without_a_position_leaves_it_as_it_is() -> None:
    sending = Sending(FakeProducer())
    for batch in (Batch([post(1)], {"at": 1}), Batch([]), Batch([post(2)])):
        await sending.outbox.put(batch)
    await sending.outbox.drained()
    assert sending.outbox.position == {"at": 1}
    await sending.end()


async def test_no_more_is_sent_while_too_much_is_not_acknowledged() -> None:
    producer = Held()
    sending = Sending(producer)
    await sending.outbox.put(Batch([post(number) for number in range(GROUP_ITEMS)], {"at": 1}))
    blocked = asyncio.create_task(sending.outbox.put(Batch([post("late")], {"at": 2})))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(producer.sent) == GROUP_ITEMS
    producer.released.set()
    await blocked
    await sending.outbox.drained()
    assert sending.outbox.position == {"at": 2}
    await sending.end()


async def test_no_more_is_sent_than_a_crash_may_repeat_until_the_position_is_saved() -> None:
    sending = Sending(FakeProducer(), limit=3)
    await sending.outbox.put(Batch([post(number) for number in range(3)], {"at": 3}))
    await sending.outbox.drained()
    blocked = asyncio.create_task(sending.outbox.put(Batch([post("late")], {"at": 4})))
    for _ in range(20):
        await asyncio.sleep(0)
    assert (blocked.done(), sending.hurries) == (False, 1)
    await sending.outbox.saved()
    await blocked
    await sending.end()


async def test_a_broker_that_refuses_ends_the_sending_and_all_who_wait_are_informed() -> None:
    error = MessageSizeTooLargeError()
    sending = Sending(FakeProducer(lambda sent: error if sent.key == b"wire:2" else None))
    settled = list[object]()
    await sending.outbox.put(Batch([post(1), post(2)], {"at": 2}, settled.append))
    with pytest.raises(KafkaError):
        await sending.settling
    await sending.outbox.put(Batch([post(3)], {"at": 3}, settled.append))
    sending.outbox.give_up()
    assert settled == [None, None]
    assert sending.outbox.position is None


async def test_a_record_that_raises_an_unexpected_error_becomes_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    producer = FakeProducer()
    sending = Sending(producer)

    def admit(*_: object) -> None:
        raise ZeroDivisionError("never mind")

    monkeypatch.setattr(Door, "admit", admit)
    await sending.outbox.put(Batch([post(1)], {"at": 1}))
    await sending.outbox.drained()
    (letter,) = producer.sent
    assert (letter.topic, letter.headers["reason"], letter.value) == (DEAD_LETTERS, b"defect", b'{"id":1}')
    assert sending.outbox.position == {"at": 1}
    await sending.end()
