"""What a member of a consumer group does when partitions come, go, or are lost while it waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)

from streams.config import KafkaSettings
from streams.errors import BrokerUnreachable, KafkaError
from streams.kafka import group_member, topic_ids
from streams.kafka.group_member import GroupMember, Offsets
from streams.runtime import metrics
from tests.support.group import FakeBroker, FakeReader

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPIC = "social.posts"
ONE, TWO = (TopicPartition(TOPIC, number) for number in range(2))


class Stage:
    """A member, its reader, and how often it had to release its partitions."""

    def __init__(self, broker: FakeBroker) -> None:
        self.reader = FakeReader({ONE: range(3, 10), TWO: range(5)})
        self.broker = broker
        self.released = 0
        self.member = GroupMember(
            KafkaSettings(),
            "group",
            TOPIC,
            self.release,
            reader=self.reader,
            client=object(),
            worker="score",
        )
        self.member.subscribe()

    async def release(self) -> None:
        self.released += 1

    async def assign(self, *tps: TopicPartition) -> None:
        self.reader.assigned = set(tps)
        await self.member.on_partitions_assigned(set(tps))

    async def rebalance(self, *tps: TopicPartition) -> None:
        await self.member.on_partitions_revoked(self.reader.assigned)
        await self.assign(*tps)

    async def restored(self, offsets: Mapping[TopicPartition, int]) -> None:
        await self.assign(*offsets)
        assert self.member.start_at(offsets, self.member.generation)

    async def read(self) -> dict[TopicPartition, list[int]]:
        batch = await self.member.read(0.1, 100)
        return {tp: [record.offset for record in records] for tp, records in batch.items()}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    broker = FakeBroker()
    monkeypatch.setattr(group_member, "committed_offsets", broker.committed_offsets)
    monkeypatch.setattr(topic_ids, "topic_id", broker.topic_id)
    return Stage(broker)


async def test_readiness_follows_a_partition_from_assignment_to_restore(stage: Stage) -> None:
    assert stage.reader.topics == [TOPIC]
    assert stage.member.not_ready_reason() == "no partitions are assigned yet: the group is rebalancing"
    await stage.assign(TWO, ONE)
    assert stage.member.to_restore() == [ONE, TWO]
    assert stage.member.start_at({ONE: 4}, stage.member.generation)
    assert stage.member.not_ready_reason() == "partitions [1] are assigned, but not restored yet"
    assert stage.member.start_at({TWO: 0}, stage.member.generation)
    assert stage.member.not_ready_reason() is None
    assert stage.member.to_restore() == []


async def test_a_member_without_partitions_is_ready(stage: Stage) -> None:
    await stage.assign()
    assert stage.member.not_ready_reason() is None
    assert await stage.read() == {}


async def test_only_restored_partitions_are_read_from_where_they_start(stage: Stage) -> None:
    await stage.assign(ONE, TWO)
    assert await stage.read() == {}
    assert stage.member.start_at({ONE: 7}, stage.member.generation)
    assert await stage.read() == {ONE: [7, 8, 9]}


async def test_a_revocation_waits_for_what_is_in_flight_and_then_releases(stage: Stage) -> None:
    await stage.restored({ONE: 3})
    before = stage.member.generation
    async with stage.member.in_flight:
        revoking = asyncio.create_task(stage.member.on_partitions_revoked({ONE}))
        await asyncio.sleep(0)
        assert stage.member.generation == before + 1
        assert stage.member.assigned is None
        assert stage.member.restored == {ONE}  # the batch in flight may still be committed
        assert stage.released == 0
        assert await stage.member.commit({ONE: (5, "")})
    await revoking
    assert stage.member.restored == set()
    assert stage.released == 1


async def test_the_lag_of_a_revoked_partition_goes(stage: Stage) -> None:
    await stage.restored({ONE: 3})
    labels = {"topic": TOPIC, "partition": "0"}
    assert stage.member.show_lag(ONE, 4) == 6
    assert metrics.REGISTRY.get_sample_value("firewatch_consumer_lag_records", labels) == 6
    await stage.member.on_partitions_revoked({ONE})
    assert metrics.REGISTRY.get_sample_value("firewatch_consumer_lag_records", labels) is None


async def test_before_the_first_fetch_no_lag_is_known(stage: Stage) -> None:
    await stage.restored({TWO: 0})
    assert stage.member.lag(TWO, 0) is None
    assert stage.member.show_lag(TWO, 0) == 0


async def test_partitions_wait_until_they_are_read_to_their_ends(stage: Stage) -> None:
    await stage.restored({ONE: 3, TWO: 5})
    assert await stage.member.waiting() == {ONE}
    await stage.read()
    assert await stage.member.waiting() == set()
    stage.reader.assigned = set()
    assert await stage.member.waiting() == set()


async def test_some_of_the_partitions_may_be_read(stage: Stage) -> None:
    await stage.restored({ONE: 3, TWO: 0})
    batch = await stage.member.read(0.1, 100, [TWO])
    assert list(batch) == [TWO]


async def test_what_was_read_before_a_rebalance_is_dropped_even_if_the_same_partition_comes_back(stage: Stage) -> None:
    await stage.restored({ONE: 3})
    stage.reader.meanwhile = lambda: stage.rebalance(ONE)
    assert await stage.read() == {}
    assert stage.member.to_restore() == [ONE]


async def test_a_restore_that_a_rebalance_overtook_starts_nothing(stage: Stage) -> None:
    await stage.assign(ONE)
    generation = stage.member.generation
    await stage.rebalance(ONE)
    assert not stage.member.start_at({ONE: 4}, generation)
    assert stage.member.to_restore() == [ONE]
    assert stage.reader.positions == {}


async def test_a_partition_that_went_without_a_revocation_starts_nothing(stage: Stage) -> None:
    await stage.assign(ONE)
    stage.reader.assigned = {TWO}
    assert not stage.member.start_at({ONE: 4}, stage.member.generation)
    assert stage.member.restored == set()


async def test_nothing_starts_while_the_group_rebalances(stage: Stage) -> None:
    await stage.assign(ONE)
    await stage.member.on_partitions_revoked({ONE})
    assert not stage.member.start_at({ONE: 4}, stage.member.generation)
    assert await stage.member.offsets(stage.member.to_restore()) == {}


async def test_offsets_tell_what_is_committed_and_what_is_there(stage: Stage) -> None:
    stage.broker.committed = {ONE: (6, "first")}
    await stage.assign(ONE, TWO)
    assert await stage.member.offsets([ONE, TWO]) == {ONE: Offsets(6, "first", 3, 10), TWO: Offsets(-1, "", 0, 5)}


async def test_history_ends_where_it_is_told_to(stage: Stage) -> None:
    await stage.assign(ONE, TWO)
    found = [
        (tp, [record.offset for record in records])
        async for tp, records in stage.member.history({ONE: (4, 7), TWO: (2, 2)}, 2)
    ]
    assert found == [(ONE, [4, 5]), (ONE, [6])]


@pytest.mark.parametrize("to", [(ONE,), (TWO,)])
async def test_history_ends_when_a_rebalance_comes(stage: Stage, to: tuple[TopicPartition, ...]) -> None:
    await stage.assign(ONE)
    generation = stage.member.generation
    found = []
    async for _, records in stage.member.history({ONE: (3, 10)}, 2):
        found += [record.offset for record in records]
        await stage.rebalance(*to)
    assert found == [3, 4]
    assert not stage.member.start_at({ONE: 10}, generation)


async def test_a_topic_that_was_recreated_is_restored_again(stage: Stage) -> None:
    await stage.member.check_topic()
    await stage.restored({ONE: 3})
    generation = stage.member.generation
    await stage.member.check_topic()
    assert stage.member.restored == {ONE}
    stage.broker.current_id = "second"
    await stage.member.check_topic()
    assert stage.member.restored == {ONE}  # the last answer is still fresh
    stage.member.topic_id.invalidate()
    await stage.member.check_topic()
    assert stage.member.topic_id.current == "second"
    assert stage.member.to_restore() == [ONE]
    assert stage.member.generation == generation + 1
    assert stage.released == 1


async def test_an_assignment_that_comes_during_a_request_has_the_id_requested_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer_of_before(*_: object) -> str:
        await stage.assign(ONE)
        monkeypatch.setattr(topic_ids, "topic_id", stage.broker.topic_id)
        return "first"

    monkeypatch.setattr(topic_ids, "topic_id", answer_of_before)
    await stage.member.check_topic()
    stage.broker.current_id = "second"
    await stage.member.check_topic()
    assert stage.member.topic_id.current == "second"


async def test_a_position_that_is_gone_is_restored_again(stage: Stage) -> None:
    await stage.restored({ONE: 3})
    stage.reader.failures = iter([OffsetOutOfRangeError({ONE: 3})])
    assert await stage.read() == {}
    assert stage.member.to_restore() == [ONE]
    assert stage.released == 1


async def test_a_partition_without_a_position_is_waited_for(stage: Stage) -> None:
    await stage.restored({ONE: 3})
    stage.reader.failures = iter([NoOffsetForPartitionError(ONE)])
    assert await stage.read() == {}
    assert stage.member.restored == {ONE}
    assert await stage.read() == {ONE: [3, 4, 5, 6, 7, 8, 9]}


async def test_a_commit_tells_whether_the_partitions_are_still_the_members(stage: Stage) -> None:
    await stage.restored({ONE: 3})
    assert await stage.member.commit({ONE: (7, "first")})
    assert not await stage.member.commit({TWO: (1, "first")})
    stage.reader.failures = iter([CommitFailedError()])
    assert not await stage.member.commit({ONE: (8, "first")})
    assert stage.reader.commits == [{ONE: (7, "first")}]


async def test_other_failures_name_the_broker_and_what_was_done(stage: Stage) -> None:
    await stage.restored({ONE: 3})
    stage.reader.failures = iter([KafkaConnectionError("closed"), GroupAuthorizationFailedError("group")])
    with pytest.raises(BrokerUnreachable, match=f"reading {TOPIC}: .*closed"):
        await stage.read()
    with pytest.raises(KafkaError, match="committing offsets: Kafka does not allow this"):
        await stage.member.commit({ONE: (7, "first")})


async def test_a_commit_without_an_answer_ends_in_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.restored({ONE: 3})
    monkeypatch.setattr(stage.member, "_settings", KafkaSettings.model_construct(request_timeout_seconds=0.01))
    stage.reader.meanwhile = lambda: asyncio.sleep(60)
    with pytest.raises(BrokerUnreachable, match="committing offsets: no answer in time"):
        await stage.member.commit({ONE: (7, "first")})
