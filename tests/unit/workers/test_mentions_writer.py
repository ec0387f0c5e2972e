"""The order in which a scorer's records are written."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from streams.config import Config
from streams.core.score.admission import Reject
from streams.core.score.position import Position
from streams.core.score.scorer import ScoredBatch
from streams.errors import KafkaError
from streams.records import (
    MAX_OVER_QUOTA,
    Deletions,
    Envelope,
    Mention,
    OverQuotaPost,
    Progress,
    mentions_record_from_bytes,
)
from streams.workers.mentions_writer import MentionsWriter
from tests.support.producer import FakeProducer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.producer import Sent

CONFIG = Config.model_validate(
    {"brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}], "topics": {"partitions": 3}}
)
MENTIONS, DEAD_LETTERS = "social.mentions", "social.posts.dlq"


def envelope(brand: str, offset: int, partition: int = 0) -> Envelope:
    mention = Mention(offset, 0, 0, 1, 2, 3, 4, 0, 0, "de", "forum", "1", [])
    return Envelope(brand, partition, "topic", "fast-1", 0, [mention])


def batch(*envelopes: Envelope, partition: int = 0, rejects: Sequence[Reject] = (), **more: Any) -> ScoredBatch:
    progress = Progress(partition, "topic", 9, 0, 0, -1, live=True, active=[], pulse=[])
    return ScoredBatch(list(envelopes), progress, Position("topic", 10), list(rejects), 1, 0, {}, **more)


async def written(*batches: ScoredBatch, producer: FakeProducer | None = None) -> list[Sent]:
    producer = producer or FakeProducer()
    await MentionsWriter(CONFIG, producer).write(list(batches))
    return producer.sent


def kinds(sent: list[Sent]) -> list[str]:
    """Return what was sent, one word for each run of the same."""
    names = [
        "dead letter" if each.topic == DEAD_LETTERS else type(mentions_record_from_bytes(each.value)).__name__
        for each in sent
    ]
    return [name for name, _ in groupby(names)]


async def test_dead_letters_then_envelopes_then_deletions_then_progress() -> None:
    full = batch(
        envelope("a", 1),
        rejects=[Reject(3, "broken_json", "not JSON", b"{")],
        notices=[Deletions(0, [(0, "forum", "1")])],
        over_quota=[OverQuotaPost(5, "forum", "x")],
    )
    assert kinds(await written(full)) == ["dead letter", "Envelope", "Deletions", "Progress"]


async def test_the_envelopes_of_a_brand_wait_for_the_one_before() -> None:
    sent = await written(batch(envelope("a", 1), envelope("a", 2), envelope("b", 3), envelope("a", 4)))
    envelopes = [each for each in sent if each.key is not None]
    assert [(each.key, each.in_flight) for each in envelopes] == [(b"a", 0), (b"b", 1), (b"a", 0), (b"a", 0)]
    offsets = [mentions_record_from_bytes(each.value).mentions[0].offset for each in envelopes]  # type: ignore[union-attr]
    assert offsets == [1, 3, 2, 4]


async def test_deletions_and_progress_go_to_every_partition() -> None:
    sent = await written(batch(notices=[Deletions(0, [(0, "forum", "1")])]), batch(partition=1))
    assert [each.partition for each in sent] == [0, 1, 2] * 3
    assert kinds(sent) == ["Deletions", "Progress"]


async def test_after_a_failure_nothing_that_depends_on_it_is_sent() -> None:
    def fails(sent: Sent) -> Exception | None:
        return MessageSizeTooLargeError() if sent.key == b"a" else None

    producer = FakeProducer(fails)
    with pytest.raises(KafkaError, match=r"writing social\.mentions"):
        await written(batch(envelope("a", 1), envelope("a", 2), envelope("b", 3)), producer=producer)
    assert [each.key for each in producer.sent] == [b"a", b"b"]


async def test_a_dead_letter_names_the_record_and_the_reason() -> None:
    (dead_letter, *_) = await written(batch(partition=2, rejects=[Reject(7, "broken_json", "not JSON", b"{")]))
    assert dead_letter.topic == DEAD_LETTERS
    assert dead_letter.value == b"{"
    assert dead_letter.headers == {
        "reason": b"broken_json", "detail": b"not JSON", "topic": b"social.posts", "partition": b"2", "offset": b"7",
    }  # fmt: skip


async def test_a_flood_of_posts_is_no_flood_of_dead_letters() -> None:
    posts = [OverQuotaPost(offset, "forum", str(offset)) for offset in range(MAX_OVER_QUOTA + 1)]
    sent = [each for each in await written(batch(over_quota=posts)) if each.topic == DEAD_LETTERS]
    assert [each.headers.get("records") for each in sent] == [str(MAX_OVER_QUOTA).encode(), None]
    assert {each.headers["reason"] for each in sent} == {b"over_quota"}
