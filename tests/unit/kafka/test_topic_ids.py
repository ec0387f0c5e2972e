"""When the ID of a topic is requested again, and what a change or a missing answer means."""

from __future__ import annotations

import pytest

from streams.config import KafkaSettings
from streams.errors import KafkaError
from streams.kafka import topic_ids
from streams.kafka.topic_ids import CHECK_SECONDS, TopicId


class Broker:
    """The ID as it is now, how often it was requested, and the time."""

    def __init__(self) -> None:
        self.id, self.requests, self.now = "first", 0, 100.0

    async def topic_id(self, *_: object) -> str:
        self.requests += 1
        return self.id

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(topic_ids, "topic_id", broker.topic_id)
    monkeypatch.setattr(topic_ids, "time", broker)
    return broker


async def test_it_is_requested_now_and_then_and_whenever_it_was_invalidated(broker: Broker) -> None:
    topic = TopicId(object(), KafkaSettings(), "social.posts")
    assert topic.current == ""
    assert not await topic.changed()
    assert topic.current == "first"
    broker.now += CHECK_SECONDS - 1
    assert not await topic.changed()
    assert broker.requests == 1
    topic.invalidate()
    assert not await topic.changed()
    assert broker.requests == 2
    broker.now += CHECK_SECONDS
    assert not await topic.changed()
    assert broker.requests == 3


async def test_a_recreated_topic_is_noticed_once(broker: Broker) -> None:
    topic = TopicId(object(), KafkaSettings(), "social.posts")
    await topic.changed()
    broker.id = "second"
    topic.invalidate()
    assert await topic.changed()
    topic.invalidate()
    assert not await topic.changed()
    assert topic.current == "second"


async def test_a_broker_that_does_not_answer_is_reported_after_two_periods(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = TopicId(object(), KafkaSettings(), "social.posts")
    await topic.changed()

    async def silent(*_: object) -> str:
        raise KafkaError("no answer")

    monkeypatch.setattr(topic_ids, "topic_id", silent)
    broker.now += 2 * CHECK_SECONDS
    with pytest.raises(KafkaError):
        await topic.changed()
    assert topic.unanswered_for() is None
    broker.now += 5
    assert topic.unanswered_for() == "the broker has not answered for 25 s"
