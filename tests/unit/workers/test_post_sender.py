"""What is sent for a source, and to which partitions."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from streams.errors import KafkaError, RecordError
from streams.records import AuthorDeletion, Deletion, Gap, Post
from streams.runtime import metrics
from streams.workers.post_sender import PostSender
from tests.support.live_config import source_config
from tests.support.producer import FakeProducer

if TYPE_CHECKING:
    from tests.support.producer import Sent

POST = Post("1", "wire", 1, "Nordtel")


def sender(producer: FakeProducer, recent_ids: int = 100) -> PostSender:
    return PostSender(source_config({"recent_ids": recent_ids}), producer, "wire")


async def test_a_post_is_sent_once_and_again_when_it_says_something_else() -> None:
    producer = FakeProducer()
    sending = sender(producer)
    sent = [await sending.send_post(post) for post in (POST, POST, POST._replace(text="Acme"), POST)]
    assert sent == [True, False, True, False]
    assert len(producer.sent) == 2
    assert sending.take().posts == {"wire": 2}


async def test_without_a_memory_each_post_is_sent() -> None:
    sending = sender(FakeProducer(), recent_ids=0)
    assert [await sending.send_post(POST) for _ in range(2)] == [True, True]


async def test_a_deletion_and_a_gap_go_where_their_keys_say_and_the_deletion_of_an_author_everywhere() -> None:
    producer = FakeProducer()
    sending = sender(producer)
    partitions = source_config().topics.partitions
    for record in (Deletion("1", "wire"), Gap("wire", 1, 2, "removed"), AuthorDeletion("anna", "wire")):
        await sending.send_other(record)
    assert [sent.partition for sent in producer.sent] == [None, None, *range(partitions)]
    assert producer.sent[0].key == POST.key
    assert len(sending.take().sends) == 2 + partitions


async def test_only_what_is_acknowledged_is_counted() -> None:
    def fails(sent: Sent) -> Exception | None:
        return MessageSizeTooLargeError() if sent.key == b"wire:2" else None

    sending = sender(FakeProducer(fails))
    counted = metrics.POSTS_INGESTED.labels("wire")
    before = counted._value.get()
    await sending.send_post(POST)
    group = sending.take()
    await sending.settle(group)
    sending.count(group)
    assert counted._value.get() == before + 1
    await sending.send_post(POST._replace(id="2"))
    await sending.send_dead_letter(RecordError("broken_json", "not JSON"), 7, b"{")
    group = sending.take()
    with pytest.raises(KafkaError):
        await sending.settle(group)
    await asyncio.sleep(0)
    group.abandon()


def test_each_altered_field_is_counted_once_however_often_the_total_is_told() -> None:
    sending = sender(FakeProducer())
    counted = metrics.FIELDS_ALTERED.labels("likes", "converted")
    before = counted._value.get()
    for total in (2, 2, 3):
        sending.count_altered(Counter({("likes", "converted"): total}))
    assert counted._value.get() == before + 3
