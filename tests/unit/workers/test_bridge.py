"""The bridge worker on a reader and a receiver in memory: what it delivers, commits, and sends to the DLQ."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aiokafka import TopicPartition

from streams.config import Config
from streams.core.deliver import delivery
from streams.core.deliver.verdict_queue import VerdictQueue
from streams.errors import DeliveryDenied, DeliveryFailed, DeliveryRefused
from streams.kafka import group_member, topic_ids
from streams.kafka.dead_letters import DeadLetters
from streams.runtime import clock, metrics
from streams.workers import bridge
from streams.workers.bridge import BridgeWorker
from streams.workers.receivers.steps import StepSender
from tests.support.alerts import alert, verdict
from tests.support.group import FakeBroker, FakeReader
from tests.support.patience import PATIENCE_SECONDS
from tests.support.receivers import FakeReceiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from streams.core.deliver.step_queue import StepQueue
    from streams.core.deliver.suppression import Suppression
    from streams.errors import DeliveryError

CONFIG = Config.model_validate({"brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]})
TP = TopicPartition("social.alerts", 0)


class AlertRecord(NamedTuple):
    partition: int
    offset: int
    timestamp: int
    value: bytes


class AlertsReader(FakeReader):
    """A consumer of one partition of social.alerts."""

    def __init__(self, values: list[bytes]) -> None:
        super().__init__({TP: range(len(values))})
        self.values = values
        self.paused_partitions: set[TopicPartition] = set()

    async def getmany(self, *tps: TopicPartition, timeout_ms: int, max_records: int) -> Any:
        batch = await super().getmany(*tps, timeout_ms=timeout_ms, max_records=max_records)
        return {
            tp: [AlertRecord(tp.partition, each.offset, clock.now_ms(), self.values[each.offset]) for each in records]
            for tp, records in batch.items()
        }

    def paused(self) -> set[TopicPartition]:
        return self.paused_partitions

    def pause(self, tp: TopicPartition) -> None:
        self.paused_partitions.add(tp)

    def resume(self, tp: TopicPartition) -> None:
        self.paused_partitions.remove(tp)


class FakeProducer:
    """Accepts everything at once."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, dict[str, str]]] = []

    async def send(self, _topic: str, value: bytes, headers: Iterable[tuple[str, bytes]]) -> asyncio.Future[None]:
        self.sent.append((value, {name: text.decode() for name, text in headers}))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


class Stage:
    """A bridge to a receiver, with everything around it."""

    def __init__(self, values: list[bytes], *errors: DeliveryError | None) -> None:
        self.reader = AlertsReader(values)
        self.receiver = FakeReceiver(*errors)
        self.producer = FakeProducer()
        self.worker = BridgeWorker(
            CONFIG,
            StepSender("webhook", CONFIG.bridge, self.receiver),
            http=self.receiver,  # type: ignore[arg-type]
            reader=self.reader,
            dead_letters=DeadLetters(self.producer, "social.alerts.dlq"),
            client=object(),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the worker with the partition assigned to it."""
        stop = asyncio.Event()
        task = asyncio.create_task(self.worker.run(stop, _forever()))
        await asyncio.sleep(0)
        self.reader.assigned = {TP}
        await self.reader.listener.on_partitions_assigned({TP})
        try:
            yield
        finally:
            stop.set()
            await task

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110  the worker waits in many places
                await asyncio.sleep(0.001)

    @property
    def accepted(self) -> list[str]:
        return [step.alert.id for step in self.receiver.accepted]

    @property
    def committed(self) -> tuple[int, str] | None:
        return self.reader.commits[-1][TP] if self.reader.commits else None


async def _forever() -> None:
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    """A broker at which an earlier run has settled nothing, at offset 0."""
    broker = FakeBroker({TP: (0, "first")})
    monkeypatch.setattr(group_member, "committed_offsets", broker.committed_offsets)
    monkeypatch.setattr(topic_ids, "topic_id", broker.topic_id)
    monkeypatch.setattr(delivery, "FIRST_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(delivery, "LAST_DELAY_SECONDS", 0.01)
    return broker


def values(*ids: str, **changed: Any) -> list[bytes]:
    return [alert(f"incident of {id}", id, **changed).to_bytes() for id in ids]


def suppressed_count() -> float:
    labels = {"target": "webhook", "reason": "spam"}
    return metrics.REGISTRY.get_sample_value("firewatch_bridge_held_back_total", labels) or 0.0


async def test_steps_are_delivered_in_order_and_then_committed_with_the_id_of_the_topic() -> None:
    stage = Stage(values("a", "b", "c"))
    assert stage.worker.not_ready_reason() is not None
    async with stage.running():
        await stage.until(lambda: stage.committed == (3, "first"))
        assert stage.worker.not_ready_reason() is None
    assert stage.accepted == ["a", "b", "c"]


async def test_a_suppressed_step_is_counted_and_committed_but_not_delivered() -> None:
    before = suppressed_count()
    stage = Stage(values("a", suppressed="spam") + values("b"))
    async with stage.running():
        await stage.until(lambda: stage.committed == (2, "first"))
    assert stage.accepted == ["b"]
    assert suppressed_count() == before + 1


async def test_a_record_that_cannot_be_decoded_goes_to_the_dlq_once(broker: FakeBroker) -> None:
    stage = Stage([b"{", *values("a")])
    async with stage.running():
        await stage.until(lambda: stage.committed == (2, "first"))
    ((value, headers),) = stage.producer.sent
    assert value == b"{"
    assert (headers["reason"], headers["offset"]) == ("broken_json", "0")
    broker.committed[TP] = (1, "first")
    again = Stage([b"{", *values("a")])
    async with again.running():
        await again.until(lambda: again.committed == (2, "first"))
    assert again.accepted == ["a"]
    assert again.producer.sent == []


async def test_a_refused_step_goes_to_the_dlq_with_the_name_of_the_receiver() -> None:
    stage = Stage(values("a", "b"), DeliveryRefused("http_422", "no thanks"))
    async with stage.running():
        await stage.until(lambda: stage.committed == (2, "first"))
    ((value, headers),) = stage.producer.sent
    assert value == stage.reader.values[0]
    assert (headers["reason"], headers["detail"]) == ("http_422", "webhook: no thanks")
    assert stage.accepted == ["b"]


async def test_nothing_is_committed_while_the_receiver_fails_and_reading_stops_at_a_backlog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "BACKLOG", 2)
    stage = Stage(values("a", "b"), *[DeliveryFailed("http_503", "")] * 3)
    async with stage.running():
        await stage.until(lambda: TP in stage.reader.paused_partitions)
        assert stage.committed is None
        await stage.until(lambda: stage.committed == (2, "first") and not stage.reader.paused_partitions)
    assert stage.accepted == ["a", "b"]


async def test_a_restart_delivers_only_what_was_not_settled_before(broker: FakeBroker) -> None:
    broker.committed[TP] = (2, "first")
    stage = Stage(values("a", "b", "c"))
    async with stage.running():
        await stage.until(lambda: stage.committed == (3, "first"))
    assert stage.accepted == ["c"]


async def test_a_recreated_topic_is_delivered_from_its_first_offset(broker: FakeBroker) -> None:
    broker.committed[TP] = (2, "of a topic that was deleted")
    stage = Stage(values("a", "b", "c"))
    async with stage.running():
        await stage.until(lambda: stage.committed == (3, "first"))
    assert stage.accepted == ["a", "b", "c"]


async def test_a_first_run_delivers_the_incidents_that_are_firing(broker: FakeBroker) -> None:
    del broker.committed[TP]
    resolved = alert("incident of a", "a2", "resolve").to_bytes()
    stage = Stage([*values("a", "b"), resolved])
    async with stage.running():
        await stage.until(lambda: stage.committed == (3, "first"))
    assert stage.accepted == ["b"]


class JudgedQueueSender(StepSender):
    """A sender that is sent verdicts, too."""

    def new_state(self, suppression: Suppression) -> StepQueue:
        self.state = VerdictQueue(suppression, 10**15, past_ms=3_600_000)
        return self.state


async def test_verdicts_reach_a_receiver_that_is_sent_them_whether_they_come_before_or_after_the_start() -> None:
    stage = Stage(values("a"))
    sender = JudgedQueueSender("slack", CONFIG.bridge, stage.receiver)
    stage.worker._sender = sender
    judged = [verdict("incident of a", by=name).verdict.to_bytes() for name in ("anna", "bob")]
    stage.worker.add_verdict(AlertRecord(0, 0, clock.now_ms(), judged[0]))
    async with stage.running():
        await stage.until(lambda: stage.committed == (1, "first"))
        stage.worker.add_verdict(AlertRecord(0, 1, clock.now_ms(), judged[1]))
        stage.worker.add_verdict(AlertRecord(0, 2, clock.now_ms(), b"no verdict"))
    assert [each.verdict.by for each in sender.state.verdicts] == ["anna", "bob"]
    assert len({each.id for each in sender.state.verdicts}) == 2


async def test_a_receiver_that_denies_access_makes_the_worker_not_ready_until_it_accepts() -> None:
    stage = Stage(values("a"), *[DeliveryDenied("invalid_auth", "make a new token")] * 10_000)

    def denied() -> float:
        return metrics.REGISTRY.get_sample_value("firewatch_bridge_denied", {"target": "webhook"}) or 0.0

    async with stage.running():
        await stage.until(lambda: stage.worker.not_ready_reason() == "webhook: make a new token")
        assert denied() == 1
        stage.receiver.recover()
        await stage.until(lambda: stage.committed == (1, "first"))
        await stage.until(lambda: stage.worker.not_ready_reason() is None)
    assert denied() == 0
    assert stage.accepted == ["a"]
